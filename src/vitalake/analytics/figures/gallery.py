"""Which pictures belong to which question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vitalake.analytics.figures.alerts import PATIENTS, THRESHOLDS, TYPES
from vitalake.analytics.figures.associations import BEFORE, CORRELATIONS
from vitalake.analytics.figures.picture import Picture
from vitalake.analytics.figures.quality import COMPLETENESS, NULLS, RELIABILITY
from vitalake.analytics.figures.severity import BREAKDOWN, HEART_RATE, VITALS_BY_SEVERITY

PICTURES: Final[Mapping[int, tuple[Picture, ...]]] = {
    1: (CORRELATIONS, VITALS_BY_SEVERITY, HEART_RATE),
    2: (BEFORE,),
    3: (BREAKDOWN,),
    4: (PATIENTS,),
    5: (TYPES,),
    6: (THRESHOLDS,),
    7: (COMPLETENESS,),
    8: (NULLS,),
    9: (RELIABILITY,),
}
"""The pictures of each question, by its number."""
