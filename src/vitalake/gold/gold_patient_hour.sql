/*---
table: gold_patient_hour
grain: patient and hour with events or seconds in a severity
key: patient_id, hour
scope: patient_hour
partition: event_date
---*/
with vitals as (
  select
    sum(case when vital = '{vital}' then n else 0 end) as {vital}_n,
    sum(case when vital = '{vital}' then sum end) as {vital}_sum,
    sum(case when vital = '{vital}' then sum_sq end) as {vital}_sum_sq,
    min(case when vital = '{vital}' then min end) as {vital}_min,
    max(case when vital = '{vital}' then max end) as {vital}_max,
    patient_id,
    unix_micros(window_start) - (unix_micros(window_start) % 3600000000 + 3600000000) % 3600000000 as hour_us
  from silver_vital_windows
  group by patient_id, hour_us
),
present as (
  select
    sum({severity}_us) as {severity}_us,
    sum(observations) as observations,
    patient_id,
    hour
  from gold_monitored_time
  group by patient_id, hour
)
select
  present.patient_id, -- string!: The patient
  present.hour, -- timestamp!: Start of the UTC hour
  present.observations, -- bigint!: Observations of the hour
  coalesce(vitals.{vital}_n, 0) as {vital}_n, -- bigint!: Valid values of {vital}
  vitals.{vital}_sum, -- bigint: Their sum in hundredths, exact
  vitals.{vital}_sum_sq, -- bigint: The sum of their squares in hundredths squared, exact
  vitals.{vital}_min, -- double: The least {vital} [{unit}]
  vitals.{vital}_max, -- double: The greatest {vital} [{unit}]
  cast(present.{severity}_us as double) / 1000000 as {severity}_s, -- double!: Time in severity {severity} [s]
  cast(present.hour as date) as event_date -- date!: UTC date of the hour
from present
left join vitals on vitals.patient_id = present.patient_id and vitals.hour_us = unix_micros(present.hour)
