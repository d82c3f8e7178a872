"""The numbers that every rule of the reference is held against, and the settings of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

Event = dict[str, Any]
"""One normalised event: the columns of `parse`, instants in microseconds, numbers in hundredths."""

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FORGET_AFTER = 30 * DAY
SCORE_HOLD = 12 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(instant: int | None) -> datetime | None:
    """Yield the aware datetime of an instant in microseconds."""
    return None if instant is None else _EPOCH + timedelta(microseconds=instant)


def micros(when: datetime) -> int:
    """Yield the instant of an aware datetime, in microseconds."""
    return (when - _EPOCH) // timedelta(microseconds=1)


class VitalRule(NamedTuple):
    """What is plausible (inclusive), how finely it is charted [hundredths], how long it may be carried."""

    low: float
    high: float
    step: int
    monitor_age: int
    charted_age: int


_QUICK = (15 * MINUTE, 6 * HOUR)
VITALS: dict[str, VitalRule] = {
    "heart_rate": VitalRule(10, 300, 100, *_QUICK),
    "pulse_rate": VitalRule(10, 300, 100, *_QUICK),
    "resp_rate": VitalRule(2, 80, 100, *_QUICK),
    "spo2": VitalRule(30, 100, 100, *_QUICK),
    "systolic_bp": VitalRule(30, 300, 100, *_QUICK),
    "diastolic_bp": VitalRule(10, 200, 100, *_QUICK),
    "mean_bp": VitalRule(20, 250, 100, *_QUICK),
    "temperature": VitalRule(25, 45, 10, 12 * HOUR, 12 * HOUR),
}
PRESSURES = ("systolic_bp", "diastolic_bp", "mean_bp")

FIELDS = (
    "patient_id", "event_time", "event_id", "encounter_id", "device_id", "ward", "bed", "method",
    "heart_rate", "pulse_rate", "resp_rate", "spo2", "systolic_bp", "diastolic_bp", "mean_bp", "bp_method",
    "temperature", "consciousness", "on_oxygen", "fio2", "oxygen_flow", "spo2_scale",
    "alert_code", "alert_type", "alert_priority", "alert_state", "alert_text", "issues",
)  # fmt: skip
"""What `parse` yields of a payload, in order."""

IN_HUNDREDTHS = (*VITALS, "fio2", "oxygen_flow")


def chart(vital: str, hundredths: int) -> int:
    """Yield the value as a nurse charts it: half up to the vital's resolution; still hundredths."""
    step = VITALS[vital].step
    return (hundredths + step // 2) // step * step


BLANKS = " \t\n\r"


def lower(text: str) -> str:
    """Yield the text with ASCII capitals in lower case, all else as it is."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def compare_form(word: str) -> str:
    """Yield the form in which the words of an alert compare: no ASCII case, blanks, ``*`` or ``_``."""
    return "".join(c for c in lower(word) if c not in BLANKS + "*_")


class DeviceWord(NamedTuple):
    """What a vendor's code means: the alert type, and the priority where the device sends none."""

    alert_type: str
    priority: str | None = None


@dataclass(frozen=True)
class Laxness:
    """Where JSON is read more loosely than RFC 8259 says, or the RFC is silent."""

    trailing_comma: bool = True
    other_spellings: bool = True
    """Whether nan, inf, -NaN, ... are read like NaN and Infinity."""


@dataclass(frozen=True)
class Settings:
    """The configuration that shapes results."""

    monitor_age: Mapping[str, int] = field(default_factory=dict)
    """Maximum ages that differ from the table's, by vital, of values taken by monitor."""
    charted_age: Mapping[str, int] = field(default_factory=dict)
    consciousness_age: int = 12 * HOUR
    on_oxygen_age: int = 12 * HOUR
    window: int = 15 * MINUTE
    grace: int = 2 * MINUTE
    assumptions: Mapping[str | None, Mapping[str, Any]] = field(default_factory=dict)
    """By ward (None: everywhere), what an input counts as where it is not known."""
    device_words: Mapping[str, DeviceWord] = field(default_factory=dict)
    """What device codes mean; spelled in any way that compares alike."""
    laxness: Laxness = Laxness()

    @cached_property
    def device_meanings(self) -> dict[str, DeviceWord]:
        """What device codes mean, by the form in which they compare."""
        return {compare_form(code): meaning for code, meaning in self.device_words.items()}

    def maximum_age(self, vital: str, method: str) -> int:
        """Yield how old a value of this vital, taken so, may be to be carried [us]."""
        if method == "monitor":
            return self.monitor_age.get(vital, VITALS[vital].monitor_age)
        return self.charted_age.get(vital, VITALS[vital].charted_age)


def method_of(event: Event, vital: str) -> str:
    """Yield how the event's reading of the vital was taken; a cuff reading counts as a spot check."""
    if vital in PRESSURES and event["bp_method"] != "arterial":
        return "spot"
    return str(event["method"])


def is_rejected(event: Event, vital: str) -> bool:
    """Tell whether the event brought the vital as a number that can't be true."""
    return f"{vital}:implausible" in event["issues"]
