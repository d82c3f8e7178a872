/*---
question: 8
asks: Which attributes have most nulls or inconsistencies?
caption: Attributes by share of nulls, with what was wrong with the values that came
grain: attribute of an observation
reads: gold_data_quality
order: kind_order, null_pct desc, attribute
hide: kind_order
row: attribute
---*/
-- A null is no fault by itself: a monitor sends what it has, and who charts every 4 h leaves the hours between empty.
-- So the share of patient-hours without any value stands beside the share of rows.
with totals as (
  select
    column_name as attribute,
    case
      when column_name like '%_carried' then 'carried'
      when column_name like 'news2_%' or column_name in (
        'severity', 'severity_upper', 'risk_group', 'assumed', 'shock_index', 'qsofa', 'qsofa_missing', 'mews'
      ) then 'scored'
      when column_name like 'alert_%' then 'alert'
      when column_name in ('encounter_id', 'device_id', 'ward', 'bed') then 'context'
      else 'measured'
    end as kind,
    sum(row_count) as row_count,
    sum(null_count) as null_count,
    sum(patient_hours) as patient_hours,
    sum(valid_patient_hours) as valid_patient_hours,
    sum(coalesce(implausible, 0)) as implausible,
    sum(coalesce(coerced, 0)) as coerced,
    sum(coalesce(unusable, 0)) as unusable
  from gold_data_quality
  where table_name = 'silver_observations' and column_name <> '*'
  group by column_name
)
select
  case kind when 'measured' then 1 when 'context' then 2 when 'alert' then 3 when 'carried' then 4 else 5 end as kind_order, -- int!: The kinds' order
  kind, -- string!: measured, context, alert, carried or scored
  attribute, -- string!: The column of silver_observations
  row_count, -- bigint!: Observations
  null_count, -- bigint!: Of them those where it is null
  cast(100 * null_count as double) / row_count as null_pct, -- double!: Their share [%]
  cast(100 * (patient_hours - valid_patient_hours) as double) / patient_hours as empty_hours_pct, -- double!: Patient-hours without any value [%]
  implausible, -- bigint!: Values rejected as implausible
  unusable, -- bigint!: Values unusable for another reason
  coerced, -- bigint!: Numbers that came as text, and were kept
  cast(10000 * (implausible + unusable) as double) / nullif(row_count - null_count + implausible + unusable, 0) as rejected_per_10000 -- double: Values rejected of 10,000 sent [1]
from totals
