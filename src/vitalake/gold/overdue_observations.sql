/*---
view: overdue_observations
grain: patient seen within 24 h before now whose next observation is due
key: patient_id
argument: now_us
---*/
-- By the interval that RCP asks for; where it is continuous, 15 min without an observation are late.
select
  patient_id, -- string!: The patient
  ward, -- string: The latest known ward
  as_of, -- timestamp!: When last seen
  severity, -- string: Band as of then
  observation_interval_h, -- int!: The interval asked for; 0: continuous [h]
  timestamp_micros(due_us) as due_at, -- timestamp!: When the next observation was due
  cast({now_us} - due_us as double) / 1000000 as overdue_s -- double!: How late it is [s]
from (
  select
    patient_id,
    ward,
    as_of,
    severity,
    observation_interval_h,
    unix_micros(as_of)
    + case observation_interval_h when 0 then 900000000 else observation_interval_h * cast(3600000000 as bigint) end as due_us
  from gold_patient_risk_snapshot
  where observation_interval_h is not null and unix_micros(as_of) > {now_us} - 86400000000
) as asked
where due_us <= {now_us}
