"""What is known of a patient at each event: the carried vector, and the place he is in.

Every carried thing is a value, the instant it was taken and the instant until which it is in force (half
open): the end of its maximum age, or of the 30 days after which anything is forgotten.  The latest value
decides; a missing one changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import CARRIED, FORGET_AFTER_US, METHODS, NULL
from vitalake.silver.kernel import Bools, Doubles, Int8s, Int32s, Int64s, Records, kernel, record
from vitalake.silver.strings import NONE
from vitalake.silver.timeline import UNKNOWN, Timeline

NEVER: Final = -(2**63)
"""The instant of what is not known: before all others."""

MICROSECONDS: Final = 1e6
"""In a second."""

_TAKEN: Final = (*CARRIED, "pulse_rate")
"""What the state keeps a value of, in order; pulse_rate stands in for heart_rate."""
_HEART_RATE, _SYSTOLIC_BP, _SCALE, _PULSE_RATE = (
    _TAKEN.index(name) for name in ("heart_rate", "systolic_bp", "spo2_scale", "pulse_rate")
)
_MONITOR: Final = METHODS.index("monitor")
_CODED: Final = ("consciousness", "on_oxygen", "spo2_scale")
_FIRST_CODED: Final = _TAKEN.index(_CODED[0])
_EMPTY: Final = np.array([UNKNOWN if name in _CODED else NULL for name in _TAKEN], np.int32)
_THERAPY: Final = ("on_oxygen", "spo2_scale")
_FIRST_THERAPY: Final = _TAKEN.index(_THERAPY[0])
_PLACES: Final = ("ward", "bed", "device", "encounter")
_TOLD_PLACES: Final = _PLACES[:-1]
_ENCOUNTER: Final = _PLACES.index("encounter")

CARRY_STATE: Final = record(
    ("last_time_us", np.int64),
    ("last_event", np.int64),
    ("taken_us", np.int64, (len(_TAKEN),)),
    ("until_us", np.int64, (len(_TAKEN),)),
    ("place", np.int64, (len(_PLACES),)),
    ("place_until_us", np.int64, (len(_PLACES),)),
    ("value", np.int32, (len(_TAKEN),)),
)
"""One patient after an event; what is out of force is empty, so that equal meaning is equal bytes."""

NAMES: Final = ("last_event", "place")
"""The fields of the state that hold string codes."""


@dataclass(frozen=True)
class Carried:
    """What was in force at each row of a timeline, its own event included.

    ``value[k]`` are hundredths (NULL: unknown), or a code (UNKNOWN) where CARRIED[k] is coded; ``age_s[k]``
    is 0 where it is unknown.  ``therapy_until_us[k]`` says until when on_oxygen (0) and spo2_scale (1) are
    in force if nothing comes, ``place_until_us[k]`` when the latest known ward (0), bed (1) and device (2)
    are forgotten (their codes are ``place[k]``); NEVER where unknown.  ``snapshots`` are the states after
    the rows that the timeline marks.
    """

    value: Int32s
    age_s: Doubles
    therapy_until_us: Int64s
    place: Int64s
    place_until_us: Int64s
    snapshots: Records

    def of(self, name: str) -> Int32s:
        """Yield the values of one of CARRIED."""
        values: Int32s = self.value[CARRIED.index(name)]
        return values

    @property
    def ward(self) -> Int64s:
        """The codes of the latest known ward."""
        ward: Int64s = self.place[_PLACES.index("ward")]
        return ward


def initial(p: int) -> Records:
    """Yield the states of ``p`` patients of whom nothing is known."""
    states: Records = np.zeros(p, CARRY_STATE)
    for field in ("last_time_us", "taken_us", "until_us", "place_until_us"):
        states[field] = NEVER
    for field in NAMES:
        states[field] = NONE
    states["value"] = _EMPTY
    return states


def carry(timeline: Timeline, states: Records, rules: Rules) -> Carried:
    """Yield what is in force at each row, going on from ``states`` (one a patient), which become the newest.

    ``last_event`` in them refers to the timeline's rows (``-2 - row``) until the fold is done.
    """
    n = len(timeline.time_us)
    carried = Carried(
        value=np.empty((len(CARRIED), n), np.int32),
        age_s=np.empty((len(CARRIED), n), np.float64),
        therapy_until_us=np.empty((len(_THERAPY), n), np.int64),
        place=np.empty((len(_TOLD_PLACES), n), np.int64),
        place_until_us=np.empty((len(_TOLD_PLACES), n), np.int64),
        snapshots=initial(timeline.snapshots),
    )
    t: Any = timeline
    _carry_rows(
        t.starts,
        t.time_us,
        tuple(getattr(t, name) for name in (*CARRIED[:_FIRST_CODED], "pulse_rate")),
        tuple(getattr(t, name) for name in _CODED),
        tuple(getattr(t, name) for name in _PLACES),
        t.method,
        t.arterial,
        t.snapshot,
        _maximum_ages(rules),
        states,
        carried.snapshots,
        carried.value,
        carried.age_s,
        carried.therapy_until_us,
        carried.place,
        carried.place_until_us,
    )
    return carried


def _maximum_ages(rules: Rules) -> Int64s:
    """Yield the maximum age of each of _TAKEN by monitor and charted; a scale is only forgotten."""
    ages = np.full((len(_TAKEN), 2), FORGET_AFTER_US, np.int64)
    for k, name in enumerate(_TAKEN):
        if k != _SCALE:
            ages[k] = [rules.age_us(name, charted=charted) for charted in (False, True)]
    return ages


@kernel
def _carry_rows(  # noqa: PLR0913, PLR0917 - columns are plain arrays, which is fastest
    starts: Int64s,
    time_us: Int64s,
    vitals: tuple[Int32s, ...],
    codes: tuple[Int8s, ...],
    places: tuple[Int64s, ...],
    method: Int8s,
    arterial: Bools,
    snapshot: Int32s,
    ages: Int64s,
    states: Records,
    snapshots: Records,
    value: Int32s,
    age_s: Doubles,
    therapy_until_us: Int64s,
    place: Int64s,
    place_until_us: Int64s,
) -> None:
    for patient in range(len(starts) - 1):
        state = states[patient]
        for i in range(starts[patient], starts[patient + 1]):
            now = time_us[i]
            charted = 0 if method[i] == _MONITOR else 1
            _forget(state, now)
            for k in range(len(places)):
                _move(state, k, places[k][i], now)
            for k in range(len(vitals)):
                v = vitals[k][i]
                if v != NULL:
                    slot = k if k < _FIRST_CODED else _PULSE_RATE
                    how = 1 if slot == _SYSTOLIC_BP and not arterial[i] else charted
                    _take(state, slot, v, now, ages[slot, how])
            for k in range(len(codes)):
                c = codes[k][i]
                if c != UNKNOWN:
                    _take(state, _FIRST_CODED + k, c, now, ages[_FIRST_CODED + k, charted])
            state.last_time_us = now
            state.last_event = -2 - i
            _tell_values(state, i, value, age_s)
            _tell_places(state, i, therapy_until_us, place, place_until_us)
            if snapshot[i] >= 0:
                snapshots[snapshot[i]] = state


@kernel
def _forget(state: Any, now_us: int) -> None:
    """Empty what is no longer in force."""
    for k in range(len(_EMPTY)):
        if state.until_us[k] <= now_us and state.until_us[k] != NEVER:
            _drop(state, k)
    for k in range(_ENCOUNTER + 1):
        if state.place_until_us[k] <= now_us and state.place_until_us[k] != NEVER:
            state.place[k] = NONE
            state.place_until_us[k] = NEVER
            if k == _ENCOUNTER:
                _drop(state, _SCALE)


@kernel
def _drop(state: Any, k: int) -> None:
    state.value[k] = _EMPTY[k]
    state.taken_us[k] = NEVER
    state.until_us[k] = NEVER


@kernel
def _take(state: Any, k: int, value: int, now_us: int, age_us: int) -> None:
    state.value[k] = value
    state.taken_us[k] = now_us
    state.until_us[k] = now_us + age_us


@kernel
def _move(state: Any, k: int, code: int, now_us: int) -> None:
    """Note where the patient is; another encounter than the latest known ends the scale."""
    if code == NONE:
        return
    if k == _ENCOUNTER and state.place[k] not in (NONE, code):
        _drop(state, _SCALE)
    state.place[k] = code
    state.place_until_us[k] = now_us + FORGET_AFTER_US


@kernel
def _tell_values(state: Any, i: int, value: Int32s, age_s: Doubles) -> None:
    """Write the carried vector of row ``i``."""
    for k in range(len(value)):
        slot = _PULSE_RATE if k == _HEART_RATE and state.value[k] == NULL else k
        value[k, i] = state.value[slot]
        known = state.taken_us[slot] != NEVER
        age_s[k, i] = (state.last_time_us - state.taken_us[slot]) / MICROSECONDS if known else 0.0


@kernel
def _tell_places(state: Any, i: int, therapy_until_us: Int64s, place: Int64s, place_until_us: Int64s) -> None:
    """Write where the patient is at row ``i``, and until when that and the therapy are in force."""
    for k in range(len(place)):
        place[k, i] = state.place[k]
        place_until_us[k, i] = state.place_until_us[k]
    for k in range(len(therapy_until_us)):
        therapy_until_us[k, i] = state.until_us[_FIRST_THERAPY + k]
    encounter_until = state.place_until_us[_ENCOUNTER]
    if encounter_until != NEVER:
        scale = _SCALE - _FIRST_THERAPY
        therapy_until_us[scale, i] = min(therapy_until_us[scale, i], encounter_until)
