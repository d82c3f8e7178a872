"""What is normal for NEWS2, and which alarms look at a vital: the two tables that associations rest on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.domain.alert_types import ALERT_TYPES, PHYSIOLOGICAL, SCORES
from vitalake.domain.bands import Bands
from vitalake.domain.news2 import (
    HEART_RATE,
    RESP_RATE,
    SCORES_AS,
    SPO2_SCALE_1,
    SPO2_SCALE_2_ON_AIR,
    SPO2_SCALE_2_ON_OXYGEN,
    SYSTOLIC_BP,
    TEMPERATURE,
)
from vitalake.domain.policy import THERAPIES
from vitalake.domain.vitals import BY_NAME, VITALS

_BANDS_SCHEMA: Final = pa.schema(
    [
        ("vital", pa.string()),
        ("therapy", pa.string()),
        ("low_hundredths", pa.int64()),
        ("high_hundredths", pa.int64()),
    ]
)
_ALERT_VITALS_SCHEMA: Final = pa.schema([("alert_type", pa.string()), ("vital", pa.string())])

_CHART: Final[tuple[tuple[Bands, str], ...]] = (
    *((bands, "") for bands in (RESP_RATE, SYSTOLIC_BP, HEART_RATE, TEMPERATURE)),
    *zip((SPO2_SCALE_1, SPO2_SCALE_2_ON_AIR, SPO2_SCALE_2_ON_OXYGEN), THERAPIES, strict=True),
)
"""The vitals that NEWS2 scores, by therapy."""

_LOOKS_AT: Final[Mapping[str, str]] = {
    "asystole": "heart_rate",
    "extreme_tachycardia": "heart_rate",
    "extreme_bradycardia": "heart_rate",
    "ventricular_fibrillation": "heart_rate",
    "ventricular_tachycardia": "heart_rate",
    "apnoea": "resp_rate",
}
"""The vital that an alarm which only devices know tells too."""


def normal_bands() -> pa.Table:
    """Yield ``normal_bands``: one row a vital that NEWS2 scores (SpO2: and therapy), its charted values of 0 points.

    Bounds are inclusive, in hundredths; the plausible range bounds what the chart leaves open.
    """
    rows = [
        {
            "vital": bands.vital,
            "therapy": therapy,
            "low_hundredths": round(100 * BY_NAME[bands.vital].resolution * int(normal[0])),
            "high_hundredths": round(100 * BY_NAME[bands.vital].resolution * int(normal[-1])),
        }
        for bands, therapy in _CHART
        for normal in [np.flatnonzero(bands.by_step() == 0)]
    ]
    return pa.Table.from_pylist(rows, schema=_BANDS_SCHEMA)


def alert_vitals() -> pa.Table:
    """Yield ``alert_vitals``: one row an alert type and a vital that it looks at, alone or in a score."""
    looks_at = {alarm.name: alarm.looks_at for alarm in PHYSIOLOGICAL} | dict(_LOOKS_AT)
    rows = [
        {"alert_type": name, "vital": vital.name}
        for name in ALERT_TYPES
        for vital in VITALS
        if name in looks_at and _tells(looks_at[name], vital.name)
    ]
    return pa.Table.from_pylist(rows, schema=_ALERT_VITALS_SCHEMA)


def _tells(looks_at: str, vital: str) -> bool:
    """Tell whether what an alarm looks at depends on a vital: as itself, as another measurement of it, in a score."""
    if looks_at in SCORES:
        return looks_at != "consciousness"
    return SCORES_AS.get(looks_at, looks_at) == SCORES_AS.get(vital, vital)
