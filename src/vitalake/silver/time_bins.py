"""Where time spent is added up: bins of one hour and ward, emptied into rows when another begins."""

from __future__ import annotations

from typing import Final

import numpy as np

from vitalake.domain.policy import THERAPIES
from vitalake.domain.vitals import HOUR_US, SEVERITIES, VITALS
from vitalake.silver.holds import NEVER
from vitalake.silver.hourly import SPO2
from vitalake.silver.kernel import Int64s, Records, kernel, record
from vitalake.silver.signals import N_VITALS

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
"""What stands for the severities beside the vitals."""

STEP: Final = np.array([*(round(100 * vital.resolution) for vital in VITALS), 1], np.int64)
STEPS: Final = np.array(
    [*(round(vital.high / vital.resolution) + 1 for vital in VITALS), len(SEVERITIES)], np.int64
)
"""Of each vital a charted step in hundredths, and how many steps there are; last, the severities."""
_PLANES: Final = np.array([len(THERAPIES) if k == SPO2 else 1 for k in range(N_VITALS + 1)], np.int64)
FIRST: Final = np.concatenate([np.zeros(1, np.int64), np.cumsum(STEPS * _PLANES)])
"""The first bin of each vital: one a therapy (SpO2 only) and charted step; then the severities."""
BINS: Final = int(FIRST[-1])

USED, FILLED, HOUR, BLOCK_WARD, HOUR_START, SEEN_FROM = range(6)
"""The numbers of a tally: rows written, bins filled, the hour and ward that fill them, the hour's first row, the
first hour of the patient of which all is seen."""

NO_HOUR: Final = NEVER // HOUR_US
"""Before every hour."""
ROOM: Final = 4096

_TIME, _EVENTS, _FILLED = range(3)
"""The rows of the bins: microseconds, events, and the bins that have either, in the order in which they got it."""


@kernel
def fill_bin(step: int, spent_us: int, events: int, bins: Int64s, tally: Int64s) -> None:
    """Add to a bin."""
    if bins[_TIME, step] == 0 and bins[_EVENTS, step] == 0:
        bins[_FILLED, tally[FILLED]] = step
        tally[FILLED] += 1
    bins[_TIME, step] += spent_us
    bins[_EVENTS, step] += events


@kernel
def enter_hour(hour: int, ward: int, patient: int, bins: Int64s, tally: Int64s, out: Records) -> Records:
    """Begin another hour or ward, where it is another: what the bins have becomes rows."""
    if hour == tally[HOUR] and ward == tally[BLOCK_WARD]:
        return out
    out = write_rows(patient, bins, tally, out)
    if hour != tally[HOUR]:
        tally[HOUR_START] = tally[USED]
    tally[HOUR] = hour
    tally[BLOCK_WARD] = ward
    return out


@kernel
def write_rows(patient: int, bins: Int64s, tally: Int64s, out: Records) -> Records:
    """Empty the bins into rows; a ward to which the patient came back within the hour adds to its rows."""
    hour = tally[HOUR]
    out = _with_room(out, tally[USED] + tally[FILLED])
    again = tally[HOUR_START] < tally[USED]
    for n in range(tally[FILLED]):
        step = bins[_FILLED, n]
        k = int(np.searchsorted(FIRST, step, side="right")) - 1
        row = out[tally[USED]]
        row.patient = patient
        row.hour = hour
        row.ward = tally[BLOCK_WARD]
        row.spent_us = bins[_TIME, step]
        row.events = bins[_EVENTS, step]
        row.vital = k
        row.therapy = (step - FIRST[k]) // STEPS[k]
        row.value = (step - FIRST[k]) % STEPS[k] * STEP[k]
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
