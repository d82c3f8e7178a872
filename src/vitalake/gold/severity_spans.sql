/*---
view: severity_spans
grain: observation
key: patient_id, event_time, event_id
---*/
-- An event's severity lasts to the patient's next event, at most 12 h; the last event's 0 s.
-- patient_ends tells each patient's last event, also where silver_observations is restricted to earlier ones.
select
  followed.patient_id,
  followed.severity,
  followed.ward,
  followed.hour_us,
  followed.start_us,
  least(coalesce(followed.next_us, patient_ends.as_of_us), followed.start_us + 43200000000) as end_us
from (
  select
    patient_id,
    severity,
    coalesce(ward_carried, '(unknown)') as ward,
    unix_micros(date_trunc('hour', event_time)) as hour_us,
    unix_micros(event_time) as start_us,
    lead(unix_micros(event_time)) over (partition by patient_id order by event_time, event_id) as next_us
  from silver_observations
) as followed
join patient_ends on patient_ends.patient_id = followed.patient_id
