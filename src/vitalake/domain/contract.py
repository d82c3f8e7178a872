"""THE wire contract, version 1: each field of a message, its rule, and what can be wrong with it.

The parser, the published JSON Schema and AsyncAPI document, and the table of docs/contract.md are made
from this.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final, Literal

from vitalake.domain.vitals import BP_METHODS, CONSCIOUSNESS, METHODS, MINUTE_US, PRIORITIES, VITALS

Kind = Literal["text", "instant", "code", "number", "boolean", "scale", "alert"]

VERSION: Final = 1
ID_LENGTH: Final = 128
"""The longest id, ward, bed or alert code, in code points."""
TEXT_LENGTH: Final = 1000
"""The longest alert text, in code points."""
CODE_LIMIT: Final = 2**53
"""A device's numeric alert code lies below this, where every whole number is exact as a double."""
AIR_FRACTION: Final = 0.21
"""The oxygen fraction of room air: more is oxygen therapy."""
FUTURE_LIMIT_US: Final = 5 * MINUTE_US
"""How far an event may lie ahead of its receipt: clocks differ."""

REASONS: Final = (
    "implausible", "not_a_number", "not_finite", "unknown_code", "unknown_unit", "bad_text", "coerced",
)  # fmt: skip
"""What can be wrong with a field; the index is the code used by the parser."""

QUARANTINE_REASONS: Final = (
    "not_utf8", "not_json", "not_object",
    "missing_event_id", "missing_patient_id", "missing_event_time",
    "bad_event_id", "bad_patient_id", "bad_event_time",
    "future_event_time", "nothing_measured", "conflicting_duplicate",
)  # fmt: skip
"""Why a whole message goes to quarantine: the first that applies, in this order."""

_NUMBER = ("implausible", "not_a_number", "not_finite", "coerced")
_REASONS_OF: Final[dict[Kind, tuple[str, ...]]] = {
    "text": ("bad_text",),
    "instant": (),
    "code": ("unknown_code",),
    "number": _NUMBER,
    "boolean": ("unknown_code",),
    "scale": ("not_a_number", "not_finite", "unknown_code", "coerced"),
    "alert": ("bad_text",),
}


@dataclass(frozen=True)
class WireField:
    """One field of a message.

    ``low`` and ``high`` bound a number (inclusive, in ``unit``), or its hundredth where it may come as
    ``percent``; ``codes`` are the words of a code, as kept;
    ``default`` is taken where the field is missing or unusable; ``longest`` bounds a text in code points.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    unit: str | None = None
    low: float = -inf
    high: float = inf
    resolution: float | None = None
    percent: bool = False
    codes: tuple[str, ...] = ()
    default: str | None = None
    longest: int = ID_LENGTH
    extra_reasons: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons that its issue can have; without a required field its event or alert is unusable."""
        return () if self.required else (*_REASONS_OF[self.kind], *self.extra_reasons)


_NOTES: Final = {
    "heart_rate": "by ECG",
    "pulse_rate": "by pleth",
    "spo2": "by pulse oximetry; not a blood-gas SaO2",
    **dict.fromkeys(("systolic_bp", "diastolic_bp", "mean_bp"), "one measurement of three, see Pressures"),
    "temperature": "converted where `temperature_unit` is `degF`",
}


def _vital(name: str) -> WireField:
    vital = next(vital for vital in VITALS if vital.name == name)
    doc = f"{vital.title}, {_NOTES[name]}" if name in _NOTES else vital.title
    extra = ("unknown_unit",) if name == "temperature" else ()
    return WireField(
        name,
        "number",
        doc,
        unit=vital.unit,
        low=vital.low,
        high=vital.high,
        resolution=vital.resolution,
        extra_reasons=extra,
    )


FIELDS: Final[tuple[WireField, ...]] = (
    WireField(
        "event_id",
        "text",
        "Names the event; with patient and event time the deduplication key",
        required=True,
    ),
    WireField("patient_id", "text", "The patient; also the Kafka key", required=True),
    WireField(
        "event_time", "instant", "When it was measured; at most 5 min ahead of its receipt", required=True
    ),
    WireField("encounter_id", "text", "The encounter"),
    WireField("device_id", "text", "The device"),
    WireField("ward", "text", "The ward"),
    WireField("bed", "text", "The bed"),
    WireField(
        "method",
        "code",
        "How the vitals were taken: by monitor, by a spot check or cuff device, charted by hand",
        codes=METHODS,
        default="monitor",
    ),
    *(_vital(name) for name in ("heart_rate", "pulse_rate", "resp_rate", "spo2")),
    *(_vital(name) for name in ("systolic_bp", "diastolic_bp", "mean_bp")),
    WireField(
        "bp_method",
        "code",
        "How the pressures were taken; a cuff reading counts as `spot`, whatever the event's method",
        codes=BP_METHODS,
        default="cuff",
    ),
    _vital("temperature"),
    WireField(
        "temperature_unit",
        "code",
        "The unit of `temperature`; another makes it null",
        codes=("Cel", "degF"),
        default="Cel",
    ),
    WireField(
        "consciousness", "code", "ACVPU: alert, confused, voice, pain, unresponsive", codes=CONSCIOUSNESS
    ),
    WireField(
        "on_oxygen", "boolean", "Oxygen therapy; where unusable it is judged from `fio2`, else `oxygen_flow`"
    ),
    WireField(
        "fio2",
        "number",
        "Inspired oxygen fraction; 20..100 is percent; below 0.21 is taken as 0.21",
        unit="1",
        low=0.2,
        high=1.0,
        percent=True,
    ),
    WireField("oxygen_flow", "number", "Oxygen flow", unit="L/min", low=0, high=80),
    WireField(
        "spo2_scale",
        "scale",
        "NEWS2 SpO2 scale; 2 only where a clinician prescribed 88-92 %",
        codes=("1", "2"),
    ),
    WireField("alert", "alert", "A device alarm"),
)
"""Every field of a message, in the order of the contract."""

ALERT_FIELDS: Final[tuple[WireField, ...]] = (
    WireField(
        "code",
        "text",
        "The device's own code; a whole number from 0 below 2^53 is kept as its digits",
        required=True,
    ),
    WireField("priority", "code", "The device's priority; an unusable one is none", codes=PRIORITIES),
    WireField(
        "state",
        "code",
        "What happened to the alarm",
        codes=("start", "continue", "update", "end", "point"),
        default="start",
    ),
    WireField("text", "text", "What the device shows", longest=TEXT_LENGTH),
)
"""The fields of a device alarm; without a usable ``code`` the whole alert is unusable."""

BY_NAME: Final[dict[str, WireField]] = {
    **{field.name: field for field in FIELDS},
    **{f"alert_{field.name}": field for field in ALERT_FIELDS},
}
"""Each field by its name in silver: those of an alert begin with ``alert_``."""

NUMBERS: Final = tuple(field.name for field in FIELDS if field.kind in ("number", "scale"))
"""The fields that are read as numbers."""

PRESSURES: Final = ("systolic_bp", "diastolic_bp", "mean_bp")

ISSUE_FIELDS: Final = (
    *(field.name for field in FIELDS if not field.required and field.name != "temperature_unit"),
    *(f"alert_{field.name}" for field in ALERT_FIELDS if not field.required),
)
"""The fields that an issue can name, in the order of the list.

A bad unit is the temperature's issue, a bad alert code the alert's.
"""
