"""silver_readings: one reading of each vital a patient-hour, with the severity at its event.

Where the vital was monitored it is the median (of an even number the lower), else the last one charted, so that who is
measured more often weighs no more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.domain.policy import THERAPIES
from vitalake.domain.vitals import HOUR_US, NULL, VITALS
from vitalake.silver.hourly import COMPONENTS, OWN_INPUT, SPO2, Walk, hourly_rows
from vitalake.silver.judging import therapy_of
from vitalake.silver.kernel import Bools, Int8s, Int32s, Int64s, kernel
from vitalake.silver.signals import IS_PRESSURE, N_VITALS
from vitalake.silver.tables import SILVER_READINGS

_OWN: Final = np.array([COMPONENTS.index(OWN_INPUT[vital.name]) for vital in VITALS], np.int64)
"""The component of each vital."""


def read_hours(walk: Walk) -> pa.Table:
    """Yield the rows of silver_readings, all but ``updated_batch``; an hour's events must all be there."""
    n = len(walk.time_us)
    room = N_VITALS * (int(np.count_nonzero(np.diff(walk.time_us // HOUR_US))) + len(walk.patients) + 1)
    row, vital = np.empty(room, np.int64), np.empty(room, np.int8)
    monitored, therapy = np.empty(room, np.bool_), np.empty(room, np.int8)
    used = _choose(
        walk.starts,
        walk.time_us,
        walk.vitals,
        walk.method,
        walk.arterial,
        walk.scale,
        walk.oxygen,
        np.empty(n, np.int64),
        row,
        vital,
        monitored,
        therapy,
    )
    row, vital = row[:used], vital[:used]
    events = walk.table.select(["patient_id", "event_time", "event_id", "ward_carried"]).take(pa.array(row))
    value = np.stack(walk.vitals)[vital, row] if used else np.zeros(0, np.int32)
    treated = np.where(vital == SPO2, therapy[:used], len(THERAPIES))
    return hourly_rows(
        SILVER_READINGS,
        events["patient_id"],
        walk.time_us[row] // HOUR_US,
        events["ward_carried"],
        vital=pa.array([each.name for each in VITALS]).take(pa.array(vital)),
        therapy=pa.array([*THERAPIES, ""]).take(pa.array(treated)),
        event_time=events["event_time"],
        event_id=events["event_id"],
        value=pa.array(value / 100.0),
        monitored=pa.array(monitored[:used]),
        other_score=_other_score(walk.table, row, vital),
    )


def _other_score(table: pa.Table, row: Int64s, vital: Int8s) -> pa.Array:
    """Yield NEWS2 without the vital's own component; null where the component of another vital is unknown."""
    components = np.stack([_points(table, f"news2_{name}") for name in COMPONENTS])[:, row]
    own = components[_OWN[vital], np.arange(len(row))]
    unknown = (components < 0).sum(axis=0) > (own < 0)
    other = _points(table, "news2_score")[row] - np.maximum(own, 0)
    return pa.array(other, mask=unknown)


def _points(table: pa.Table, name: str) -> Int32s:
    points: Int32s = table[name].fill_null(-1).to_numpy()
    return points


@kernel
def _choose(  # noqa: PLR0913, PLR0917 - columns are plain arrays, which is fastest
    starts: Int64s,
    time_us: Int64s,
    vitals: tuple[Int32s, ...],
    method: Int8s,
    arterial: Bools,
    scale: Int8s,
    oxygen: Int8s,
    keys: Int64s,
    row: Int64s,
    vital: Int8s,
    monitored: Bools,
    therapy: Int8s,
) -> int:
    """Fill in the row of each patient-hour's reading of each vital; yield how many there are."""
    used = 0
    for patient in range(len(starts) - 1):
        first = starts[patient]
        while first < starts[patient + 1]:
            end = first
            while end < starts[patient + 1] and time_us[end] // HOUR_US == time_us[first] // HOUR_US:
                end += 1
            for k in range(N_VITALS):
                chosen, n = _reading(vitals[k], method, arterial, IS_PRESSURE[k], first, end, keys)
                if chosen >= 0:
                    row[used] = chosen
                    vital[used] = k
                    monitored[used] = n > 0
                    therapy[used] = therapy_of(scale[chosen], oxygen[chosen])
                    used += 1
            first = end
    return used


@kernel
def _reading(
    values: Int32s, method: Int8s, arterial: Bools, pressure: bool, first: int, end: int, keys: Int64s
) -> tuple[int, int]:
    """Yield the row of an hour's reading (-1: none), and of how many monitored values it is the median."""
    n, last = 0, -1
    for i in range(first, end):
        if values[i] != NULL:
            last = i
            if method[i] == 0 and (arterial[i] or not pressure):
                keys[n] = int(values[i]) << 32 | i
                n += 1
    if n == 0:
        return last, 0
    keys[:n].sort()
    return int(keys[(n - 1) // 2] & 0xFFFFFFFF), n
