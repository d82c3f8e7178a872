/*---
question: 3
caption: Patients seen in the last 24 h whose next observation is due, the one who waits longest first
grain: patient with an overdue observation
reads: gold_patient_risk_snapshot
order: overdue_h desc, patient_id
row: patient_id
---*/
select
  patient_id, -- string!: The patient
  ward, -- string: The latest known ward
  severity, -- string: Band of NEWS2 when last seen
  observation_interval_h, -- int!: The interval that RCP asks for then; 0: continuous [h]
  as_of, -- timestamp!: When the patient was last seen
  overdue_s / 3600 as overdue_h -- double!: How late the next observation is [h]
from {overdue_observations} as overdue
