/*---
question: 1
asks: How do vital signs correlate with severity?
caption: Correlation of each vital with NEWS2 of the other inputs, by the greatest of r, high_r and low_r, signs aside
grain: vital sign
reads: gold_vital_severity_association
order: strength desc, vital
hide: strength
row: vital
---*/
-- One reading a patient-hour, against NEWS2 without the vital's own component: a vital never correlates with itself.
-- What is dangerous both high and low shows in the distances outside its normal band rather than in r.
with totals as (
  select
    vital,
    cast(sum(n) as double) as n,
    cast(sum(value_sum) as double) as v,
    cast(sum(value_sum_sq) as double) as vv,
    cast(sum(score_sum) as double) as s,
    cast(sum(score_sum_sq) as double) as ss,
    cast(sum(value_score_sum) as double) as vs,
    sum(high_n) as high_n,
    cast(sum(high_sum) as double) as h,
    cast(sum(high_sum_sq) as double) as hh,
    cast(sum(high_score_sum) as double) as hs,
    sum(low_n) as low_n,
    cast(sum(low_sum) as double) as l,
    cast(sum(low_sum_sq) as double) as ll,
    cast(sum(low_score_sum) as double) as ls
  from gold_vital_severity_association
  group by vital
),
spreads as (
  select
    totals.*,
    sqrt(n * vv - v * v) * sqrt(n * ss - s * s) as value_spread,
    sqrt(n * hh - h * h) * sqrt(n * ss - s * s) as high_spread,
    sqrt(n * ll - l * l) * sqrt(n * ss - s * s) as low_spread
  from totals
),
correlated as (
  select
    spreads.*,
    (n * vs - v * s) / nullif(value_spread, 0) as r,
    (n * hs - h * s) / nullif(high_spread, 0) as high_r,
    (n * ls - l * s) / nullif(low_spread, 0) as low_r
  from spreads
)
select
  greatest(abs(coalesce(r, 0)), abs(coalesce(high_r, 0)), abs(coalesce(low_r, 0))) as strength, -- double!: The greatest of the correlations without sign
  vital, -- string!: The vital sign
  n, -- bigint!: Readings, one a patient-hour, where the other vitals' components were known
  r, -- double: Pearson's correlation of its value with the score [1]
  case when n > 3 then greatest(r - 1.96 * (1 - r * r) / sqrt(n - 1), -1) end as r_from, -- double: Lower end of the 95 % confidence interval of r, were the readings independent [1]
  case when n > 3 then least(r + 1.96 * (1 - r * r) / sqrt(n - 1), 1) end as r_to, -- double: Upper end [1]
  high_n, -- bigint!: Readings above the normal band of NEWS2
  high_r, -- double: Correlation of the distance above the band with the score [1]
  low_n, -- bigint!: Readings below the band
  low_r -- double: Correlation of the distance below the band with the score [1]
from correlated
