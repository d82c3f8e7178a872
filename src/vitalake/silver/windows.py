"""Statistics of each vital in windows aligned to the clock, and against the hour before.

All sums are exact integers, so any order of the rows gives the same bits; a double comes from them by one
last formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import DAY_US, NULL, VITALS
from vitalake.silver.hourly import Walk
from vitalake.silver.kernel import Bools, Doubles, Int32s, Int64s, kernel
from vitalake.silver.tables import SILVER_VITAL_WINDOWS

COLUMNS: Final = tuple(c for c in SILVER_VITAL_WINDOWS.columns if c.name != "updated_batch")
"""What :func:`summarise` yields."""

BASELINE_LEAST: Final = 5
"""Values that a baseline needs before anything is judged against it."""

_MS_US: Final = 1_000
_SUMS: Final = 8
_MOST: Final = 2**31
"""More than any value."""
_HOUR_MS: Final = 3_600_000
_INT64: Final = 2.0**62


def summarise(walk: Walk, rules: Rules) -> pa.Table:
    """Yield the windows of walked observations, by vital, patient and time.

    A window's baseline needs all observations of the hour before it: drop those windows for which some were
    not given.
    """
    groups = _group(walk, rules)
    tables = [
        _summarise_vital(
            groups, vital.name, _sums(values, walk.time_us, groups.starts, groups.window_start_us)
        )
        for vital, values in zip(VITALS, walk.vitals, strict=True)
    ]
    return pa.concat_tables(tables)


@dataclass(frozen=True)
class _Groups:
    """The patients' windows: ``starts`` has the first row of each, and where the last one's rows end.

    ``before`` is the first group of the same patient that lies in the hour before each group.
    """

    starts: Int64s
    patient: pa.Array
    window_start_us: Int64s
    before: Int64s


def _group(walk: Walk, rules: Rules) -> _Groups:
    starts, patient = walk.stretches(rules.window_us)
    window = walk.time_us[starts] // rules.window_us
    span = np.ptp(window) + 1 + rules.windows_in_baseline if len(window) else 1
    key = patient * span + window
    return _Groups(
        starts=np.append(starts, len(walk.time_us)),
        patient=walk.patients.take(pa.array(patient)),
        window_start_us=window * rules.window_us,
        before=np.searchsorted(key, key - rules.windows_in_baseline),
    )


@kernel
def _sums(values: Int32s, time_us: Int64s, starts: Int64s, window_start_us: Int64s) -> Int64s:
    """Yield what a window's statistics of one vital come from, a row a sum, a column a group.

    The sums over time are of whole milliseconds since the window's start: squared microseconds would leave int64.
    """
    sums = np.zeros((_SUMS, len(window_start_us)), np.int64)
    for group in range(len(window_start_us)):
        n = total = squares = sum_ms = squares_ms = products = 0
        least, most = _MOST, -_MOST
        for row in range(starts[group], starts[group + 1]):
            if values[row] != NULL:
                value, ms = int(values[row]), (time_us[row] - window_start_us[group]) // _MS_US
                n += 1
                total += value
                squares += value * value
                sum_ms += ms
                squares_ms += ms * ms
                products += ms * value
                least, most = min(least, value), max(most, value)
        sums[0, group], sums[1, group], sums[2, group] = n, total, squares
        sums[3, group], sums[4, group], sums[5, group] = sum_ms, squares_ms, products
        sums[6, group], sums[7, group] = least, most
    return sums


def _summarise_vital(groups: _Groups, vital: str, sums: Int64s) -> pa.Table:
    """Yield the windows in which one vital has a value."""
    some = sums[0] > 0
    baseline = [_sum_before(groups, each)[some] for each in sums[:3]]
    n, total, squares, sum_ms, squares_ms, products, least, most = sums[:, some]
    slope, sloping = _slope(n, total, sum_ms, squares_ms, products)
    start_us = groups.window_start_us[some]
    columns = _columns(vital, n, total, squares, *baseline) | {
        "patient_id": groups.patient.filter(pa.array(some)),
        "window_start": pa.array(start_us).cast(pa.timestamp("us", tz="UTC")),
        "event_date": pa.array((start_us // DAY_US).astype(np.int32)).cast(pa.date32()),
        "min": pa.array(least / 100.0),
        "max": pa.array(most / 100.0),
        "slope_per_h": pa.array(slope, mask=~sloping),
    }
    schema = pa.schema([column.arrow for column in COLUMNS])
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _columns(
    vital: str, n: Int64s, total: Int64s, squares: Int64s, m: Int64s, before: Int64s, before_squares: Int64s
) -> dict[str, pa.Array]:
    """Yield what follows from the sums alone."""
    spread, before_spread = _cross(n, total, total, squares), _cross(m, before, before, before_squares)
    known = (m >= BASELINE_LEAST) & (before_spread > 0)
    pairs, before_pairs = n * (n - 1), m * (m - 1)
    unit = np.where(known, before_spread / np.maximum(before_pairs, 1), 1.0)
    difference = _cross(m, n, before, total) / (n * np.maximum(m, 1))
    return {
        "vital": pa.repeat(pa.scalar(vital), len(n)),
        "n": pa.array(n),
        "sum": pa.array(total),
        "sum_sq": pa.array(squares),
        "mean": pa.array(total / (100 * n)),
        "sd": _deviation(spread, pairs),
        "baseline_n": pa.array(m),
        "baseline_mean": pa.array(before / (100 * np.maximum(m, 1)), mask=m == 0),
        "baseline_sd": _deviation(before_spread, before_pairs),
        "z": pa.array(difference / np.sqrt(unit), mask=~known),
    }


def _deviation(spread: Doubles, pairs: Int64s) -> pa.Array:
    """Yield the standard deviation of ``n`` values: spread is n * sum_sq - sum ** 2, pairs n * (n - 1)."""
    deviation: Doubles = np.sqrt(spread / (10_000 * np.maximum(pairs, 1)))
    return pa.array(deviation, mask=pairs == 0)


def _sum_before(groups: _Groups, sums: Int64s) -> Int64s:
    """Yield the sum over the groups of the hour before each group."""
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(sums)])
    before: Int64s = running[:-1] - running[groups.before]
    return before


def _slope(
    n: Int64s, total: Int64s, sum_ms: Int64s, squares_ms: Int64s, products: Int64s
) -> tuple[Doubles, Bools]:
    """Yield the least-squares slope an hour over whole milliseconds, and where two of them differ."""
    spread = _cross(n, sum_ms, sum_ms, squares_ms)
    shared = _cross(n, sum_ms, total, products)
    sloping = spread > 0
    slope: Doubles = shared * (_HOUR_MS / 100) / np.where(sloping, spread, 1.0)
    return slope, sloping


def _cross(n: Int64s, a: Int64s, b: Int64s, ab: Int64s) -> Doubles:
    """Yield n * ab - a * b, exact before the one rounding to a double."""
    cross: Doubles = (n * ab - a * b).astype(np.float64)
    size = np.maximum(n * np.abs(ab.astype(np.float64)), np.abs(a * b.astype(np.float64)))
    for k in np.flatnonzero(size > _INT64).tolist():
        cross[k] = int(n[k]) * int(ab[k]) - int(a[k]) * int(b[k])
    return cross
