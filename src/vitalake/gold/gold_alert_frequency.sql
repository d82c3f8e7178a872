/*---
table: gold_alert_frequency
grain: patient and day with monitored time or an episode
key: patient_id, day
scope: patient_day
partition: day
---*/
-- Rank and share are computed at reading, for any period.  A device episode that a physiological one tells too counts
-- once in `episodes` and in the counts by type; technical episodes count in neither.
with raised as (
  select
    silver_alerts.patient_id,
    cast(silver_alerts.raised_at as date) as day,
    silver_alerts.origin,
    silver_alerts.priority,
    silver_alerts.alert_type,
    case when alert_links.same_as is null then 1 else 0 end as own
  from silver_alerts
  left join alert_links on alert_links.alert_id = silver_alerts.alert_id
),
counted as (
  select
    sum(case when origin = '{origin}' then 1 else 0 end) as {origin}_episodes,
    sum(case when origin <> 'technical' and priority = '{priority}' then own else 0 end) as {priority}_episodes,
    sum(case when origin <> 'technical' and alert_type = '{alert_type}' then own else 0 end) as {alert_type}_episodes,
    sum(case when origin <> 'technical' then own else 0 end) as episodes,
    patient_id,
    day
  from raised
  group by patient_id, day
),
monitored as (
  select
    patient_id,
    event_date as day,
    sum(present_us) as monitored_us
  from gold_monitored_time
  group by patient_id, event_date
),
days as (
  select
    patient_id,
    day
  from monitored
  union
  select
    patient_id,
    day
  from counted
)
select
  days.patient_id, -- string!: The patient
  days.day, -- date!: UTC date
  coalesce(counted.episodes, 0) as episodes, -- bigint!: Physiological and device episodes raised on the day, the same ones counted once
  coalesce(counted.{origin}_episodes, 0) as {origin}_episodes, -- bigint!: Episodes of {origin} origin
  coalesce(counted.{priority}_episodes, 0) as {priority}_episodes, -- bigint!: Of `episodes` those of {priority} priority
  coalesce(counted.{alert_type}_episodes, 0) as {alert_type}_episodes, -- bigint!: Of `episodes` those of type {alert_type}
  cast(coalesce(monitored.monitored_us, 0) as double) / 60000000 as monitored_minutes -- double!: Time present on the day, the denominator of the patient's burden [min]
from days
left join counted on counted.patient_id = days.patient_id and counted.day = days.day
left join monitored on monitored.patient_id = days.patient_id and monitored.day = days.day
