/*---
table: gold_alert_summary
grain: hour, ward, alert type, priority and origin with an episode
key: hour, ward, alert_type, priority, origin
scope: hour
partition: event_date
---*/
-- An episode counts in the hour of its raise and the ward known then.
select
  hour, -- timestamp!: Start of the UTC hour of the raise
  ward, -- string!: The ward known at the raise; (unknown) before one is known
  alert_type, -- string!: What it is, in the one vocabulary
  priority, -- string!: The peak: low, medium, high
  origin, -- string!: device, physiological or technical: never to be summed without saying so
  count(*) as episodes, -- bigint!: Episodes raised
  sum(case when same_as is null then 0 else 1 end) as same_episodes, -- bigint!: Device episodes that a physiological one tells too: count once in totals
  sum(case when cleared_by = 'recovery' then 1 else 0 end) as recovered, -- bigint!: Of them cleared by recovery
  sum(case when cleared_by = 'expiry' then 1 else 0 end) as expired, -- bigint!: Cleared because the value's hold ended
  sum(case when cleared_by = 'device_end' then 1 else 0 end) as device_ended, -- bigint!: Cleared by the device
  sum(case when cleared_by = 'timeout' then 1 else 0 end) as timed_out, -- bigint!: Cleared because no word came any more
  sum(case when cleared_at is null then 1 else 0 end) as open, -- bigint!: Not cleared yet
  count(distinct patient_id) as patients, -- bigint!: Patients who had one
  percentile_disc(0.5) within group (order by duration_s) as duration_p50_s, -- double: Median duration of those cleared by recovery or device_end [s]
  percentile_disc(0.9) within group (order by duration_s) as duration_p90_s, -- double: Its 90th percentile [s]
  cast(hour as date) as event_date -- date!: UTC date of the hour
from (
  select
    date_trunc('hour', silver_alerts.raised_at) as hour,
    coalesce(silver_alerts.ward, '(unknown)') as ward,
    silver_alerts.alert_type,
    silver_alerts.priority,
    silver_alerts.origin,
    silver_alerts.patient_id,
    silver_alerts.cleared_at,
    silver_alerts.cleared_by,
    silver_alerts.duration_s,
    alert_links.same_as
  from silver_alerts
  left join alert_links on alert_links.alert_id = silver_alerts.alert_id
) as raised
group by hour, ward, alert_type, priority, origin
