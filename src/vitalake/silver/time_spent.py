"""silver_held_time and silver_presence: how patients' time was spent, by hour and ward.

A patient is present from an event to the next, 12 h at most (not at all where 30 days go by), in the ward, severity and
therapy known at that event; after the last event nothing counts yet. silver_held_time says for how long of that each
charted value was in hold: holds and beats are those of the alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
from vitalake.silver.kernel import Bools, Int8s, Int32s, Int64s, Records, kernel
from vitalake.silver.signals import N_VITALS
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import SILVER_HELD_TIME, SILVER_PRESENCE
from vitalake.silver.time_bins import (
    BINS,
    FIRST,
    HOUR,
    NO_HOUR,
    PRESENT,
    ROOM,
    SEEN_FROM,
    SPENT,
    STEP,
    STEPS,
    USED,
    enter_hour,
    fill_bin,
    write_rows,
)


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
        np.zeros(ROOM, SPENT),
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
    bins = np.zeros((3, BINS), np.int64)
    tally = np.zeros(SEEN_FROM + 1, np.int64)
    for patient in range(len(starts) - 1):
        state = states[patient]
        seen_us = state.last_us
        tally[HOUR] = NO_HOUR
        tally[SEEN_FROM] = seen_us // HOUR_US + 1 if seen_us != NEVER else NO_HOUR
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
            out = enter_hour(now // HOUR_US, ward[i], patient, bins, tally, out)
            fill_bin(FIRST[PRESENT] + severity[i], 0, 1, bins, tally)
            if now == seen_us:
                continue
            for k in range(N_VITALS):
                if (rejected[i] >> k) & 1:
                    reject_value(state, k, now, arterial[i])
                elif vitals[k][i] != NULL:
                    take_value(state, k, i, vitals[k][i], method[i] != 0, arterial[i], ages_us[k])
        out = write_rows(patient, bins, tally, out)
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
        out = enter_hour(hour, state.place[WARD], patient, bins, tally, out)
        stop = min(end, (hour + 1) * HOUR_US)
        fill_bin(FIRST[PRESENT] + severity, stop - start, 0, bins, tally)
        for k in range(N_VITALS):
            if state.holds[k].until_us > start and state.holds[k].value != NULL:
                step = FIRST[k] + state.holds[k].value // STEP[k]
                if k == SPO2:
                    step += therapy * STEPS[k]
                fill_bin(step, min(stop, state.holds[k].until_us) - start, 0, bins, tally)
        start = stop
    return out
