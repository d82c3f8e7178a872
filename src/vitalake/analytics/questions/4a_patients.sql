/*---
question: 4
asks: Who generates most alerts?
caption: Patients by alert episodes, physiological and device, the same ones counted once; technical episodes beside them
grain: patient with an episode
reads: gold_alert_frequency, gold_patient_risk_snapshot
order: rank, patient_id
row: patient_id
---*/
with totals as (
  select
    patient_id,
    sum(episodes) as episodes,
    sum(high_episodes) as high_episodes,
    sum(medium_episodes) as medium_episodes,
    sum(low_episodes) as low_episodes,
    sum(technical_episodes) as technical_episodes,
    sum(round(60 * monitored_minutes)) as monitored_s
  from gold_alert_frequency
  group by patient_id
)
select
  rank() over (order by totals.episodes desc) as rank, -- bigint!: Place, 1 the patient with most episodes
  totals.patient_id, -- string!: The patient
  snapshot.ward, -- string: The latest known ward
  totals.episodes, -- bigint!: Physiological and device episodes, the same ones counted once
  totals.high_episodes, -- bigint!: Of them of high priority
  totals.medium_episodes, -- bigint!: Of medium priority
  totals.low_episodes, -- bigint!: Of low priority
  totals.technical_episodes, -- bigint!: Technical episodes, counted apart
  cast(100 * totals.episodes as double) / nullif(sum(totals.episodes) over (), 0) as share_pct, -- double: Share of all patients' episodes [%]
  cast(100 * sum(totals.episodes) over (
    order by totals.episodes desc, totals.patient_id rows between unbounded preceding and current row
  ) as double) / nullif(sum(totals.episodes) over (), 0) as cumulative_pct, -- double: Share of this patient and all before [%]
  totals.monitored_s / 3600 as monitored_h, -- double!: Time present [h]
  86400 * totals.episodes / nullif(totals.monitored_s, 0) as per_day -- double: Burden: episodes per monitored patient-day [1]
from totals
left join gold_patient_risk_snapshot as snapshot on snapshot.patient_id = totals.patient_id
where totals.episodes > 0 or totals.technical_episodes > 0
