"""The ward ranked by risk with all that is known of each patient, as a SELECT over Gold that both engines run."""

from __future__ import annotations

from typing import Final

from vitalake.gold.definitions import current_view

NOW: Final = ("rank", "risk_group", "severity", "news2_score", "news2_missing", "news2_upper")
"""What is judged again at the newest event, in columns ``now_...``; null for who was not seen in the 12 h before."""

RANKED_WARD: Final = f"""
select
  row_number() over (
    order by
      case snapshot.risk_group when 'CRITICAL' then 0 when 'MODERATE' then 1 when 'UNKNOWN' then 2 else 3 end,
      snapshot.news2_score desc, snapshot.news2_upper desc, snapshot.as_of desc, snapshot.patient_id
  ) as rank,
  cast(max(unix_micros(snapshot.as_of)) over () - unix_micros(snapshot.as_of) as double) / 3600000000 as last_seen_h,
  ranked.place as now_rank,
  {", ".join(f"ranked.{name} as now_{name}" for name in NOW[1:])},
  snapshot.*
from gold_patient_risk_snapshot as snapshot
left join ({current_view("current_patient_risk")}) as ranked on ranked.patient_id = snapshot.patient_id
order by rank
"""
"""A row a patient who was ever seen, as of the patient's own last event: the one at highest risk then first."""
