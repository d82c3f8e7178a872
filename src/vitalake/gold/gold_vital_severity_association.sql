/*---
table: gold_vital_severity_association
grain: day, ward and vital with a reading
key: day, ward, vital
scope: day
partition: day
---*/
-- One reading a patient-hour against the severity at its event, so that who is watched more often weighs no more.  From
-- the sums follow n, means, spreads and correlations of any period: all are whole numbers, of hundredths.  The severity
-- leaves out the vital's own component; a reading counts only where the other four vitals' components are known
-- (consciousness and oxygen count where they are).  Before means 15 to 60 min before a high-priority episode, of any
-- origin, whose type does not look at the vital, alone or in a score.
with readings as (
  select
    silver_readings.*,
    round(value * 100) as hundredths,
    case
      when vital = 'temperature' then floor((round(value * 100) + 5) / 10) * 10
      else floor((round(value * 100) + 50) / 100) * 100
    end as charted
  from silver_readings
  where other_score is not null
),
critical as (
  select
    patient_id,
    alert_type,
    unix_micros(raised_at) as raised_us
  from silver_alerts
  where priority = 'high'
),
preceding as (
  select distinct
    readings.patient_id,
    readings.hour,
    readings.vital
  from readings
  join critical
    on
      critical.patient_id = readings.patient_id
      and unix_micros(readings.event_time) >= critical.raised_us - 3600000000
      and unix_micros(readings.event_time) <= critical.raised_us - 900000000
  anti join alert_vitals
    on alert_vitals.alert_type = critical.alert_type and alert_vitals.vital = readings.vital
),
judged as (
  select
    readings.event_date as day,
    readings.ward,
    readings.vital,
    readings.hundredths as value,
    readings.other_score as score,
    case
      when readings.charted > bands.high_hundredths then readings.charted - bands.high_hundredths
      when bands.vital is not null then 0
    end as high,
    case
      when readings.charted < bands.low_hundredths then bands.low_hundredths - readings.charted
      when bands.vital is not null then 0
    end as low,
    case when preceding.patient_id is null then 0 else 1 end as before
  from readings
  left join normal_bands as bands on bands.vital = readings.vital and bands.therapy = readings.therapy
  left join preceding
    on
      preceding.patient_id = readings.patient_id
      and preceding.hour = readings.hour
      and preceding.vital = readings.vital
)
select
  day, -- date!: UTC date
  ward, -- string!: The latest known ward; (unknown) before one is known
  vital, -- string!: The vital sign
  count(*) as n, -- bigint!: Readings, one a patient-hour: the median of monitored values, else the last charted one
  sum(value) as value_sum, -- bigint!: Their sum in hundredths
  sum(value * value) as value_sum_sq, -- bigint!: The sum of their squares
  sum(score) as score_sum, -- bigint!: The sum of NEWS2 without the vital's own component
  sum(score * score) as score_sum_sq, -- bigint!: The sum of its squares
  sum(value * score) as value_score_sum, -- bigint!: The sum of reading times that score
  sum(case when high > 0 then 1 else 0 end) as high_n, -- bigint!: Readings above the normal band of NEWS2
  sum(high) as high_sum, -- bigint: The sum of distances above it in hundredths; null where the vital has no band
  sum(high * high) as high_sum_sq, -- bigint: The sum of their squares
  sum(high * score) as high_score_sum, -- bigint: The sum of distance times score
  sum(case when low > 0 then 1 else 0 end) as low_n, -- bigint!: Readings below the normal band
  sum(low) as low_sum, -- bigint: The sum of distances below it in hundredths
  sum(low * low) as low_sum_sq, -- bigint: The sum of their squares
  sum(low * score) as low_score_sum, -- bigint: The sum of distance times score
  sum(before) as before_n, -- bigint!: Readings 15 to 60 min before a high-priority episode of a type that does not look at the vital
  sum(case when before = 1 then value else 0 end) as before_sum, -- bigint!: Their sum in hundredths; n and sum less these are the rest
  sum(case when before = 1 then value * value else 0 end) as before_sum_sq, -- bigint!: The sum of their squares
  sum(case when before = 1 and high > 0 then 1 else 0 end) as before_high_n, -- bigint!: Of them those above the normal band
  sum(case when before = 1 and low > 0 then 1 else 0 end) as before_low_n -- bigint!: Of them those below it
from judged
group by day, ward, vital
