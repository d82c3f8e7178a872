"""silver_held_time: how long each charted value was in hold, by patient, hour, ward and therapy.

A value counts while its patient is present: from an event to the next, 12 h at most, in the ward and under the therapy
known at that event.  After the last event nothing counts yet, nor where 30 days went by without one.  Holds and beats
are those of the alarms.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from vitalake.domain.policy import THERAPIES
from vitalake.domain.rules import Rules
from vitalake.domain.vitals import FORGET_AFTER_US, HOUR_US, NULL, SCORE_HOLD_US, VITALS
from vitalake.silver.alarm_inputs import reject_value, take_value
from vitalake.silver.alarm_state import WARD
from vitalake.silver.holds import NEVER, charted_ages, let_go_stale
from vitalake.silver.hourly import SPO2, Walk, hourly_rows
from vitalake.silver.judging import therapy_of
from vitalake.silver.kernel import Bools, Int8s, Int32s, Int64s, Records, kernel, record
from vitalake.silver.signals import N_VITALS
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import SILVER_HELD_TIME

HELD: Final = record(
    ("patient", np.int64),
    ("hour", np.int64),
    ("ward", np.int64),
    ("held_us", np.int64),
    ("value", np.int32),
    ("vital", np.int8),
    ("therapy", np.int8),
)
"""One row: ``hour`` since 1970, ``value`` charted hundredths, ``vital`` and ``therapy`` indices."""

_STEP: Final = np.array([round(100 * vital.resolution) for vital in VITALS], np.int64)
_STEPS: Final = np.array([round(vital.high / vital.resolution) + 1 for vital in VITALS], np.int64)
_PLANES: Final = np.array([len(THERAPIES) if k == SPO2 else 1 for k in range(N_VITALS)], np.int64)
_FIRST: Final = np.concatenate([np.zeros(1, np.int64), np.cumsum(_STEPS * _PLANES)])
"""The first bin of each vital: one a therapy (SpO2 only) and charted step; last, how many there are."""

USED, FILLED, HOUR, BLOCK_WARD, HOUR_START = range(5)
"""The numbers of a tally: rows written, bins filled, the hour and ward that fill them, the hour's first row."""

_NO_HOUR: Final = NEVER // HOUR_US
_ROOM: Final = 4096


def hold_time(walk: Walk, states: Records, rules: Rules, pool: StringPool) -> pa.Table:
    """Yield the rows of silver_held_time, all but ``updated_batch``.

    ``states`` are what the alarms carry of each patient before the first observation (they are moved on); the hour
    of a state's own last event, of which only the end is seen, is left out.
    """
    out, used = _spend_all(
        walk.starts,
        walk.time_us,
        walk.vitals,
        walk.method,
        walk.arterial,
        walk.rejected,
        walk.ward,
        walk.scale,
        walk.oxygen,
        charted_ages(rules),
        states,
        np.zeros(_ROOM, HELD),
    )
    rows = out[:used]
    return hourly_rows(
        SILVER_HELD_TIME,
        walk.patients.take(pa.array(rows["patient"])),
        rows["hour"],
        rows["vital"],
        ward=pool.decode(rows["ward"]),
        therapy=rows["therapy"],
        value=pa.array(rows["value"] / 100.0),
        held_us=pa.array(rows["held_us"]),
    )


def reach_us(rules: Rules) -> int:
    """Yield how long after an event its hours may still differ by it."""
    return rules.reach_us


@kernel
def _spend_all(  # noqa: PLR0913, PLR0917 - columns are plain arrays, which is fastest
    starts: Int64s,
    time_us: Int64s,
    vitals: tuple[Int32s, ...],
    method: Int8s,
    arterial: Bools,
    rejected: Any,
    ward: Int64s,
    scale: Int8s,
    oxygen: Int8s,
    ages_us: Int64s,
    states: Records,
    out: Records,
) -> tuple[Records, int]:
    spent_us = np.zeros(_FIRST[N_VITALS], np.int64)
    filled = np.zeros(_FIRST[N_VITALS], np.int64)
    tally = np.zeros(HOUR_START + 1, np.int64)
    for patient in range(len(starts) - 1):
        state = states[patient]
        tally[HOUR] = _NO_HOUR
        seen_from = state.last_us // HOUR_US + 1 if state.last_us != NEVER else _NO_HOUR
        for i in range(starts[patient], starts[patient + 1]):
            now = time_us[i]
            if now != state.last_us:
                if state.last_us != NEVER:
                    out = _spend(state, now, patient, seen_from, spent_us, filled, tally, out)
                state.last_us = now
                let_go_stale(state.holds, state.beats, state.event, now)
            state.place[WARD] = ward[i]
            state.scale = scale[i]
            state.oxygen = oxygen[i]
            for k in range(N_VITALS):
                if (rejected[i] >> k) & 1:
                    reject_value(state, k, now, arterial[i])
                elif vitals[k][i] != NULL:
                    take_value(state, k, i, vitals[k][i], method[i] != 0, arterial[i], ages_us[k])
        out = _write(patient, seen_from, spent_us, filled, tally, out)
    return out, int(tally[USED])


@kernel
def _spend(
    state: Any,
    until_us: int,
    patient: int,
    seen_from: int,
    spent_us: Int64s,
    filled: Int64s,
    tally: Int64s,
    out: Records,
) -> Records:
    """Add the time from a state's last event until the next to the bins of the values in hold, hour by hour."""
    start = state.last_us
    end = min(until_us, start + SCORE_HOLD_US) if until_us - start < FORGET_AFTER_US else start
    therapy = therapy_of(state.scale, state.oxygen)
    while start < end:
        hour = start // HOUR_US
        if hour != tally[HOUR] or state.place[WARD] != tally[BLOCK_WARD]:
            out = _write(patient, seen_from, spent_us, filled, tally, out)
            if hour != tally[HOUR]:
                tally[HOUR_START] = tally[USED]
            tally[HOUR] = hour
            tally[BLOCK_WARD] = state.place[WARD]
        stop = min(end, (hour + 1) * HOUR_US)
        for k in range(N_VITALS):
            if state.holds[k].until_us > start and state.holds[k].value != NULL:
                step = _FIRST[k] + state.holds[k].value // _STEP[k]
                if k == SPO2:
                    step += therapy * _STEPS[k]
                if spent_us[step] == 0:
                    filled[tally[FILLED]] = step
                    tally[FILLED] += 1
                spent_us[step] += min(stop, state.holds[k].until_us) - start
        start = stop
    return out


@kernel
def _write(
    patient: int, seen_from: int, spent_us: Int64s, filled: Int64s, tally: Int64s, out: Records
) -> Records:
    """Empty the bins into rows; a ward to which the patient came back within the hour adds to its rows."""
    hour, ward = tally[HOUR], tally[BLOCK_WARD]
    out = _with_room(out, tally[USED] + tally[FILLED])
    again = hour >= seen_from and tally[HOUR_START] < tally[USED]
    for n in range(tally[FILLED]):
        step = filled[n]
        k = int(np.searchsorted(_FIRST, step, side="right")) - 1
        row = out[tally[USED]]
        row.patient = patient
        row.hour = hour
        row.ward = ward
        row.held_us = spent_us[step]
        row.vital = k
        row.therapy = (step - _FIRST[k]) // _STEPS[k]
        row.value = (step - _FIRST[k]) % _STEPS[k] * _STEP[k]
        spent_us[step] = 0
        if hour >= seen_from and not (again and _add(out, tally[HOUR_START], tally[USED])):
            tally[USED] += 1
    tally[FILLED] = 0
    return out


@kernel
def _add(out: Records, first: int, last: int) -> bool:
    """Add the row ``last`` to an equal one from ``first`` on; tell whether there was one."""
    for n in range(first, last):
        same_place = out[n].ward == out[last].ward and out[n].vital == out[last].vital
        if same_place and out[n].therapy == out[last].therapy and out[n].value == out[last].value:
            out[n].held_us += out[last].held_us
            return True
    return False


@kernel
def _with_room(out: Records, needed: int) -> Records:
    """Yield a buffer of at least that many rows and the row being written, the old ones kept."""
    if needed < len(out):
        return out
    more = np.zeros(2 * needed + 1, out.dtype)
    more[: len(out)] = out
    return more
