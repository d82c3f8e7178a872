/*---
shared: alert_links
grain: device alert that a physiological alert of the same type tells too
key: alert_id
---*/
-- They overlap in one patient; of several physiological ones the earliest counts.
select
  device.alert_id,
  rule.alert_id as same_as,
  device.patient_id
from silver_alerts as device
join silver_alerts as rule
  on
    rule.patient_id = device.patient_id
    and rule.alert_type = device.alert_type
    and rule.origin = 'physiological'
    and (device.cleared_at is null or rule.started_at < device.cleared_at)
    and (rule.cleared_at is null or device.started_at < rule.cleared_at)
where device.origin = 'device'
qualify row_number() over (partition by device.alert_id order by rule.started_at, rule.alert_id) = 1
