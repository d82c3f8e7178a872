"""The one vocabulary of alerts: types, origins, how an episode ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vitalake.domain.vitals import BY_NAME

SCORES: Final = ("news2_score", "news2_max_component", "consciousness")
"""What a physiological alarm may look at besides vitals; a charted value does not cut their delays short."""


@dataclass(frozen=True)
class AlarmType:
    """One physiological alarm: which vital or score it looks at, and whether above or below its limits."""

    name: str
    looks_at: str
    above: bool

    @property
    def sign(self) -> int:
        """1 for an alarm above its limit, -1 for one below."""
        return 1 if self.above else -1

    @property
    def unit(self) -> str:
        """The UCUM unit of its limits."""
        return BY_NAME[self.looks_at].unit if self.looks_at in BY_NAME else "1"


PHYSIOLOGICAL: Final = (
    AlarmType("tachycardia", "heart_rate", above=True),
    AlarmType("bradycardia", "heart_rate", above=False),
    AlarmType("tachypnoea", "resp_rate", above=True),
    AlarmType("bradypnoea", "resp_rate", above=False),
    AlarmType("hypoxaemia", "spo2", above=False),
    AlarmType("hyperoxaemia", "spo2", above=True),
    AlarmType("hypertension", "systolic_bp", above=True),
    AlarmType("hypotension", "systolic_bp", above=False),
    AlarmType("low_mean_pressure", "mean_bp", above=False),
    AlarmType("fever", "temperature", above=True),
    AlarmType("hypothermia", "temperature", above=False),
    AlarmType("early_warning", "news2_score", above=True),
    AlarmType("single_parameter", "news2_max_component", above=True),
    AlarmType("reduced_consciousness", "consciousness", above=True),
)
"""The alarms that vitalake judges itself; those of one vital or score stand together."""

_ABOVE: Final = frozenset(alarm.name for alarm in PHYSIOLOGICAL if alarm.above)


def beyond_limit(alert_type: str, limit: float) -> str:
    """Yield what a value was that met a physiological alarm's condition: beyond its limit, never at it.

    >>> beyond_limit("early_warning", 6.0), beyond_limit("hypotension", 71.0)
    ('> 6', '< 71')
    """
    return f"{'>' if alert_type in _ABOVE else '<'} {limit:g}"


DEVICE_ONLY: Final = (
    "asystole", "ventricular_fibrillation", "ventricular_tachycardia", "extreme_tachycardia",
    "extreme_bradycardia", "apnoea", "arrhythmia_other", "pacer", "leads_off", "probe_off", "cuff_failure",
    "low_battery", "device_fault", "airway_pressure",
)  # fmt: skip
"""What only a device can tell."""

OTHER: Final = "other"
"""A device alarm whose code nobody has mapped."""

ALERT_TYPES: Final = (*(alarm.name for alarm in PHYSIOLOGICAL), *DEVICE_ONLY, OTHER)
"""Every alert type; the index is the code in kernels and stored states, so new ones go to the end."""

DEVICE_TYPES: Final = ALERT_TYPES
"""What a device alarm may be."""

CLEARED_BY: Final = ("recovery", "expiry", "device_end", "timeout")
"""How an episode ends; the index is the code in kernels."""
RECOVERY, EXPIRY, DEVICE_END, TIMEOUT = range(len(CLEARED_BY))
