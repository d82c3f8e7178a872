/*---
question: 2
asks: Which vital signs are most associated with critical alerts?
caption: Readings 15 to 60 min before a high-priority alert of a type that does not look at the vital, against the rest
grain: vital sign
reads: gold_vital_severity_association
order: strength desc, vital
hide: strength
row: vital
---*/
-- An alarm on a vital follows from that vital, so alerts whose type looks at it, alone or in a score, are left out.
with totals as (
  select
    vital,
    sum(before_n) as before_n,
    sum(n) - sum(before_n) as rest_n,
    cast(sum(before_sum) as double) / 100 as before_sum,
    cast(sum(value_sum) - sum(before_sum) as double) / 100 as rest_sum,
    cast(sum(before_sum_sq) as double) / 10000 as before_sum_sq,
    cast(sum(value_sum_sq) - sum(before_sum_sq) as double) / 10000 as rest_sum_sq,
    case when sum(high_sum) is not null then sum(before_high_n) + sum(before_low_n) end as before_outside,
    case when sum(high_sum) is not null then sum(high_n) + sum(low_n) - sum(before_high_n) - sum(before_low_n) end
      as rest_outside
  from gold_vital_severity_association
  group by vital
),
spreads as (
  select
    totals.*,
    before_sum / nullif(before_n, 0) as before_mean,
    rest_sum / nullif(rest_n, 0) as rest_mean,
    case when before_n > 1 and rest_n > 1 then
      sqrt(greatest((
        (before_sum_sq - before_sum * before_sum / nullif(before_n, 0))
        + (rest_sum_sq - rest_sum * rest_sum / nullif(rest_n, 0))
      ) / (before_n + rest_n - 2), 0))
    end as pooled_sd
  from totals
),
effects as (
  select
    spreads.*,
    (before_mean - rest_mean) / nullif(pooled_sd, 0) as effect
  from spreads
),
errors as (
  select
    effects.*,
    sqrt(
      cast(before_n + rest_n as double) / nullif(cast(before_n as double) * rest_n, 0)
      + effect * effect / (2 * nullif(before_n + rest_n, 0))
    ) as standard_error
  from effects
)
select
  abs(coalesce(effect, 0)) as strength, -- double!: The effect without sign
  vital, -- string!: The vital sign
  before_n, -- bigint!: Readings before critical alerts, one a patient-hour
  rest_n, -- bigint!: The other readings
  before_mean, -- double: Mean before, in the unit of the vital
  rest_mean, -- double: Mean of the rest
  effect, -- double: Difference of the means in pooled standard deviations (Cohen's d) [1]
  effect - 1.96 * standard_error as effect_from, -- double: Lower end of its 95 % confidence interval, were the readings independent [1]
  effect + 1.96 * standard_error as effect_to, -- double: Upper end [1]
  cast(100 * before_outside as double) / nullif(before_n, 0) as before_outside_pct, -- double: Readings outside the normal band of NEWS2, before [%]
  cast(100 * rest_outside as double) / nullif(rest_n, 0) as rest_outside_pct -- double: And of the rest [%]
from errors
