"""The ward ranked by risk with all that is known of each patient, as a SELECT over Gold that both engines run."""

from __future__ import annotations

from typing import Final

from vitalake.analytics.catalogue import question

RANKED_WARD: Final = f"""
select
  ranked.rank,
  ranked.last_seen_h,
  snapshot.*
from ({question(3).part("patients").sql}) as ranked
join gold_patient_risk_snapshot as snapshot on snapshot.patient_id = ranked.patient_id
order by rank
"""
"""One row a patient, in the order of question 3: the one at highest risk first."""
