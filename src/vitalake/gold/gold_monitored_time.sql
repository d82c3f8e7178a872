/*---
table: gold_monitored_time
grain: hour, ward and patient present
key: hour, ward, patient_id
scope: patient_hour
partition: event_date
---*/
-- The denominator of every rate.  Time present and time in hold follow one rule (of silver_held_time): both last from an
-- event to the next, 12 h at most, in the ward known at the event.
with pieces as (
  select
    patient_id,
    ward,
    severity,
    hour_us,
    least(end_us, hour_us + 3600000000) - start_us as lasted_us,
    1 as observed
  from severity_spans
  union all
  select
    patient_id,
    ward,
    severity,
    hour_us + hours.i * 3600000000,
    least(end_us - hour_us - hours.i * 3600000000, 3600000000),
    0
  from severity_spans
  cross join (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) as hours(i)
  where end_us > hour_us + hours.i * 3600000000
),
present as (
  select
    patient_id,
    ward,
    hour_us,
    sum(lasted_us) as present_us,
    sum(observed) as observations,
    sum(case when severity = '{severity}' then lasted_us else 0 end) as {severity}_us,
    sum(case when severity = '{severity}' then observed else 0 end) as {severity}_observations,
    count(*) as n
  from pieces
  group by hour_us, ward, patient_id
),
held as (
  select
    sum(case when vital = '{vital}' then held_us else 0 end) as {vital}_us,
    patient_id,
    ward,
    unix_micros(hour) as hour_us
  from silver_held_time
  group by hour, ward, patient_id
)
select
  timestamp_micros(present.hour_us) as hour, -- timestamp!: Start of the UTC hour
  present.ward, -- string!: The latest known ward; (unknown) before one is known
  present.patient_id, -- string!: The patient
  present.present_us, -- bigint!: Time present: from an event to the next, gaps of at most 12 h [us]
  coalesce(held.{vital}_us, 0) as {vital}_held_us, -- bigint!: Time present with a value of {vital} in hold [us]
  present.observations, -- bigint!: Observations of the hour
  present.{severity}_us, -- bigint!: Time in severity {severity} [us]
  present.{severity}_observations, -- bigint!: Observations of severity {severity}
  cast(timestamp_micros(present.hour_us) as date) as event_date -- date!: UTC date of the hour
from present
left join held
  on held.hour_us = present.hour_us and held.ward = present.ward and held.patient_id = present.patient_id
