/*---
question: 5
asks: Which alert types are most frequent?
caption: Episodes by type and origin; shares are of the origin, for origins are never added up unsaid
grain: alert type and origin
reads: gold_alert_summary, gold_monitored_time
order: origin_order, rank, alert_type
hide: origin_order
row: alert_type
---*/
with totals as (
  select
    alert_type,
    origin,
    sum(episodes) as episodes,
    sum(same_episodes) as same_episodes,
    sum(case when priority = 'high' then episodes else 0 end) as high_episodes,
    sum(case when priority = 'medium' then episodes else 0 end) as medium_episodes,
    sum(case when priority = 'low' then episodes else 0 end) as low_episodes,
    sum(recovered + device_ended) as resolved,
    sum(open) as open
  from gold_alert_summary
  group by alert_type, origin
),
monitored as (
  select sum(present_us) as present_us from gold_monitored_time
)
select
  case totals.origin when 'physiological' then 1 when 'device' then 2 else 3 end as origin_order, -- int!: The origins' order
  totals.origin, -- string!: physiological, device or technical
  rank() over (partition by totals.origin order by totals.episodes desc) as rank, -- bigint!: Place within the origin
  totals.alert_type, -- string!: What it is, in the one vocabulary
  totals.episodes, -- bigint!: Episodes raised
  totals.high_episodes, -- bigint!: Of them of high priority
  totals.medium_episodes, -- bigint!: Of medium priority
  totals.low_episodes, -- bigint!: Of low priority
  totals.same_episodes, -- bigint!: Device episodes that a physiological one tells too
  cast(100 * totals.episodes as double) / sum(totals.episodes) over (partition by totals.origin) as share_pct, -- double!: Share of the origin's episodes [%]
  cast(totals.episodes as double) * 8640000000000 / nullif(monitored.present_us, 0) as per_100_days, -- double: Episodes per 100 monitored patient-days [1]
  cast(100 * totals.resolved as double) / totals.episodes as resolved_pct, -- double!: Share ended by recovery or by the device, not by silence [%]
  totals.open -- bigint!: Not cleared yet
from totals
cross join monitored
