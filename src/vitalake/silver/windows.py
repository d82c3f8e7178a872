"""Statistics of each vital in windows aligned to the clock, and against the hour before.

All sums are exact integers, so any order of the rows gives the same bits; a double comes from them by one
last formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import DAY_US, NULL, VITALS
from vitalake.silver.kernel import Bools, Doubles, Int32s, Int64s
from vitalake.silver.tables import SILVER_VITAL_WINDOWS
from vitalake.silver.timeline import hundredths

COLUMNS: Final = tuple(c for c in SILVER_VITAL_WINDOWS.columns if c.name != "updated_batch")
"""What :func:`summarise` yields."""

BASELINE_LEAST: Final = 5
"""Values that a baseline needs before anything is judged against it."""

_MS_US: Final = 1_000
_HOUR_MS: Final = 3_600_000
_INT64: Final = 2.0**62
_EMPTY_MIN, _EMPTY_MAX = 2**31 - 1, NULL


def summarise(observations: pa.Table, rules: Rules) -> pa.Table:
    """Yield the windows of normalised observations (any order), by vital, patient and time.

    A window's baseline needs all observations of the hour before it: drop those windows for which some were
    not given.
    """
    groups = _group(observations, rules)
    if groups is None:
        return pa.schema([column.arrow for column in COLUMNS]).empty_table()
    tables = [_summarise_vital(groups, vital.name, observations[vital.name]) for vital in VITALS]
    return pa.concat_tables(tables)


@dataclass(frozen=True)
class _Groups:
    """The rows by patient and window: ``order`` sorts them (None: they are), ``starts`` has the first rows.

    ``ms`` are each row's whole milliseconds since its window's start. ``before`` is the first group of the same
    patient that lies in the hour before each group.
    """

    order: Int64s | None
    starts: Int64s
    patient: pa.Array
    window_start_us: Int64s
    before: Int64s
    ms: Int64s

    def sums(self, rows: Int64s | Bools) -> Int64s:
        """Yield the sum of each group."""
        return np.add.reduceat(rows, self.starts, dtype=np.int64)


def _group(observations: pa.Table, rules: Rules) -> _Groups | None:
    if not observations.num_rows:
        return None
    time_us = observations["event_time"].cast(pa.int64()).to_numpy()
    ids = pc.dictionary_encode(observations["patient_id"].combine_chunks())
    patient = ids.indices.to_numpy().astype(np.int64)
    window = time_us // rules.window_us
    first = int(window.min())
    span = int(window.max()) - first + 1 + rules.windows_in_baseline
    key = patient * span + (window - first)
    order = None
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        key, time_us, window = key[order], time_us[order], window[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    groups, since = key[starts], time_us - window * rules.window_us
    return _Groups(
        order=order,
        starts=starts,
        patient=ids.dictionary.take(pa.array(groups // span)),
        window_start_us=window[starts] * rules.window_us,
        before=np.searchsorted(groups, groups - rules.windows_in_baseline),
        ms=since // _MS_US,
    )


def _summarise_vital(groups: _Groups, vital: str, column: pa.ChunkedArray) -> pa.Table:
    """Yield the windows in which one vital has a value."""
    values = hundredths(column)
    if groups.order is not None:
        values = values[groups.order]
    valid = values != NULL
    kept = np.where(valid, values, 0).astype(np.int64)
    n, total, squares = groups.sums(valid), groups.sums(kept), groups.sums(kept * kept)
    some = n > 0
    baseline = [_sum_before(groups, sums) for sums in (n, total, squares)]
    slope, sloping = _slope(groups, n, total, valid, kept)
    columns = _columns(vital, n[some], total[some], squares[some], *(sums[some] for sums in baseline))
    columns |= {
        "patient_id": groups.patient.filter(pa.array(some)),
        "window_start": pa.array(groups.window_start_us[some]).cast(pa.timestamp("us", tz="UTC")),
        "event_date": pa.array((groups.window_start_us[some] // DAY_US).astype(np.int32)).cast(pa.date32()),
        "min": pa.array(_least(groups, values, valid)[some] / 100.0),
        "max": pa.array(np.maximum.reduceat(values, groups.starts)[some] / 100.0),
        "slope_per_h": pa.array(slope[some], mask=~sloping[some]),
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


def _least(groups: _Groups, values: Int32s, valid: Bools) -> Int32s:
    least: Int32s = np.minimum.reduceat(np.where(valid, values, np.int32(_EMPTY_MIN)), groups.starts)
    return least


def _slope(groups: _Groups, n: Int64s, total: Int64s, valid: Bools, kept: Int64s) -> tuple[Doubles, Bools]:
    """Yield the least-squares slope an hour over whole milliseconds, and where two of them differ.

    Milliseconds since the window's start: sums of squared microseconds would leave int64.
    """
    ms = np.where(valid, groups.ms, 0)
    sum_ms = groups.sums(ms)
    spread = _cross(n, sum_ms, sum_ms, groups.sums(ms * ms))
    shared = _cross(n, sum_ms, total, groups.sums(ms * kept))
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
