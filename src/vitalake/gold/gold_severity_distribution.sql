/*---
table: gold_severity_distribution
grain: hour, ward and severity
key: hour, ward, severity
scope: hour
partition: event_date
---*/
select
  hour, -- timestamp!: Start of the UTC hour
  ward, -- string!: The latest known ward; (unknown) before one is known
  severity, -- string!: Band of NEWS2: unknown, low, low_medium, medium, high
  count(*) as patients, -- bigint!: Patients who were in it at any time of the hour
  cast(sum(lasted_us) as double) / 1000000 as patient_seconds, -- double!: Time that patients spent in it [s]
  sum(observed) as observations, -- bigint!: Observations in it
  cast(hour as date) as event_date -- date!: UTC date of the hour
from (
  select
    hour,
    ward,
    severity,
    case severity
      when '{severity}' then {severity}_us
    end as lasted_us,
    case severity
      when '{severity}' then {severity}_observations
    end as observed
  from gold_monitored_time
  cross join (values ('unknown'), ('low'), ('low_medium'), ('medium'), ('high')) as bands(severity)
) as spent
where lasted_us > 0 or observed > 0
group by hour, ward, severity
