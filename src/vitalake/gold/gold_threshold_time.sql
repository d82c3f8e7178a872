/*---
table: gold_threshold_time
grain: hour, ward, vital, limit and margin bin with time in hold
key: hour, ward, vital, alert_type, priority, limit_value, margin_bin
scope: hour
partition: event_date
---*/
-- Where the values in hold lay against each limit of the policy; what gold_threshold_breaches adds up by day.
with pieces as (
  select
    ward,
    vital,
    spo2_scale,
    on_oxygen,
    hour_us,
    -- charted: half up to the resolution
    case
      when vital = 'temperature' then floor((hundredths + 5) / 10) * 10
      else floor((hundredths + 50) / 100) * 100
    end as charted,
    least(end_us, hour_us + 3600000000) - greatest(start_us, hour_us) as lasted_us
  from (
    select
      value_holds.*,
      unix_micros(date_trunc('hour', timestamp_micros(start_us))) + hours.i * 3600000000 as hour_us
    from value_holds
    join (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12)) as hours(i)
      on hours.i * 3600000000 < end_us - unix_micros(date_trunc('hour', timestamp_micros(start_us)))
  ) as cut
),
spent as (
  select
    hour_us,
    ward,
    vital,
    spo2_scale,
    on_oxygen,
    charted,
    sum(lasted_us) as lasted_us
  from pieces
  group by hour_us, ward, vital, spo2_scale, on_oxygen, charted
),
beside as (
  select
    spent.hour_us,
    spent.ward,
    spent.vital,
    spent.lasted_us,
    limits.alert_type,
    limits.priority,
    limits.limit_hundredths,
    greatest(
      least(floor((limits.sign * (spent.charted - limits.limit_hundredths) - limits.step_hundredths) / limits.bin_hundredths), 9),
      -10
    ) as margin_bin
  from spent
  left join (select distinct ward as own_ward from alarm_limits) as wards on wards.own_ward = spent.ward
  join alarm_limits as limits
    on limits.vital = spent.vital
    and limits.ward = coalesce(wards.own_ward, '*')
    and (
      limits.therapy = ''
      or (limits.therapy = 'scale 1' and spent.spo2_scale = 1)
      or (limits.therapy = 'scale 2' and spent.spo2_scale = 2)
      or (limits.therapy = 'scale 2 on oxygen' and spent.spo2_scale = 2 and spent.on_oxygen)
    )
)
select
  timestamp_micros(hour_us) as hour, -- timestamp!: Start of the UTC hour
  ward, -- string!: The ward in which the value was taken; (unknown) before one is known
  vital, -- string!: The vital sign in hold
  alert_type, -- string!: The alarm whose limit it is
  priority, -- string!: The priority whose limit it is
  cast(limit_hundredths as double) / 100 as limit_value, -- double!: The limit, in the unit of the vital
  margin_bin, -- int!: 0 just beyond the limit, 1, 2, ... farther; -1 at or just short of it, -2, ... farther; 9 and -10 hold the rest
  sum(lasted_us) as held_us, -- bigint!: Time in hold [us]
  cast(timestamp_micros(hour_us) as date) as event_date -- date!: UTC date of the hour
from beside
group by hour_us, ward, vital, alert_type, priority, limit_hundredths, margin_bin
