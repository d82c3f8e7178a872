"""Physiological alarms: vitals and scores in time order -> alert episodes.

A state holds each patient's last instant *unjudged*: an instant is judged once, after its last event, then the timers
that fall on it.  :func:`fold_alarms` judges an instant when a later one comes, and fires what time alone brought in
between.  :func:`advance` brings states to their patients' time.  docs/alerts.md has the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import NULL, VITALS
from vitalake.silver.alarm_inputs import CODES, forget_context, reject_value, take_context, take_value
from vitalake.silver.alarm_limits import AlarmLimits
from vitalake.silver.alarm_machine import FOREVER
from vitalake.silver.alarm_state import ALARM_STATE, N_ALARMS, NAMES, initial
from vitalake.silver.context import Context
from vitalake.silver.episodes import Episodes, no_episodes, with_room
from vitalake.silver.holds import NEVER, charted_ages, let_go_stale
from vitalake.silver.judging import CHANGES, USED, judge, next_due_us, tell
from vitalake.silver.kernel import Bools, Int8s, Int32s, Int64s, Records, kernel
from vitalake.silver.records import copy_records
from vitalake.silver.signals import N_VITALS
from vitalake.silver.timeline import Timeline

__all__ = [
    "ALARM_STATE",
    "NAMES",
    "AlarmFold",
    "advance",
    "due_at",
    "fold_alarms",
    "initial",
    "open_episodes",
]

ORIGIN: Final = "physiological"


@dataclass(frozen=True)
class AlarmFold:
    """The episodes that ended, and the states after the rows that the timeline marks."""

    episodes: Episodes
    snapshots: Records


def fold_alarms(
    timeline: Timeline, context: Context, states: Records, limits: AlarmLimits, rules: Rules
) -> AlarmFold:
    """Yield what ended, going on from ``states`` (one a patient of the timeline), which become the newest.

    Event codes are fresh (``-2 - row``) where a row of this timeline set them, in episodes and in states.
    """
    snapshots = initial(timeline.snapshots)
    t: Any = timeline
    c = context
    records, used = _fold(
        t.starts,
        t.time_us,
        tuple(getattr(t, vital.name) for vital in VITALS),
        t.method,
        t.arterial,
        t.rejected,
        t.snapshot,
        np.stack([getattr(c, name) for name in CODES]).astype(np.int8, copy=False),
        c.therapy_until_us,
        c.place,
        c.place_until_us,
        charted_ages(rules),
        limits.table,
        limits.wards,
        states,
        snapshots,
        no_episodes(N_ALARMS),
    )
    return AlarmFold(Episodes(ORIGIN, records[:used]), snapshots)


def advance(states: Records, until_us: Int64s, limits: AlarmLimits) -> tuple[Episodes, Int64s]:
    """Bring states up to each patient's time, which is no earlier than the last event.

    Yield what has ended by then, and when time alone next raises, escalates or clears; FOREVER for never.
    """
    due_us = np.empty(len(states), np.int64)
    records, used = _advance(
        states, np.minimum(until_us, FOREVER - 1), limits.table, limits.wards, no_episodes(N_ALARMS), due_us
    )
    return Episodes(ORIGIN, records[:used]), due_us


def open_episodes(advanced: Records) -> Episodes:
    """Yield the episodes raised and still active in states that :func:`advance` brought to their patients' time."""
    patients, alarms = np.nonzero(advanced["alarms"]["peak"] >= 0)
    records = no_episodes(len(patients))
    _tell_all(advanced, patients, alarms, records)
    return Episodes(ORIGIN, records)


def due_at(states: Records, limits: AlarmLimits) -> Int64s:
    """Yield when, after the last event, time alone next changes something; ``states`` stay as they are."""
    _, due_us = advance(copy_records(states), states["last_us"].copy(), limits)
    return due_us


@kernel
def _fold(  # noqa: PLR0913, PLR0917 - columns are plain arrays, which is fastest
    starts: Int64s,
    time_us: Int64s,
    vitals: tuple[Int32s, ...],
    method: Int8s,
    arterial: Bools,
    rejected: Any,
    snapshot: Int32s,
    codes: Int8s,
    therapy_until_us: Int64s,
    place: Int64s,
    place_until_us: Int64s,
    ages_us: Int64s,
    table: Records,
    wards: Int64s,
    states: Records,
    snapshots: Records,
    out: Records,
) -> tuple[Records, int]:
    tally = np.zeros(2, np.int64)
    for patient in range(len(starts) - 1):
        state = states[patient]
        for i in range(starts[patient], starts[patient + 1]):
            now = time_us[i]
            if now != state.last_us:
                if state.last_us != NEVER:
                    out = _settle(state, now, patient, table, wards, out, tally)
                state.last_us = now
                state.touched = 0
                let_go_stale(state.holds, state.beats, state.event, now)
                forget_context(state, now)
            take_context(state, i, codes, therapy_until_us, place, place_until_us)
            for k in range(N_VITALS):
                if (rejected[i] >> k) & 1:
                    reject_value(state, k, now, arterial[i])
                elif vitals[k][i] != NULL:
                    take_value(state, k, i, vitals[k][i], method[i] != 0, arterial[i], ages_us[k])
            if snapshot[i] >= 0:
                snapshots[snapshot[i]] = state
    return out, int(tally[USED])


@kernel
def _settle(
    state: Any, before_us: int, patient: int, table: Records, wards: Int64s, out: Records, tally: Int64s
) -> Records:
    """Judge the last instant, then whatever time alone calls for before another."""
    now = state.last_us
    while now < before_us:
        out = with_room(out, tally[USED], N_ALARMS)
        judge(state, now, patient, table, wards, out, tally)
        now = next_due_us(state)
    return out


@kernel
def _advance(
    states: Records, until_us: Int64s, table: Records, wards: Int64s, out: Records, due_us: Int64s
) -> tuple[Records, int]:
    tally = np.zeros(2, np.int64)
    later, trial = np.empty(1, states.dtype), np.empty(N_ALARMS, out.dtype)
    for patient in range(len(states)):
        due_us[patient] = FOREVER
        if states[patient].last_us == NEVER:
            continue
        out = _settle(states[patient], until_us[patient] + 1, patient, table, wards, out, tally)
        if next_due_us(states[patient]) != FOREVER:
            later[0] = states[patient]
            due_us[patient] = _next_change(later[0], table, wards, trial)
    return out, int(tally[USED])


@kernel
def _next_change(state: Any, table: Records, wards: Int64s, out: Records) -> int:
    """Go on through what time alone calls for; yield the first instant at which something changes."""
    tally = np.zeros(2, np.int64)
    now = next_due_us(state)
    while now != FOREVER:
        tally[:] = 0
        judge(state, now, 0, table, wards, out, tally)
        if tally[CHANGES] > 0:
            break
        now = next_due_us(state)
    return now


@kernel
def _tell_all(states: Records, patients: Int64s, alarms: Int64s, out: Records) -> None:
    for n in range(len(patients)):
        tell(states[patients[n]], alarms[n], patients[n], out[n])
