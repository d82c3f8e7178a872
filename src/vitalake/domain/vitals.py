"""THE dictionary of vital signs: name, unit, LOINC code, plausible range, resolution, maximum age.

Every limit that a reading is held against stands here and nowhere else.  Numbers inside vitalake are *hundredths*
(``int32``; 36.6 Cel is 3660), with :data:`NULL` for a missing one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NULL: Final = -(2**31)
"""The hundredths of a value that is not there."""

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US

FORGET_AFTER_US: Final = 30 * DAY_US
"""Anything carried is forgotten this long after the event that brought it."""

SCORE_HOLD_US: Final = 12 * HOUR_US
"""How long a score, or a severity, holds without another event of the patient."""


@dataclass(frozen=True)
class Vital:
    """One measured quantity of the wire contract.

    ``low`` and ``high`` bound what is plausible (inclusive); ``resolution`` is how a nurse charts it;
    ``monitor_age_us`` and ``charted_age_us`` are the maximum ages of a carried value, by how it was taken.
    """

    name: str
    title: str
    unit: str
    loinc: str
    low: float
    high: float
    resolution: float
    monitor_age_us: int
    charted_age_us: int


_SHORT, _LONG = 15 * MINUTE_US, 6 * HOUR_US
_SLOW = 12 * HOUR_US

VITALS: Final[tuple[Vital, ...]] = (
    Vital("heart_rate", "Heart rate", "/min", "8867-4", 10, 300, 1, _SHORT, _LONG),
    Vital("pulse_rate", "Pulse rate", "/min", "8889-8", 10, 300, 1, _SHORT, _LONG),
    Vital("resp_rate", "Respiratory rate", "/min", "9279-1", 2, 80, 1, _SHORT, _LONG),
    Vital("spo2", "SpO2", "%", "59408-5", 30, 100, 1, _SHORT, _LONG),
    Vital("systolic_bp", "Systolic blood pressure", "mm[Hg]", "8480-6", 30, 300, 1, _SHORT, _LONG),
    Vital("diastolic_bp", "Diastolic blood pressure", "mm[Hg]", "8462-4", 10, 200, 1, _SHORT, _LONG),
    Vital("mean_bp", "Mean blood pressure", "mm[Hg]", "8478-0", 20, 250, 1, _SHORT, _LONG),
    Vital("temperature", "Temperature", "Cel", "8310-5", 25, 45, 0.1, _SLOW, _SLOW),
)
"""The eight vitals, in the order of the wire contract."""

BY_NAME: Final[dict[str, Vital]] = {vital.name: vital for vital in VITALS}

NEWS2_INPUTS: Final = (
    "resp_rate", "spo2", "on_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature",
)  # fmt: skip
"""The seven inputs of NEWS2, in the order of the RCP chart."""

CARRIED: Final = (
    "heart_rate", "resp_rate", "spo2", "systolic_bp", "temperature", "consciousness", "on_oxygen", "spo2_scale",
)  # fmt: skip
"""What is carried forward from event to event."""

METHODS: Final = ("monitor", "spot", "manual")
BP_METHODS: Final = ("cuff", "arterial")
CONSCIOUSNESS: Final = ("A", "C", "V", "P", "U")
SEVERITIES: Final = ("unknown", "low", "low_medium", "medium", "high")
"""Severities in rising order; the index is the code used in kernels."""
RISK_GROUPS: Final[dict[str, str]] = {
    "unknown": "UNKNOWN", "low": "STABLE", "low_medium": "MODERATE", "medium": "MODERATE", "high": "CRITICAL",
}  # fmt: skip
PRIORITIES: Final = ("low", "medium", "high")
