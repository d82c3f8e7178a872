/*---
table: gold_patient_risk_snapshot
grain: patient
key: patient_id
scope: patient
---*/
-- A patient's row speaks as of that patient's own last event.
with recent as (
  select
    {sent} is not null as has_{input},
    patient_id,
    unix_micros(event_time) as event_us,
    event_id,
    method = 'monitor' as monitored,
    coalesce(bp_method = 'arterial', false) as arterial,
    news2_score,
    news2_max_component
  from silver_observations
),
ages as (
  select
    max(case when name = '{input}' then monitor_age_us end) as {input}_monitor_us,
    max(case when name = '{input}' then charted_age_us end) as {input}_charted_us,
    count(*) as n
  from maximum_ages
),
-- until when each carried value counts: the instant it was taken plus its maximum age by how it was taken
taken as (
  select
    recent.patient_id,
    case when recent.event_us = {input}_taken_us and has_{input} then recent.event_us end as {input}_us,
    monitored,
    arterial
  from recent
  join latest_observations as latest on latest.patient_id = recent.patient_id
  where
    recent.event_us = {input}_taken_us or
    false
),
counting as (
  select
    patient_id,
    max({input}_us + case when monitored and (arterial or '{input}' <> 'systolic_bp') then {input}_monitor_us else {input}_charted_us end) as {input}_until_us,
    count(*) as n
  from taken
  cross join ages
  group by patient_id
),
before as (
  select
    recent.patient_id,
    recent.event_us as before_us,
    recent.event_id,
    recent.news2_score
  from recent
  join latest_observations as latest on latest.patient_id = recent.patient_id
  where recent.event_us <= latest.event_us - 14400000000 and recent.event_us > latest.event_us - 57600000000
),
earlier as (
  select
    before.patient_id,
    before.news2_score
  from before
  join (select patient_id, max(before_us) as before_us from before group by patient_id) as newest
    on newest.patient_id = before.patient_id and newest.before_us = before.before_us
  qualify row_number() over (partition by before.patient_id order by event_id desc) = 1
),
newest_windows as (
  select
    windows.patient_id,
    windows.vital,
    windows.slope_per_h,
    windows.z
  from silver_vital_windows as windows
  join latest_observations as latest on latest.patient_id = windows.patient_id
  where unix_micros(windows.window_start) >= latest.day_from_us
  qualify row_number() over (partition by windows.patient_id, windows.vital order by windows.window_start desc) = 1
),
trends as (
  select
    max(case when vital = '{vital}' then slope_per_h end) as {vital}_slope_per_h,
    max(case when vital = '{vital}' then z end) as {vital}_z,
    patient_id
  from newest_windows
  group by patient_id
),
days as (
  select
    cast(sum({vital}_n) as double) as {vital}_n,
    cast(sum({vital}_sum) as double) as {vital}_sum,
    cast(sum({vital}_sum_sq) as double) as {vital}_sum_sq,
    min({vital}_min) as {vital}_min,
    max({vital}_max) as {vital}_max,
    sum(observations) as observations,
    gold_patient_hour.patient_id
  from gold_patient_hour
  join (select patient_id as latest_patient_id, day_from_us from latest_observations) as reached
    on latest_patient_id = gold_patient_hour.patient_id
  where unix_micros(hour) >= day_from_us
  group by gold_patient_hour.patient_id
),
severities as (
  select
    sum({severity}_us) as {severity}_us,
    gold_monitored_time.patient_id
  from gold_monitored_time
  join (select patient_id as latest_patient_id, day_from_us from latest_observations) as reached
    on latest_patient_id = gold_monitored_time.patient_id
  where unix_micros(hour) >= day_from_us
  group by gold_monitored_time.patient_id
),
-- RCP: observe at least every 12 h at 0, 6 h at 1-4, 1 h at a single 3 or 5-6, continuously (here 15 min) at 7 and more
asked as (
  select
    patient_id,
    event_us,
    lead(event_us) over (partition by patient_id order by event_us, event_id) as next_us,
    case
      when news2_max_component is null then null
      when news2_score >= 7 then 900000000
      when news2_score >= 5 or news2_max_component = 3 then 3600000000
      when news2_score >= 1 then 21600000000
      else 43200000000
    end as interval_us
  from recent
  where
    has_{input} or
    false
),
kept as (
  select
    asked.patient_id,
    sum(next_us - greatest(asked.event_us, day_from_us)) as watched_us,
    sum(greatest(next_us - greatest(asked.event_us + interval_us, day_from_us), 0)) as overdue_us
  from asked
  join latest_observations as latest on latest.patient_id = asked.patient_id
  where interval_us is not null and next_us > day_from_us and asked.event_us >= day_from_us - 43200000000
  group by asked.patient_id
),
judged as (
  select
    alerts.patient_id,
    alerts.origin,
    alerts.alert_type,
    alerts.priority,
    alert_links.same_as,
    alerts.raised_at <= event_time and (alerts.cleared_at is null or alerts.cleared_at > event_time) as active,
    alerts.raised_at <= event_time and unix_micros(alerts.raised_at) >= day_from_us as recent
  from silver_alerts as alerts
  join latest_observations as latest on latest.patient_id = alerts.patient_id
  left join alert_links on alert_links.alert_id = alerts.alert_id
),
alarms as (
  select
    sum(case when origin = '{origin}' and active then 1 else 0 end) as {origin}_alerts_active,
    sum(case when origin = '{origin}' and recent then 1 else 0 end) as {origin}_alerts_24h,
    sum(case when counted_as = '{priority}' then 1 else 0 end) as {priority}_alerts_active,
    sum(case when recent and same_as is not null then 1 else 0 end) as same_alerts_24h,
    patient_id
  from (
    select
      judged.*,
      -- an active rule and the devices that tell the same count once, as the gravest of them
      case
        when not active then null
        when 1 <> max(case when active and origin = 'physiological' then 1 else 0 end) over (partition by patient_id, alert_type) then priority
        when origin = 'physiological' then
          case max(case when not active then 0 when priority = 'high' then 3 when priority = 'medium' then 2 else 1 end) over (partition by patient_id, alert_type)
            when 3 then 'high'
            when 2 then 'medium'
            else 'low'
          end
      end as counted_as
    from judged
  ) as counted
  group by patient_id
)
select
  latest.patient_id, -- string!: The patient
  latest.event_time as as_of, -- timestamp!: The patient's last event: when last seen
  latest.event_id as as_of_event_id, -- string!: Its id
  latest.ward_carried as ward, -- string: The latest known ward
  latest.{carried}_carried as {carried}, -- {carried_type}: The latest {carried} within its maximum age at as_of
  latest.{carried}_age_s, -- double: Its age at as_of [s]
  timestamp_micros(counting.{input}_until_us) as {input}_until, -- timestamp: Until when the carried {input} counts
  latest.news2_{component}, -- int: NEWS2 component of {input}; null if unknown
  latest.news2_score, -- int: NEWS2: the sum of the known components (RCP 2017)
  latest.news2_missing, -- int: How many of the seven components are unknown
  latest.news2_max_component, -- int: The greatest known component
  latest.news2_upper, -- int: The greatest NEWS2 over all completions of what is missing
  latest.severity, -- string: Band of news2_score: unknown, low, low_medium, medium, high
  latest.severity_upper, -- string: The highest band over all completions of what is missing
  latest.risk_group, -- string: CRITICAL, MODERATE, STABLE or UNKNOWN
  latest.assumed, -- strings: Inputs that the configuration assumed
  latest.shock_index, -- double: heart_rate / systolic_bp [1]
  latest.qsofa, -- int: qSOFA points of what is known (Singer 2016)
  latest.qsofa_missing, -- int: How many of its three inputs are unknown
  latest.mews, -- int: MEWS (Subbe 2001); null where an input is unknown
  latest.news2_score - earlier.news2_score as news2_change_4h, -- int: news2_score less that in force 4 h before as_of
  trends.{vital}_slope_per_h, -- double: Slope of {vital} in its newest window of the 24 h [{unit}/h]
  trends.{vital}_z, -- double: z of {vital} in that window against the hour before it [1]
  days.{vital}_sum / (100 * nullif(days.{vital}_n, 0)) as {vital}_mean_24h, -- double: Mean {vital} over 24 h [{unit}]
  case when days.{vital}_n > 1 then sqrt((days.{vital}_n * days.{vital}_sum_sq - days.{vital}_sum * days.{vital}_sum) / (days.{vital}_n * (days.{vital}_n - 1))) / 100 end as {vital}_sd_24h, -- double: Standard deviation (n - 1) of {vital} over 24 h [{unit}]
  days.{vital}_min as {vital}_min_24h, -- double: The least {vital} of 24 h [{unit}]
  days.{vital}_max as {vital}_max_24h, -- double: The greatest {vital} of 24 h [{unit}]
  coalesce(days.observations, 0) as observations_24h, -- bigint!: Observations of 24 h
  cast(coalesce(severities.{severity}_us, 0) as double) / 1000000 as {severity}_24h_s, -- double!: Time in severity {severity} within 24 h [s]
  coalesce(alarms.{origin}_alerts_active, 0) as {origin}_alerts_active, -- bigint!: {origin} alerts active at as_of
  coalesce(alarms.{priority}_alerts_active, 0) as {priority}_alerts_active, -- bigint!: Alerts of {priority} priority active at as_of, of any origin; a rule and the devices that tell the same count once, as the gravest of them
  coalesce(alarms.{origin}_alerts_24h, 0) as {origin}_alerts_24h, -- bigint!: {origin} alerts raised within 24 h
  coalesce(alarms.same_alerts_24h, 0) as same_alerts_24h, -- bigint!: Device alerts of 24 h that a physiological one tells too: count once
  case
    when latest.news2_max_component is null then null
    when latest.news2_score >= 7 then 0
    when latest.news2_score >= 5 or latest.news2_max_component = 3 then 1
    when latest.news2_score >= 1 then 6
    else 12
  end as observation_interval_h, -- int: Observation interval that RCP asks for; 0: continuous [h]
  cast(kept.watched_us - kept.overdue_us as double) / nullif(kept.watched_us, 0) as interval_kept_24h, -- double: Share of 24 h in which no observation was overdue [1]
  cast(coalesce(kept.overdue_us, 0) as double) / 1000000 as overdue_24h_s -- double!: Time within 24 h in which an observation was overdue [s]
from latest_observations as latest
left join counting on counting.patient_id = latest.patient_id
left join earlier on earlier.patient_id = latest.patient_id
left join trends on trends.patient_id = latest.patient_id
left join days on days.patient_id = latest.patient_id
left join severities on severities.patient_id = latest.patient_id
left join kept on kept.patient_id = latest.patient_id
left join alarms on alarms.patient_id = latest.patient_id
