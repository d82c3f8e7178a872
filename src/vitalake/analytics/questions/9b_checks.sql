/*---
question: 9
caption: The quality gate's verdicts on the newest Gold, the worst first
grain: expectation
reads: gold_quality_checks
order: verdict_order, expectation
hide: verdict_order
row: expectation
---*/
select
  case verdict when 'fail' then 1 when 'warn' then 2 else 3 end as verdict_order, -- int!: The verdicts' order
  verdict, -- string!: pass, warn or fail
  expectation, -- string!: The expectation
  description, -- string!: What it demands
  value, -- double: What was found; 0 where nothing is wrong
  limit_value, -- double!: The limit that decided
  forced -- boolean!: Whether Gold was merged in spite of a failure
from (
  select
    checks.*,
    checks.limit as limit_value,
    max_by(run_id, checked_at) over () as newest
  from gold_quality_checks as checks
) as judged
where run_id = newest
