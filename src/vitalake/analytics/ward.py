"""The ward ranked by risk with all that is known of each patient, as SELECTs over Gold that both engines run."""

from __future__ import annotations

from typing import Final

from vitalake.gold.definitions import current_view, gold_table

_JUDGED: Final = ("news2_score", "news2_missing", "news2_upper", "severity", "risk_group")
"""What is judged again at the newest event; the rest is as of the patient's own last one."""
_COLUMNS: Final = ", ".join(
    f"{'ranked' if name in _JUDGED else 'snapshot'}.{name} as {name}"
    for name in gold_table("gold_patient_risk_snapshot").table.names
)

CURRENT_WARD: Final = f"""
select ranked.place as rank, ranked.seen_s / 3600 as last_seen_h, {_COLUMNS}
from ({current_view("current_patient_risk")}) as ranked
join gold_patient_risk_snapshot as snapshot on snapshot.patient_id = ranked.patient_id
order by rank
"""
"""A row a patient seen in the 12 h before the newest event, in the order of question 3: at highest risk first."""

ALL_PATIENTS: Final = """
select
  row_number() over (
    order by
      case risk_group when 'CRITICAL' then 0 when 'MODERATE' then 1 when 'UNKNOWN' then 2 else 3 end,
      news2_score desc, news2_upper desc, as_of desc, patient_id
  ) as rank,
  cast(max(unix_micros(as_of)) over () - unix_micros(as_of) as double) / 3600000000 as last_seen_h,
  gold_patient_risk_snapshot.*
from gold_patient_risk_snapshot
order by rank
"""
"""A row a patient who was ever seen, each as of the patient's own last event, in the same order."""
