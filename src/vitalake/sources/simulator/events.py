"""An event of the simulation before it becomes bytes: one NumPy record."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from vitalake.domain.vitals import VITALS

MISSING: Final = -1
"""What is not sent. No quantity here is negative."""

MONITOR, SPOT, ROUND, ALARM = range(4)
"""The kinds of events."""
KINDS: Final = ("monitor", "spot", "round", "alarm")

VITAL: Final = {vital.name: index for index, vital in enumerate(VITALS)}
"""The place of each vital in ``vitals``."""

EVENT: Final = np.dtype(
    [
        ("time_ms", np.int64),  # from the start of the simulation
        ("number", np.int64),  # names the event among those of its patient and kind
        ("patient", np.int32),
        ("kind", np.int8),
        ("vitals", np.int16, (len(VITALS),)),  # tenths
        ("arterial", np.bool_),
        ("consciousness", np.int8),  # index in domain.vitals.CONSCIOUSNESS
        ("on_oxygen", np.int8),
        ("oxygen_flow", np.int16),  # tenths
        ("fio2", np.int16),  # hundredths
        ("spo2_scale", np.int8),
        ("alarm", np.int8),  # index in alarms.RULES
        ("alarm_state", np.int8),  # alarms.START, CONTINUE, END
    ]
)

Events: TypeAlias = npt.NDArray[Any]
"""An array of :data:`EVENT`."""


def blank_events(count: int, kind: int) -> Events:
    """Yield events in which nothing is measured yet."""
    events = np.zeros(count, EVENT)
    events["kind"] = kind
    for field in (
        "vitals", "consciousness", "on_oxygen", "oxygen_flow", "fio2", "spo2_scale", "alarm", "alarm_state",
    ):  # fmt: skip
        events[field] = MISSING
    return events
