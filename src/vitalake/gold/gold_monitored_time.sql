/*---
table: gold_monitored_time
grain: hour, ward and patient present
key: hour, ward, patient_id
scope: patient_hour
partition: event_date
---*/
-- The denominator of every rate.
with present as (
  select
    patient_id,
    ward,
    hour,
    sum(case when severity = '{severity}' then present_us else 0 end) as {severity}_us,
    sum(case when severity = '{severity}' then observations else 0 end) as {severity}_observations,
    sum(present_us) as present_us,
    sum(observations) as observations
  from silver_presence
  group by hour, ward, patient_id
),
held as (
  select
    sum(case when vital = '{vital}' then held_us else 0 end) as {vital}_us,
    patient_id,
    ward,
    hour
  from silver_held_time
  group by hour, ward, patient_id
)
select
  present.hour, -- timestamp!: Start of the UTC hour
  present.ward, -- string!: The latest known ward; (unknown) before one is known
  present.patient_id, -- string!: The patient
  present.present_us, -- bigint!: Time present: from an event to the next, gaps of at most 12 h [us]
  coalesce(held.{vital}_us, 0) as {vital}_held_us, -- bigint!: Time present with a value of {vital} in hold [us]
  present.observations, -- bigint!: Observations of the hour
  present.{severity}_us, -- bigint!: Time in severity {severity} [us]
  present.{severity}_observations, -- bigint!: Observations of severity {severity}
  cast(present.hour as date) as event_date -- date!: UTC date of the hour
from present
left join held
  on held.hour = present.hour and held.ward = present.ward and held.patient_id = present.patient_id
