/*---
question: 7
asks: Are vital signs consistently populated in Gold?
caption: Patient-hours present that have a valid value, by vital sign
grain: vital sign
reads: gold_data_quality
order: completeness_pct desc, vital
---*/
with hours as (
  select
    split_part(column_name, '_min', 1) as vital,
    hour,
    patient_hours,
    valid_patient_hours,
    cast(100 * valid_patient_hours as double) / patient_hours as completeness_pct
  from gold_data_quality
  where table_name = 'gold_patient_hour' and column_name <> '*'
),
snapshots as (
  select
    column_name as vital,
    sum(row_count) as patients,
    sum(null_count) as missing
  from gold_data_quality
  where table_name = 'gold_patient_risk_snapshot' and column_name <> '*'
  group by column_name
)
select
  hours.vital, -- string!: The vital sign
  sum(hours.patient_hours) as patient_hours, -- bigint!: Patient-hours present
  sum(hours.valid_patient_hours) as with_value, -- bigint!: Of them those with a valid value
  cast(100 * sum(hours.valid_patient_hours) as double) / sum(hours.patient_hours) as completeness_pct, -- double!: Their share [%]
  percentile_disc(0.5) within group (order by hours.completeness_pct) as median_hour_pct, -- double!: The median of the single hours [%]
  min(hours.completeness_pct) as worst_hour_pct, -- double!: The worst single hour [%]
  max(snapshots.patients) as patients, -- bigint: Patients of the risk snapshot, where the vital is one of its inputs
  cast(100 * max(snapshots.missing) as double) / max(snapshots.patients) as snapshot_null_pct -- double: Of them those without a value within its maximum age [%]
from hours
left join snapshots on snapshots.vital = hours.vital
group by hours.vital
