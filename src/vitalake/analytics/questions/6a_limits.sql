/*---
question: 6
asks: Do alerts cluster at their thresholds?
caption: Limits by episodes: how many went no farther beyond the limit than its first step; a value at the limit raises nothing
grain: alert type, priority and limit
reads: gold_threshold_breaches
order: rank, alert_type, priority, limit_value
row: alert_type
---*/
-- An episode stands at the limit of its peak priority, as far beyond it as its extreme value.
with totals as (
  select
    vital,
    alert_type,
    priority,
    limit_value,
    max(case when margin_bin = 0 then margin_to end) as step,
    sum(episodes) as episodes,
    sum(case when margin_bin <= 0 then episodes else 0 end) as near_episodes,
    sum(case when margin_bin >= 0 then round(60 * minutes) else 0 end) as beyond_s,
    sum(case when margin_bin = 0 then round(60 * minutes) else 0 end) as near_s,
    sum(case when margin_bin = -1 then round(60 * minutes) else 0 end) as short_s
  from gold_threshold_breaches
  where vital <> 'pulse_rate'
  group by vital, alert_type, priority, limit_value
)
select
  rank() over (order by episodes desc, beyond_s desc) as rank, -- bigint!: Place, 1 the limit with most episodes
  alert_type, -- string!: The alarm
  priority, -- string!: The priority whose limit it is
  vital, -- string!: The vital sign
  limit_value, -- double!: The limit, in the unit of the vital; values beyond it alarm, those at it do not
  step, -- double: The first step: values up to this far beyond the limit, in the unit of the vital
  episodes, -- bigint!: Physiological episodes that peaked at this priority
  near_episodes, -- bigint!: Of them those whose extreme lay within the first step
  cast(100 * near_episodes as double) / nullif(episodes, 0) as near_pct, -- double: Their share: what a limit one step farther would spare [%]
  beyond_s / 60 as beyond_min, -- double!: Time that values in hold spent beyond the limit [min]
  100 * near_s / nullif(beyond_s, 0) as near_time_pct, -- double: Share of that time within the first step [%]
  short_s / 60 as short_min -- double!: Time spent at the limit or one step short of it: what a limit one step nearer would add [min]
from totals
where episodes > 0 or beyond_s > 0
