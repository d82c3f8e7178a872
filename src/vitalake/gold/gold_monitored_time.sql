/*---
table: gold_monitored_time
grain: hour, ward and patient present
key: hour, ward, patient_id
scope: patient_hour
partition: event_date
---*/
with lasting as (
  select
    patient_id,
    ward,
    severity,
    'present' as what,
    1 as observed,
    hour,
    start_us,
    end_us
  from severity_spans
  union all
  select
    patient_id,
    ward,
    'none',
    vital,
    0,
    date_trunc('hour', timestamp_micros(start_us)),
    start_us,
    end_us
  from value_holds
),
pieces as (
  select
    patient_id,
    ward,
    severity,
    what,
    hour_us,
    greatest(least(end_us, hour_us + 3600000000) - greatest(start_us, hour_us), 0) as lasted_us,
    case when i = 0 then observed else 0 end as observed
  from (
    select
      lasting.*,
      hours.i,
      unix_micros(hour) + hours.i * 3600000000 as hour_us
    from lasting
    join (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) as hours(i)
      on hours.i * 3600000000 < greatest(end_us - unix_micros(hour), 1)
  ) as cut
)
select
  timestamp_micros(hour_us) as hour, -- timestamp!: Start of the UTC hour
  ward, -- string!: The latest known ward; (unknown) before one is known
  patient_id, -- string!: The patient
  sum(case when what = 'present' then lasted_us else 0 end) as present_us, -- bigint!: Time present: from an event to the next, gaps of at most 12 h [us]
  sum(case when what = '{vital}' then lasted_us else 0 end) as {vital}_held_us, -- bigint!: Time with a value of {vital} in hold; a value counts in the ward in which it was taken [us]
  sum(observed) as observations, -- bigint!: Observations of the hour
  sum(case when severity = '{severity}' then lasted_us else 0 end) as {severity}_us, -- bigint!: Time in severity {severity} [us]
  sum(case when severity = '{severity}' then observed else 0 end) as {severity}_observations, -- bigint!: Observations of severity {severity}
  cast(timestamp_micros(hour_us) as date) as event_date -- date!: UTC date of the hour
from pieces
group by hour_us, ward, patient_id
