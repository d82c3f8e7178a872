/*---
shared: latest_observations
grain: patient
key: patient_id
---*/
-- As of it the risk snapshot speaks; 24 h are its clock hour and the 23 before.
with ends as (
  select
    patient_id,
    max(unix_micros(event_time)) as as_of_us
  from silver_observations
  group by patient_id
)
select
  silver_observations.*,
  unix_micros(event_time) - cast(round(1000000 * {input}_age_s) as bigint) as {input}_taken_us,
  unix_micros(event_time) as event_us,
  unix_micros(date_trunc('hour', event_time)) - 82800000000 as day_from_us
from silver_observations
join ends
  on ends.patient_id = silver_observations.patient_id and timestamp_micros(ends.as_of_us) = silver_observations.event_time
qualify row_number() over (partition by silver_observations.patient_id order by event_id desc) = 1
