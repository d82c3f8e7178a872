/*---
question: 3
asks: Who is at risk now?
caption: Patients by risk, the one at highest risk first, each as of the patient's own last event
grain: patient
reads: gold_patient_risk_snapshot
order: rank
row: patient_id
---*/
-- UNKNOWN stands before STABLE: what is not known is never taken for normal.
select
  row_number() over (
    order by
      case risk_group when 'CRITICAL' then 0 when 'MODERATE' then 1 when 'UNKNOWN' then 2 else 3 end,
      news2_score desc, news2_upper desc, as_of desc, patient_id
  ) as rank, -- bigint!: Place, 1 the patient at highest risk
  patient_id, -- string!: The patient
  ward, -- string: The latest known ward
  risk_group, -- string: CRITICAL, MODERATE, UNKNOWN or STABLE
  news2_score, -- int: NEWS2: the sum of the known components
  news2_upper, -- int: The greatest NEWS2 over all completions of what is missing
  news2_change_4h, -- int: news2_score less that in force 4 h before
  high_alerts_active, -- bigint!: Alerts of high priority that were active then
  medium_alerts_active, -- bigint!: Alerts of medium priority that were active then
  observation_interval_h, -- int: Observation interval that RCP asks for; 0: continuous [h]
  interval_kept_24h, -- double: Share of the last 24 h in which no observation was overdue [1]
  as_of, -- timestamp!: When the patient was last seen
  cast(max(unix_micros(as_of)) over () - unix_micros(as_of) as double) / 3600000000 as last_seen_h -- double!: How long that is before the newest event of the lake [h]
from gold_patient_risk_snapshot
