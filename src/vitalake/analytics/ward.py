"""The ward ranked by risk, as a SELECT over Gold that both engines run."""

from __future__ import annotations

from typing import Final

RANKED_WARD: Final = """
  select
    row_number() over (
      order by
        case risk_group when 'CRITICAL' then 0 when 'MODERATE' then 1 when 'UNKNOWN' then 2 else 3 end,
        news2_score desc, news2_upper desc, as_of desc, patient_id
    ) as rank,
    snapshot.*
  from gold_patient_risk_snapshot as snapshot
  order by rank
"""
"""One row a patient, the one at highest risk first: by group, score, upper bound, newest."""
