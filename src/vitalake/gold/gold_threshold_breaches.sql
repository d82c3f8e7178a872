/*---
table: gold_threshold_breaches
grain: day, ward, vital, limit and margin bin
key: day, ward, vital, alert_type, priority, limit_value, margin_bin
scope: day
partition: day
---*/
-- Minutes and episodes by distance beyond or short of each limit: do alerts cluster at the threshold?  An episode stands
-- at the limit of its peak priority, as far beyond it as its extreme value, on the day and in the ward of its raise.
with spent as (
  select
    event_date as day,
    ward,
    vital,
    alert_type,
    priority,
    limit_value,
    margin_bin,
    sum(held_us) as held_us,
    0 as episodes
  from gold_threshold_time
  group by event_date, ward, vital, alert_type, priority, limit_value, margin_bin
),
raised as (
  select
    cast(alerts.raised_at as date) as day,
    coalesce(alerts.ward, '(unknown)') as ward,
    limits.vital,
    alerts.alert_type,
    alerts.priority,
    alerts.limit_value,
    greatest(least(floor((round(alerts.margin * 100) - limits.step_hundredths) / limits.bin_hundredths), 9), -10) as margin_bin,
    0 as held_us,
    1 as episodes
  from silver_alerts as alerts
  join (
    select distinct
      alert_type,
      vital,
      step_hundredths,
      bin_hundredths
    from alarm_limits
    where vital <> 'pulse_rate'
  ) as limits on limits.alert_type = alerts.alert_type
  where alerts.origin = 'physiological' and alerts.margin is not null
),
either as (
  select * from spent
  union all
  select * from raised
)
select
  either.day, -- date!: UTC date
  either.ward, -- string!: The ward; (unknown) before one is known
  either.vital, -- string!: The vital sign; episodes of the heart rate's alarms stand at heart_rate
  either.alert_type, -- string!: The alarm whose limit it is
  either.priority, -- string!: The priority whose limit it is
  either.limit_value, -- double!: The limit, in the unit of the vital
  either.margin_bin, -- int!: 0 just beyond the limit, 1, 2, ... farther; -1 at or just short of it, -2, ... farther; 9 and -10 hold the rest
  cast(either.margin_bin * units.bin_hundredths + units.step_hundredths as double) / 100 as margin_from, -- double!: The least distance of the bin beyond the limit, in the unit of the vital
  cast(either.margin_bin * units.bin_hundredths + units.bin_hundredths as double) / 100 as margin_to, -- double!: The greatest distance of the bin
  cast(sum(either.held_us) as double) / 60000000 as minutes, -- double!: Time that values in hold spent there [min]
  sum(either.episodes) as episodes -- bigint!: Physiological episodes whose extreme lay there
from either
join (
  select distinct
    vital,
    step_hundredths,
    bin_hundredths
  from alarm_limits
) as units on units.vital = either.vital
group by
  either.day, either.ward, either.vital, either.alert_type, either.priority, either.limit_value, either.margin_bin,
  units.bin_hundredths, units.step_hundredths
