/*---
question: 3
caption: Patient time in each severity, by ward
grain: ward and severity
reads: gold_severity_distribution
order: ward, severity
for: picture
---*/
select
  ward, -- string!: The latest known ward
  severity, -- string!: Band of NEWS2
  sum(round(patient_seconds)) / 3600 as patient_hours -- double!: Time that patients spent in it [h]
from gold_severity_distribution
group by ward, severity
