/*---
question: 3
caption: Patient time in each severity, by hour
grain: hour and severity
reads: gold_severity_distribution
order: hour, severity
for: picture
---*/
select
  hour, -- timestamp!: Start of the UTC hour
  severity, -- string!: Band of NEWS2
  sum(round(patient_seconds)) / 3600 as patient_hours -- double!: Time that patients spent in it [h]
from gold_severity_distribution
group by hour, severity
