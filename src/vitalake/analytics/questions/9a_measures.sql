/*---
question: 9
asks: How reliable is the layer for downstream use?
caption: What can be relied on
grain: measure
reads: gold_data_quality, gold_severity_distribution
order: place
hide: place
row: measure
---*/
with quality as (
  select
    sum(case when table_name = 'silver_observations' then row_count else 0 end) as observations,
    sum(case when table_name = 'silver_quarantine' then row_count else 0 end) as quarantined,
    sum(case when table_name = 'silver_duplicates' then row_count else 0 end) as duplicates,
    sum(case when table_name = 'silver_observations' then patient_hours else 0 end) as patient_hours,
    sum(case when table_name = 'silver_observations' then round(reliability * patient_hours) else 0 end) as complete_hours,
    sum(case when delay_p50_s <= 900 then 1 else 0 end) as prompt_hours,
    sum(case when delay_p50_s is not null then 1 else 0 end) as hours
  from gold_data_quality
  where column_name = '*'
),
spent as (
  select
    sum(round(patient_seconds)) as present_s,
    sum(case when severity <> 'unknown' then round(patient_seconds) else 0 end) as known_s
  from gold_severity_distribution
)
select
  places.place, -- int!: The order of the measures
  case places.place
    when 1 then 'Messages that became observations'
    when 2 then 'Messages in quarantine'
    when 3 then 'Messages dropped as repeats'
    when 4 then 'Patient-hours in which all seven NEWS2 inputs were known at once'
    when 5 then 'Patient time with a known severity'
    else 'Hours whose median observation from Kafka arrived within 15 min'
  end as measure, -- string!: What is measured
  100 * case places.place
    when 1 then cast(quality.observations as double) / nullif(quality.observations + quality.quarantined + quality.duplicates, 0)
    when 2 then cast(quality.quarantined as double) / nullif(quality.observations + quality.quarantined + quality.duplicates, 0)
    when 3 then cast(quality.duplicates as double) / nullif(quality.observations + quality.quarantined + quality.duplicates, 0)
    when 4 then cast(quality.complete_hours as double) / nullif(quality.patient_hours, 0)
    when 5 then cast(spent.known_s as double) / nullif(spent.present_s, 0)
    else cast(quality.prompt_hours as double) / nullif(quality.hours, 0)
  end as share_pct, -- double: The share [%]
  round(case places.place
    when 4 then quality.patient_hours
    when 5 then spent.present_s / 3600
    when 6 then quality.hours
    else quality.observations + quality.quarantined + quality.duplicates
  end) as n -- bigint!: Of how many: messages, patient-hours, hours
from quality
cross join spent
cross join (values (1), (2), (3), (4), (5), (6)) as places(place)
