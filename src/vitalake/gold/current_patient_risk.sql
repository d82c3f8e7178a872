/*---
view: current_patient_risk
grain: patient seen within 12 h before now
key: patient_id
argument: now_us
---*/
-- The risk snapshot judged again at an instant: what is older than its maximum age then is missing.
with counted as (
  select
    gold_patient_risk_snapshot.*,
    unix_micros(as_of) as as_of_us,
    case when unix_micros({input}_until) > {now_us} or array_contains(assumed, '{input}') then news2_{component} end as now_{component},
    -- the chart's points for SpO2 on scale 2 with oxygen, which an unknown oxygen may turn out to be
    case
      when coalesce(spo2_scale, 1) <> 2 or spo2 is null or floor(spo2 + 0.5) < 93 then 0
      when floor(spo2 + 0.5) < 95 then 1
      when floor(spo2 + 0.5) < 97 then 2
      else 3
    end as on_oxygen_points
  from gold_patient_risk_snapshot
  where unix_micros(as_of) > {now_us} - 43200000000
),
settled as (
  select
    counted.patient_id,
    counted.ward,
    counted.as_of,
    counted.as_of_us,
    now_resp_rate,
    case when now_oxygen is null and on_oxygen_points > 0 and now_spo2 is not null then 0 else now_spo2 end as now_spo2,
    now_oxygen,
    now_systolic_bp,
    now_heart_rate,
    now_consciousness,
    now_temperature,
    case when now_oxygen is null and now_spo2 is not null then on_oxygen_points else 0 end as more_points
  from counted
),
summed as (
  select
    settled.*,
    coalesce(now_resp_rate, 0) + coalesce(now_spo2, 0) + coalesce(now_oxygen, 0) + coalesce(now_systolic_bp, 0)
    + coalesce(now_heart_rate, 0) + coalesce(now_consciousness, 0) + coalesce(now_temperature, 0) as score,
    greatest(
      coalesce(now_resp_rate, 0), coalesce(now_spo2, 0), coalesce(now_oxygen, 0), coalesce(now_systolic_bp, 0),
      coalesce(now_heart_rate, 0), coalesce(now_consciousness, 0), coalesce(now_temperature, 0)
    ) as greatest_points,
    case when now_oxygen is null then 1 else 0 end as oxygen_missing,
    case when now_resp_rate is null then 1 else 0 end + case when now_spo2 is null then 1 else 0 end
    + case when now_systolic_bp is null then 1 else 0 end + case when now_heart_rate is null then 1 else 0 end
    + case when now_consciousness is null then 1 else 0 end + case when now_temperature is null then 1 else 0 end
      as others_missing
  from settled
),
bounded as (
  select
    summed.*,
    score + 3 * others_missing + oxygen_missing * 2 + more_points as upper
  from summed
),
banded as (
  select
    bounded.*,
    case
      when score >= 7 then 'high'
      when score >= 5 then 'medium'
      when greatest_points = 3 then 'low_medium'
      when upper <= 4 and others_missing = 0 and more_points < 3 then 'low'
      else 'unknown'
    end as band
  from bounded
)
select
  row_number() over (
    order by
      case band when 'high' then 0 when 'medium' then 1 when 'low_medium' then 1 when 'unknown' then 2 else 3 end,
      score desc, upper desc, as_of_us desc, patient_id
  ) as place, -- bigint!: Rank: risk group (UNKNOWN before STABLE), score, upper bound, newest
  patient_id, -- string!: The patient
  ward, -- string: The latest known ward
  as_of, -- timestamp!: When last seen
  cast({now_us} - as_of_us as double) / 1000000 as seen_s, -- double!: How long ago [s]
  score as news2_score, -- int!: NEWS2 of what is within its maximum age at now
  oxygen_missing + others_missing as news2_missing, -- int!: How many of the seven inputs are missing at now
  upper as news2_upper, -- int!: The greatest NEWS2 over all completions of what is missing
  band as severity, -- string!: Band at now: unknown, low, low_medium, medium, high
  case band when 'high' then 'CRITICAL' when 'low' then 'STABLE' when 'unknown' then 'UNKNOWN' else 'MODERATE' end as risk_group -- string!: CRITICAL, MODERATE, STABLE or UNKNOWN
from banded
