/*---
question: 6
caption: Episodes and time by distance from the limit
grain: alert type, priority and distance
reads: gold_threshold_breaches
order: alert_type, priority, limit_value, margin_bin
for: picture
---*/
select
  alert_type, -- string!: The alarm
  priority, -- string!: The priority whose limit it is
  vital, -- string!: The vital sign
  limit_value, -- double!: The limit, in the unit of the vital
  margin_bin, -- int!: 0 just beyond the limit, 1, 2, ... farther; -1 at or just short of it
  min(margin_from) as margin_from, -- double!: The least distance of the bin beyond the limit
  max(margin_to) as margin_to, -- double!: The greatest distance of the bin
  sum(episodes) as episodes, -- bigint!: Physiological episodes whose extreme lay there
  sum(round(60 * minutes)) / 60 as minutes -- double!: Time that values in hold spent there [min]
from gold_threshold_breaches
where vital <> 'pulse_rate'
group by alert_type, priority, vital, limit_value, margin_bin
