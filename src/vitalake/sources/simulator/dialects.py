"""How the simulated devices write: order of keys, kinds of numbers, white space, units, words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

NumberStyle = Literal["whole", "tenth", "text"]
TimeStyle = Literal["Z", "+01:00", "+00:00 us"]


@dataclass(frozen=True)
class Dialect:
    """One device's way to write a message.

    ``keys`` are in its order; the first and the last are always sent.  ``numbers`` is how vitals are written
    unless ``exceptions`` says otherwise: whole, with a tenth, or as text (which the contract accepts with an
    issue). ``states`` are its words for an alarm's start, continuation and end; without a word the message
    says nothing of it, and None sends no message.
    """

    name: str
    keys: tuple[str, ...]
    numbers: NumberStyle = "whole"
    exceptions: tuple[tuple[str, NumberStyle], ...] = ()
    colon: str = ":"
    comma: str = ","
    time: TimeStyle = "Z"
    fahrenheit: bool = False
    method: str | None = None
    states: tuple[str | None, ...] = ("start", "continue", "end")
    priorities: bool = True

    def style(self, vital: str) -> NumberStyle:
        """How a vital's number is written."""
        return dict(self.exceptions).get(vital, "tenth" if vital == "temperature" else self.numbers)


_PRESSURES = ("systolic_bp", "diastolic_bp", "mean_bp", "bp_method")
_SEEN = ("consciousness", "on_oxygen", "oxygen_flow", "fio2", "spo2_scale")

MONITORS: Final = (
    Dialect(
        "aster",
        ("event_id", "patient_id", "place", "device_id", "method", "heart_rate", "pulse_rate", "resp_rate",
         "spo2", *_PRESSURES, "alert", "event_time"),
        method="monitor",
    ),
    Dialect(
        "boreal",
        ("event_time", "device_id", *_PRESSURES, "spo2", "pulse_rate", "heart_rate", "resp_rate", "alert",
         "place", "patient_id", "event_id"),
        numbers="tenth",
        time="+00:00 us",
        states=("START", "UPDATE", "END"),
    ),
    Dialect(
        "cirrus",
        ("patient_id", "event_id", "event_time", "place", "alert", "resp_rate", "heart_rate", "spo2",
         "pulse_rate", *_PRESSURES, "device_id"),
        exceptions=(("resp_rate", "text"),),
        time="+01:00",
        states=("", "continue", "end"),
        priorities=False,
    ),
    Dialect(
        "dorado",
        ("event_id", "event_time", "patient_id", "device_id", "heart_rate", "spo2", "resp_rate",
         "pulse_rate", *_PRESSURES, "alert", "place", "method"),
        colon=": ",
        comma=", ",
        method="monitor",
        states=("point", "point", None),
    ),
)  # fmt: skip
"""The monitors, in the order of cohort.VENDORS."""

SPOT_CHECK: Final = Dialect(
    "spot",
    ("patient_id", "place", "device_id", "method", "temperature", "temperature_unit", "pulse_rate",
         "heart_rate", "spo2", "resp_rate", *_PRESSURES, *_SEEN, "event_id", "event_time"),
    fahrenheit=True,
    method="spot",
)  # fmt: skip

ROUND_CHART: Final = Dialect(
    "round",
    ("event_time", "event_id", "patient_id", "place", "temperature", "heart_rate", "resp_rate", "spo2",
         *_PRESSURES, *_SEEN, "method"),
    time="+01:00",
    method="Manual",
)  # fmt: skip

DIALECTS: Final = (*MONITORS, SPOT_CHECK, ROUND_CHART)
SPOT_DIALECT, ROUND_DIALECT = len(MONITORS), len(MONITORS) + 1
