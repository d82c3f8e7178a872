/*---
question: 7
caption: Share of patients present with a valid value, by hour
grain: hour and vital sign
reads: gold_data_quality
order: hour, vital
for: picture
---*/
select
  hour, -- timestamp!: Start of the UTC hour
  split_part(column_name, '_min', 1) as vital, -- string!: The vital sign
  patient_hours, -- bigint!: Patients present in the hour
  cast(100 * valid_patient_hours as double) / patient_hours as completeness_pct -- double!: Share of them with a valid value [%]
from gold_data_quality
where table_name = 'gold_patient_hour' and column_name <> '*'
