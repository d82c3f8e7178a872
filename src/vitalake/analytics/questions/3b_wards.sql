/*---
question: 3
caption: Wards, the one with the largest share of critical patients first
grain: ward
reads: gold_patient_risk_snapshot
order: critical_pct desc, moderate_pct desc, patients desc, ward
---*/
select
  coalesce(snapshot.ward, '(unknown)') as ward, -- string!: The latest known ward
  count(ranked.patient_id) as patients, -- bigint!: Patients seen in the last 12 h
  sum(case when ranked.risk_group = 'CRITICAL' then 1 else 0 end) as critical, -- bigint!: Of them CRITICAL
  sum(case when ranked.risk_group = 'MODERATE' then 1 else 0 end) as moderate, -- bigint!: MODERATE
  sum(case when ranked.risk_group = 'UNKNOWN' then 1 else 0 end) as unknown, -- bigint!: UNKNOWN
  sum(case when ranked.risk_group = 'STABLE' then 1 else 0 end) as stable, -- bigint!: STABLE
  cast(100 * sum(case when ranked.risk_group = 'CRITICAL' then 1 else 0 end) as double) / greatest(count(ranked.patient_id), 1) as critical_pct, -- double!: Share that is CRITICAL [%]
  cast(100 * sum(case when ranked.risk_group = 'MODERATE' then 1 else 0 end) as double) / greatest(count(ranked.patient_id), 1) as moderate_pct, -- double!: Share that is MODERATE [%]
  percentile_disc(0.5) within group (order by ranked.news2_score) as news2_median, -- int: Median NEWS2
  max(ranked.news2_score) as news2_max, -- int: Highest NEWS2
  sum(case when ranked.patient_id is not null and news2_change_4h >= 2 then 1 else 0 end) as rising, -- bigint!: Patients whose NEWS2 rose by 2 or more in 4 h
  sum(case when ranked.patient_id is null then 1 else 0 end) as not_seen -- bigint!: Patients not seen in the last 12 h, who count in no other column
from gold_patient_risk_snapshot as snapshot
left join {current_patient_risk} as ranked on ranked.patient_id = snapshot.patient_id
group by coalesce(snapshot.ward, '(unknown)')
