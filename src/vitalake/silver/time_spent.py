"""silver_held_time and silver_presence: how patients' time was spent, by hour and ward.

A patient is present from an event to the next, 12 h at most (not at all where 30 days go by), in the ward, severity and
therapy known at that event; after the last event nothing counts yet. silver_held_time says for how long of that each
charted value was in hold: holds and beats are those of the alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from vitalake.domain.policy import THERAPIES
from vitalake.domain.rules import Rules
from vitalake.domain.vitals import FORGET_AFTER_US, HOUR_US, NULL, SCORE_HOLD_US, SEVERITIES, VITALS
from vitalake.silver.alarm_inputs import reject_value, take_value
from vitalake.silver.alarm_state import WARD
from vitalake.silver.holds import NEVER, charted_ages, let_go_stale
from vitalake.silver.hourly import SPO2, Walk, hourly_rows
from vitalake.silver.judging import therapy_of
from vitalake.silver.kernel import Bools, Int8s, Int32s, Int64s, Records, kernel, record
from vitalake.silver.signals import N_VITALS
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import SILVER_HELD_TIME, SILVER_PRESENCE

SPENT: Final = record(
    ("patient", np.int64),
    ("hour", np.int64),
    ("ward", np.int64),
    ("spent_us", np.int64),
    ("events", np.int64),
    ("value", np.int32),
    ("vital", np.int8),
    ("therapy", np.int8),
)
"""One row: ``hour`` since 1970, ``vital`` and ``therapy`` indices, ``value`` charted hundredths.

Where ``vital`` is PRESENT it tells of a severity, whose index is ``value``, and of its events.
"""

PRESENT: Final = N_VITALS

_STEP: Final = np.array([*(round(100 * vital.resolution) for vital in VITALS), 1], np.int64)
_STEPS: Final = np.array(
    [*(round(vital.high / vital.resolution) + 1 for vital in VITALS), len(SEVERITIES)], np.int64
)
_PLANES: Final = np.array([len(THERAPIES) if k == SPO2 else 1 for k in range(N_VITALS + 1)], np.int64)
_FIRST: Final = np.concatenate([np.zeros(1, np.int64), np.cumsum(_STEPS * _PLANES)])
"""The first bin of each vital: one a therapy (SpO2 only) and charted step; then the severities."""
_BINS: Final = int(_FIRST[-1])

USED, FILLED, HOUR, BLOCK_WARD, HOUR_START, SEEN_FROM = range(6)
"""The numbers of a tally: rows written, bins filled, the hour and ward that fill them, the hour's first row, the
first hour of the patient of which all is seen."""

_NO_HOUR: Final = NEVER // HOUR_US
_ROOM: Final = 4096


@dataclass(frozen=True)
class TimeSpent:
    """The rows of both tables, all but ``updated_batch``."""

    held: pa.Table
    present: pa.Table


def spend_time(walk: Walk, states: Records, rules: Rules, pool: StringPool) -> TimeSpent:
    """Yield how the time was spent.

    ``states`` are what the alarms carry of each patient before the observations (they are moved on); of a state's own
    last instant, the observations are given once more, for their ward and severity. The hour of that instant, of which
    only the end is seen, is left out.
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
        walk.severity,
        charted_ages(rules),
        states,
        np.zeros(_ROOM, SPENT),
    )
    rows = out[:used]
    present = rows["vital"] == PRESENT
    return TimeSpent(_held(walk, pool, rows[~present]), _present(walk, pool, rows[present]))


def _held(walk: Walk, pool: StringPool, rows: Records) -> pa.Table:
    treated = np.where(rows["vital"] == SPO2, rows["therapy"], len(THERAPIES))
    return hourly_rows(
        SILVER_HELD_TIME,
        walk.patients.take(pa.array(rows["patient"])),
        rows["hour"],
        pool.decode(rows["ward"]),
        vital=pa.array([vital.name for vital in VITALS]).take(pa.array(rows["vital"])),
        therapy=pa.array([*THERAPIES, ""]).take(pa.array(treated)),
        value=pa.array(rows["value"] / 100.0),
        held_us=pa.array(rows["spent_us"]),
    )


def _present(walk: Walk, pool: StringPool, rows: Records) -> pa.Table:
    return hourly_rows(
        SILVER_PRESENCE,
        walk.patients.take(pa.array(rows["patient"])),
        rows["hour"],
        pool.decode(rows["ward"]),
        severity=pa.array(SEVERITIES).take(pa.array(rows["value"])),
        present_us=pa.array(rows["spent_us"]),
        observations=pa.array(rows["events"]),
    )


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
    severity: Int8s,
    ages_us: Int64s,
    states: Records,
    out: Records,
) -> tuple[Records, int]:
    bins = np.zeros((3, _BINS), np.int64)
    tally = np.zeros(SEEN_FROM + 1, np.int64)
    for patient in range(len(starts) - 1):
        state = states[patient]
        seen_us = state.last_us
        tally[HOUR] = _NO_HOUR
        tally[SEEN_FROM] = seen_us // HOUR_US + 1 if seen_us != NEVER else _NO_HOUR
        for i in range(starts[patient], starts[patient + 1]):
            now = time_us[i]
            if now > state.last_us:
                if state.last_us != NEVER and i > starts[patient]:
                    out = _spend(state, now, severity[i - 1], patient, bins, tally, out)
                state.last_us = now
                let_go_stale(state.holds, state.beats, state.event, now)
            state.place[WARD] = ward[i]
            state.scale = scale[i]
            state.oxygen = oxygen[i]
            out = _enter(now // HOUR_US, ward[i], patient, bins, tally, out)
            _fill(_FIRST[PRESENT] + severity[i], 0, 1, bins, tally)
            if now == seen_us:
                continue
            for k in range(N_VITALS):
                if (rejected[i] >> k) & 1:
                    reject_value(state, k, now, arterial[i])
                elif vitals[k][i] != NULL:
                    take_value(state, k, i, vitals[k][i], method[i] != 0, arterial[i], ages_us[k])
        out = _write(patient, bins, tally, out)
    return out, int(tally[USED])


@kernel
def _spend(
    state: Any, until_us: int, severity: int, patient: int, bins: Int64s, tally: Int64s, out: Records
) -> Records:
    """Add the time from a state's last event until the next to the bins of what held, hour by hour."""
    start = state.last_us
    end = min(until_us, start + SCORE_HOLD_US) if until_us - start < FORGET_AFTER_US else start
    therapy = therapy_of(state.scale, state.oxygen)
    while start < end:
        hour = start // HOUR_US
        out = _enter(hour, state.place[WARD], patient, bins, tally, out)
        stop = min(end, (hour + 1) * HOUR_US)
        _fill(_FIRST[PRESENT] + severity, stop - start, 0, bins, tally)
        for k in range(N_VITALS):
            if state.holds[k].until_us > start and state.holds[k].value != NULL:
                step = _FIRST[k] + state.holds[k].value // _STEP[k]
                if k == SPO2:
                    step += therapy * _STEPS[k]
                _fill(step, min(stop, state.holds[k].until_us) - start, 0, bins, tally)
        start = stop
    return out


_TIME, _EVENTS, _FILLED = range(3)
"""The rows of the bins: microseconds, events, and the bins that have either, in the order in which they got it."""


@kernel
def _fill(step: int, spent_us: int, events: int, bins: Int64s, tally: Int64s) -> None:
    """Add to a bin."""
    if bins[_TIME, step] == 0 and bins[_EVENTS, step] == 0:
        bins[_FILLED, tally[FILLED]] = step
        tally[FILLED] += 1
    bins[_TIME, step] += spent_us
    bins[_EVENTS, step] += events


@kernel
def _enter(hour: int, ward: int, patient: int, bins: Int64s, tally: Int64s, out: Records) -> Records:
    """Begin another hour or ward, where it is another: what the bins have becomes rows."""
    if hour == tally[HOUR] and ward == tally[BLOCK_WARD]:
        return out
    out = _write(patient, bins, tally, out)
    if hour != tally[HOUR]:
        tally[HOUR_START] = tally[USED]
    tally[HOUR] = hour
    tally[BLOCK_WARD] = ward
    return out


@kernel
def _write(patient: int, bins: Int64s, tally: Int64s, out: Records) -> Records:
    """Empty the bins into rows; a ward to which the patient came back within the hour adds to its rows."""
    hour = tally[HOUR]
    out = _with_room(out, tally[USED] + tally[FILLED])
    again = tally[HOUR_START] < tally[USED]
    for n in range(tally[FILLED]):
        step = bins[_FILLED, n]
        k = int(np.searchsorted(_FIRST, step, side="right")) - 1
        row = out[tally[USED]]
        row.patient = patient
        row.hour = hour
        row.ward = tally[BLOCK_WARD]
        row.spent_us = bins[_TIME, step]
        row.events = bins[_EVENTS, step]
        row.vital = k
        row.therapy = (step - _FIRST[k]) // _STEPS[k]
        row.value = (step - _FIRST[k]) % _STEPS[k] * _STEP[k]
        bins[_TIME, step] = 0
        bins[_EVENTS, step] = 0
        if hour >= tally[SEEN_FROM] and not (again and _add(out, tally[HOUR_START], tally[USED])):
            tally[USED] += 1
    tally[FILLED] = 0
    return out


@kernel
def _add(out: Records, first: int, last: int) -> bool:
    """Add the row ``last`` to an equal one from ``first`` on; tell whether there was one."""
    for n in range(first, last):
        same_place = out[n].ward == out[last].ward and out[n].vital == out[last].vital
        if same_place and out[n].therapy == out[last].therapy and out[n].value == out[last].value:
            out[n].spent_us += out[last].spent_us
            out[n].events += out[last].events
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
