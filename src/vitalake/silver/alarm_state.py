"""What the physiological alarms carry of each patient from event to event."""

from __future__ import annotations

from typing import Final

import numpy as np

from vitalake.domain.alert_types import PHYSIOLOGICAL
from vitalake.silver.alarm_machine import ALARM, FOREVER, idle_alarms
from vitalake.silver.holds import BEAT, HOLD, NEVER, empty_beats, empty_holds
from vitalake.silver.kernel import Records, record
from vitalake.silver.signals import HELD, N_SIGNALS, N_VITALS
from vitalake.silver.strings import NONE
from vitalake.silver.timeline import UNKNOWN

N_ALARMS: Final = len(PHYSIOLOGICAL)

WARD, BED, DEVICE, RAISING = range(4)
"""The places of a patient (the first three), and the columns of ``raised_in``."""

CONTEXT: Final = N_SIGNALS
"""The entry of ``due_us`` at which ward, scale or oxygen runs out, and every signal is judged again."""

ALARM_STATE: Final = record(
    ("last_us", np.int64),
    ("place", np.int64, (3,)),
    ("place_until_us", np.int64, (3,)),
    ("scale_until_us", np.int64),
    ("oxygen_until_us", np.int64),
    ("due_us", np.int64, (N_SIGNALS + 1,)),
    ("event", np.int64, (N_VITALS + 1,)),
    ("raised_in", np.int64, (N_ALARMS, 4)),
    ("holds", HOLD, (len(HELD),)),
    ("beats", BEAT, (N_VITALS,)),
    ("alarms", ALARM, (N_ALARMS,)),
    ("touched", np.int32),
    ("stirred", np.int32),
    ("known", np.int8),
    ("scale", np.int8),
    ("oxygen", np.int8),
)
"""One patient after an event, whose instant is not judged yet.

``touched`` has a bit for each signal that the last instant may have changed, ``stirred`` one for each with an alarm
that is not idle (as of the instant judged last); ``due_us`` says when time alone calls
for judging a signal again; ``event`` whose value is in force (last: the scores'); ``raised_in`` ward, bed, device and
event of each raise; ``known`` how many NEWS2 components the last event knows.
"""

NAMES: Final = ("place", "event", "raised_in")
"""The fields of the state that hold string codes."""


def initial(p: int) -> Records:
    """Yield the states of ``p`` patients of whom nothing is known."""
    state: Records = np.zeros(1, ALARM_STATE)
    for name in ("last_us", "place_until_us", "scale_until_us", "oxygen_until_us"):
        state[name] = NEVER
    for name in NAMES:
        state[name] = NONE
    state["due_us"] = FOREVER
    state["holds"] = empty_holds(len(HELD))
    state["beats"] = empty_beats(N_VITALS)
    state["alarms"] = idle_alarms(N_ALARMS)
    state["scale"] = state["oxygen"] = UNKNOWN
    states: Records = np.repeat(state, p)
    return states
