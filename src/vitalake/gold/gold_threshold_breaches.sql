/*---
table: gold_threshold_breaches
grain: day, ward, vital, limit and margin bin
key: day, ward, vital, alert_type, priority, limit_value, margin_bin
scope: day
partition: day
---*/
-- Minutes and episodes by distance beyond or short of each limit: do alerts cluster at the threshold?  An episode stands
-- at the limit of its peak priority, as far beyond it as its extreme value, on the day and in the ward of its raise.
with held as (
  select
    event_date as day,
    ward,
    vital,
    therapy,
    round(value * 100) as charted,
    sum(held_us) as held_us
  from silver_held_time
  group by event_date, ward, vital, therapy, value
),
spent as (
  select
    held.day,
    held.ward,
    held.vital,
    limits.alert_type,
    limits.priority,
    cast(limits.limit_hundredths as double) / 100 as limit_value,
    limits.sign * (held.charted - limits.limit_hundredths) as margin_hundredths,
    held.held_us,
    0 as episodes
  from held
  left join (select distinct ward as own_ward from alarm_limits) as wards on wards.own_ward = held.ward
  join alarm_limits as limits
    on
      limits.vital = held.vital
      and limits.therapy = held.therapy
      and limits.ward = coalesce(wards.own_ward, '*')
),
raised as (
  select
    cast(alerts.raised_at as date) as day,
    coalesce(alerts.ward, '(unknown)') as ward,
    limits.vital,
    alerts.alert_type,
    alerts.priority,
    alerts.limit_value,
    round(alerts.margin * 100) as margin_hundredths,
    0 as held_us,
    1 as episodes
  from silver_alerts as alerts
  join (
    select distinct
      alert_type,
      vital
    from alarm_limits
    where vital <> 'pulse_rate'
  ) as limits on limits.alert_type = alerts.alert_type
  where alerts.origin = 'physiological' and alerts.margin is not null
),
either as (
  select * from spent
  union all
  select * from raised
),
binned as (
  select
    either.*,
    units.bin_hundredths,
    units.step_hundredths,
    greatest(
      least(floor((either.margin_hundredths - units.step_hundredths) / units.bin_hundredths), 9), -10
    ) as margin_bin
  from either
  join (
    select distinct
      vital,
      step_hundredths,
      bin_hundredths
    from alarm_limits
  ) as units on units.vital = either.vital
)
select
  day, -- date!: UTC date
  ward, -- string!: The latest known ward; (unknown) before one is known
  vital, -- string!: The vital sign; episodes of the heart rate's alarms stand at heart_rate
  alert_type, -- string!: The alarm whose limit it is
  priority, -- string!: The priority whose limit it is
  limit_value, -- double!: The limit, in the unit of the vital
  margin_bin, -- int!: 0 just beyond the limit, 1, 2, ... farther; -1 at or just short of it, -2, ... farther; 9 and -10 hold the rest
  cast(margin_bin * bin_hundredths + step_hundredths as double) / 100 as margin_from, -- double!: The least distance of the bin beyond the limit, in the unit of the vital
  cast(margin_bin * bin_hundredths + bin_hundredths as double) / 100 as margin_to, -- double!: The greatest distance of the bin
  cast(sum(held_us) as double) / 60000000 as minutes, -- double!: Time present with a value in hold there [min]
  sum(episodes) as episodes -- bigint!: Physiological episodes whose extreme lay there
from binned
group by day, ward, vital, alert_type, priority, limit_value, margin_bin, bin_hundredths, step_hundredths
