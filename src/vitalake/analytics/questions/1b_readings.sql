/*---
question: 1
caption: Readings by value and by NEWS2 of the other inputs
grain: vital sign, charted value and NEWS2 without the vital's own component
reads: silver_readings
order: vital, charted, others
for: picture
---*/
select
  vital, -- string!: The vital sign
  charted, -- double!: Its value, rounded as charted, in its unit
  others, -- int!: NEWS2 without the vital's own component
  count(*) as readings -- bigint!: How many patient-hours
from (
  select
    vital,
    other_score as others,
    case vital
      when 'temperature' then floor((round(100 * value) + 5) / 10) / 10
      else floor((round(100 * value) + 50) / 100)
    end as charted
  from silver_readings
  where other_score is not null
) as rounded
group by vital, charted, others
