"""What the physiological alarms look at: nine step functions of time, each fed by one or two holds."""

from __future__ import annotations

from typing import Final

import numpy as np

from vitalake.domain.alert_types import PHYSIOLOGICAL, SCORES
from vitalake.domain.vitals import VITALS

HELD: Final = (*(vital.name for vital in VITALS), *SCORES)
"""What is held, in the order of a state's holds."""

N_VITALS: Final = len(VITALS)

SIGNALS: Final = tuple(dict.fromkeys(alarm.looks_at for alarm in PHYSIOLOGICAL))
"""What alarms look at, in the order of the alarms."""

N_SIGNALS: Final = len(SIGNALS)
SPO2_BIT: Final = 1 << SIGNALS.index("spo2")
ALL_BITS: Final = (1 << N_SIGNALS) - 1
SCORE_BITS: Final = sum(1 << SIGNALS.index(name) for name in SCORES)

PRIMARY: Final = np.array([HELD.index(name) for name in SIGNALS], np.int64)
"""The hold that each signal follows."""

FALLBACK: Final = np.array([HELD.index("pulse_rate") if n == "heart_rate" else -1 for n in SIGNALS], np.int64)
"""The hold that stands in where the first is not in force; -1: none."""

_FED_BY: Final = {**{name: name for name in SIGNALS}, "pulse_rate": "heart_rate"}
FEEDS: Final = np.array([1 << SIGNALS.index(_FED_BY[n]) if n in _FED_BY else 0 for n in HELD], np.int64)
"""The signal that each hold feeds, as a bit."""

FIRST_ALARM: Final = np.searchsorted(
    [SIGNALS.index(alarm.looks_at) for alarm in PHYSIOLOGICAL], np.arange(N_SIGNALS + 1)
).astype(np.int64)
"""The alarms of signal s are FIRST_ALARM[s] up to, but not including, FIRST_ALARM[s + 1]."""

SIGN: Final = np.array([alarm.sign for alarm in PHYSIOLOGICAL], np.int64)
IS_PRESSURE: Final = np.array([name.endswith("_bp") for name in HELD])
COUNTED: Final = np.array(
    [alarm.looks_at in ("news2_score", "news2_max_component") for alarm in PHYSIOLOGICAL]
)
"""Alarms on a score of several components: nobody recovers by going unmeasured."""
