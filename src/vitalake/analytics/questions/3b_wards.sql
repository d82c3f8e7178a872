/*---
question: 3
caption: Wards, the one with the largest share of critical patients first
grain: ward
reads: gold_patient_risk_snapshot
order: critical_pct desc, moderate_pct desc, ward
---*/
select
  coalesce(ward, '(unknown)') as ward, -- string!: The latest known ward
  count(*) as patients, -- bigint!: Patients
  sum(case when risk_group = 'CRITICAL' then 1 else 0 end) as critical, -- bigint!: Of them CRITICAL
  sum(case when risk_group = 'MODERATE' then 1 else 0 end) as moderate, -- bigint!: MODERATE
  sum(case when risk_group = 'UNKNOWN' then 1 else 0 end) as unknown, -- bigint!: UNKNOWN
  sum(case when risk_group = 'STABLE' then 1 else 0 end) as stable, -- bigint!: STABLE
  cast(100 * sum(case when risk_group = 'CRITICAL' then 1 else 0 end) as double) / count(*) as critical_pct, -- double!: Share that is CRITICAL [%]
  cast(100 * sum(case when risk_group = 'MODERATE' then 1 else 0 end) as double) / count(*) as moderate_pct, -- double!: Share that is MODERATE [%]
  percentile_disc(0.5) within group (order by news2_score) as news2_median, -- int: Median NEWS2
  max(news2_score) as news2_max, -- int: Highest NEWS2
  sum(case when news2_change_4h >= 2 then 1 else 0 end) as rising -- bigint!: Patients whose NEWS2 rose by 2 or more in 4 h
from gold_patient_risk_snapshot
group by coalesce(ward, '(unknown)')
