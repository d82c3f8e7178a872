/*---
question: 9
caption: Share of patients present of whom all seven NEWS2 inputs were known at once, by hour
grain: hour
reads: gold_data_quality
order: hour
for: picture
---*/
select
  hour, -- timestamp!: Start of the UTC hour
  patient_hours, -- bigint!: Patients present in the hour
  100 * reliability as reliability_pct -- double!: Share of them with all seven known at once [%]
from gold_data_quality
where table_name = 'silver_observations' and column_name = '*'
