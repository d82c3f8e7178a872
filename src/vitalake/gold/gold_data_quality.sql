/*---
table: gold_data_quality
grain: hour, table and column
key: hour, table_name, column_name
scope: hour
partition: event_date
---*/
-- Hours are whole numbers until the end: cutting 1 M instants to the hour costs more than counting them.
-- A row whose column is '*' speaks of the whole table.  Observations belong to the hour of their event, repeats and
-- quarantined messages to the hour in which they arrived, rows of the risk snapshot to the hour of their as_of.
with patient_hours as (
  select
    unix_micros(event_time) - (unix_micros(event_time) % 3600000000 + 3600000000) % 3600000000 as hour,
    patient_id,
    count({column}) as {column}_valid,
    bool_or(news2_missing = 0) as complete,
    count(*) as n
  from silver_observations
  group by hour, patient_id
),
observed as (
  select
    hour,
    sum({column}_valid) as {column}_valid,
    sum(case when {column}_valid > 0 then 1 else 0 end) as {column}_hours,
    sum(case when complete then 1 else 0 end) as complete_hours,
    sum(n) as n
  from patient_hours
  group by hour
),
issues as (
  select
    hour,
    column_name,
    sum(case when reason = 'implausible' then 1 else 0 end) as implausible,
    sum(case when reason = 'coerced' then 1 else 0 end) as coerced,
    sum(case when reason not in ('implausible', 'coerced') then 1 else 0 end) as unusable
  from (
    select
      hour,
      case split_part(issue, ':', 1) when 'alert' then 'alert_code' else split_part(issue, ':', 1) end as column_name,
      split_part(issue, ':', 2) as reason
    from (
      select
        unix_micros(event_time) - (unix_micros(event_time) % 3600000000 + 3600000000) % 3600000000 as hour,
        explode(issues) as issue
      from silver_observations
    ) as single
  ) as named
  group by hour, column_name
),
-- A file does not tell when its messages came, and may be read long after: only Kafka's have a delay.
delays as (
  select
    hour,
    percentile_disc(0.5) within group (order by delay_us) as p50_us,
    percentile_disc(0.99) within group (order by delay_us) as p99_us
  from (
    select
      unix_micros(event_time) - (unix_micros(event_time) % 3600000000 + 3600000000) % 3600000000 as hour,
      case when source like 'kafka://%' then unix_micros(ingest_time) - unix_micros(event_time) end as delay_us
    from silver_observations
  ) as arrived
  group by hour
),
present as (
  select
    unix_micros(hour) as hour,
    count(*) as patient_hours,
    sum(case when {vital}_n = 0 then 1 else 0 end) as {vital}_nulls,
    count(distinct event_date) as dates
  from gold_patient_hour
  group by hour
),
snapshots as (
  select
    unix_micros(date_trunc('hour', as_of)) as hour,
    sum(case when {carried} is null then 1 else 0 end) as {carried}_nulls,
    count(*) as n
  from gold_patient_risk_snapshot
  group by date_trunc('hour', as_of)
),
repeats as (
  select
    unix_micros(date_trunc('hour', ingest_time)) as hour,
    count(*) as n
  from silver_duplicates
  group by date_trunc('hour', ingest_time)
),
quarantined as (
  select
    unix_micros(date_trunc('hour', ingest_time)) as hour,
    count(*) as n
  from silver_quarantine
  group by date_trunc('hour', ingest_time)
),
measured as (
  select
    observed.hour,
    'silver_observations' as table_name,
    listed.column_name,
    observed.n as row_count,
    case listed.column_name
      when '{column}' then observed.n - observed.{column}_valid
    end as null_count,
    present.patient_hours,
    case listed.column_name
      when '{column}' then observed.{column}_hours
    end as valid_patient_hours,
    cast(null as bigint) as duplicates,
    cast(null as double) as delay_p50_s,
    cast(null as double) as delay_p99_s,
    cast(null as double) as reliability
  from observed
  join present on present.hour = observed.hour
  cross join (
    values
    ('{column}'),
    ('*')
  ) as listed(column_name)
  where listed.column_name <> '*'
  union all
  select
    observed.hour,
    'silver_observations',
    '*',
    observed.n,
    cast(null as bigint),
    present.patient_hours,
    cast(null as bigint),
    cast(null as bigint),
    cast(delays.p50_us as double) / 1000000,
    cast(delays.p99_us as double) / 1000000,
    cast(observed.complete_hours as double) / present.patient_hours
  from observed
  join present on present.hour = observed.hour
  join delays on delays.hour = observed.hour
  union all
  select
    present.hour,
    'gold_patient_hour',
    listed.column_name,
    present.patient_hours,
    case listed.column_name
      when '{vital}_min' then present.{vital}_nulls
    end,
    present.patient_hours,
    case listed.column_name
      when '{vital}_min' then present.patient_hours - present.{vital}_nulls
    end,
    cast(null as bigint),
    cast(null as double),
    cast(null as double),
    cast(null as double)
  from present
  cross join (
    values
    ('{vital}_min'),
    ('*')
  ) as listed(column_name)
  union all
  select
    snapshots.hour,
    'gold_patient_risk_snapshot',
    listed.column_name,
    snapshots.n,
    case listed.column_name
      when '{carried}' then snapshots.{carried}_nulls
    end,
    cast(null as bigint),
    cast(null as bigint),
    cast(null as bigint),
    cast(null as double),
    cast(null as double),
    cast(null as double)
  from snapshots
  cross join (
    values
    ('{carried}'),
    ('*')
  ) as listed(column_name)
  union all
  select
    repeats.hour,
    'silver_duplicates',
    '*',
    repeats.n,
    cast(null as bigint),
    cast(null as bigint),
    cast(null as bigint),
    repeats.n,
    cast(null as double),
    cast(null as double),
    cast(null as double)
  from repeats
  union all
  select
    quarantined.hour,
    'silver_quarantine',
    '*',
    quarantined.n,
    cast(null as bigint),
    cast(null as bigint),
    cast(null as bigint),
    cast(null as bigint),
    cast(null as double),
    cast(null as double),
    cast(null as double)
  from quarantined
)
select
  timestamp_micros(measured.hour) as hour, -- timestamp!: Start of the UTC hour
  measured.table_name, -- string!: The table measured
  measured.column_name, -- string!: Its column; * for the whole table
  measured.row_count, -- bigint!: Rows of the hour
  measured.null_count, -- bigint: Rows in which the column is null
  cast(100 * measured.null_count as double) / measured.row_count as null_pct, -- double: Share of rows in which it is null [%]
  issues.implausible, -- bigint: Values rejected as implausible
  issues.coerced, -- bigint: Numbers that came as text
  issues.unusable, -- bigint: Values unusable for another reason
  measured.duplicates, -- bigint: Repeats dropped that arrived in the hour
  measured.patient_hours, -- bigint: Patients present in the hour
  measured.valid_patient_hours, -- bigint: Patients with a valid value of it in the hour
  cast(measured.valid_patient_hours as double) / measured.patient_hours as completeness, -- double: Share of patients present who have a valid value [1]
  measured.delay_p50_s, -- double: Median arrival delay of Kafka's messages, ingest_time less event_time; null where all came from files [s]
  measured.delay_p99_s, -- double: Its 99th percentile [s]
  measured.reliability, -- double: Share of patients present of whom all seven NEWS2 inputs were known at once [1]
  cast(timestamp_micros(measured.hour) as date) as event_date -- date!: UTC date of the hour
from measured
left join issues
  on
    issues.hour = measured.hour
    and issues.column_name = measured.column_name
    and measured.table_name = 'silver_observations'
