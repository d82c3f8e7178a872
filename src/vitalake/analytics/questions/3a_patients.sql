/*---
question: 3
asks: Who is at risk now?
caption: Patients seen in the last 12 h, the one at highest risk first: now is the newest event of the lake, and what is older than its maximum age then is missing
grain: patient seen in the last 12 h
reads: gold_patient_risk_snapshot
order: rank
row: patient_id
---*/
-- UNKNOWN stands before STABLE: what is not known is never taken for normal.
select
  place as rank, -- bigint!: Place, 1 the patient at highest risk
  ranked.patient_id as patient_id, -- string!: The patient
  ranked.ward as ward, -- string: The latest known ward
  ranked.risk_group as risk_group, -- string: CRITICAL, MODERATE, UNKNOWN or STABLE
  ranked.news2_score as news2_score, -- int: NEWS2: the sum of the components known now
  ranked.news2_upper as news2_upper, -- int: The greatest NEWS2 over all completions of what is missing now
  news2_change_4h, -- int: Change of NEWS2 over the 4 h before the patient was last seen
  high_alerts_active, -- bigint!: Alerts of high priority that were active then
  medium_alerts_active, -- bigint!: Alerts of medium priority that were active then
  snapshot.observation_interval_h as observation_interval_h, -- int: Observation interval that RCP asked for then; 0: continuous [h]
  interval_kept_24h, -- double: Share of the 24 h before in which no observation was overdue [1]
  ranked.as_of as as_of, -- timestamp!: When the patient was last seen
  seen_s / 3600 as last_seen_h -- double!: How long ago that is [h]
from {current_patient_risk} as ranked
join gold_patient_risk_snapshot as snapshot on snapshot.patient_id = ranked.patient_id
