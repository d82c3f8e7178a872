"""Windows of statistics: against plain arithmetic on fractions, in any order, at their edges."""

import math
import random
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from observing import START, observations

from vitalake.domain.rules import Rules
from vitalake.silver.hourly import READS, Walk, walk
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import SILVER_OBSERVATIONS, SILVER_VITAL_WINDOWS
from vitalake.silver.windows import COLUMNS, summarise

MINUTE, HOUR = 60, 3600


def walked(events: pa.Table) -> Walk:
    """Yield observations that nothing was carried to or scored at."""
    schema = pa.schema([column.arrow for column in SILVER_OBSERVATIONS.columns])
    nothing = {name: pa.nulls(events.num_rows, schema.field(name).type) for name in READS}
    given = nothing | {name: events[name] for name in events.column_names if name in READS}
    return walk(pa.table(given), StringPool())


def windows(events: list[dict[str, Any]], rules: Rules | None = None) -> list[dict[str, Any]]:
    return summarise(walked(observations(events)), rules or Rules()).to_pylist()


def test_one_window() -> None:
    (row,) = windows(
        [{"at": 0, "heart_rate": 70}, {"at": 300, "heart_rate": 71.5}, {"at": 600, "heart_rate": 73}]
    )
    assert row == {
        "patient_id": "P1", "vital": "heart_rate", "window_start": START, "n": 3, "sum": 21_450,
        "sum_sq": 7000**2 + 7150**2 + 7300**2, "mean": 71.5, "sd": 1.5, "min": 70.0, "max": 73.0,
        "slope_per_h": 18.0, "baseline_n": 0, "baseline_mean": None, "baseline_sd": None, "z": None,
        "event_date": START.date(),
    }  # fmt: skip


def test_the_columns_are_the_tables_but_for_the_batch() -> None:
    names = [name for name in SILVER_VITAL_WINDOWS.names if name != "updated_batch"]
    schema = pa.schema([column.arrow for column in COLUMNS])
    assert schema.names == names
    assert summarise(walked(observations([{"spo2": 97}])), Rules()).schema.equals(schema, check_metadata=True)
    assert summarise(walked(observations([])), Rules()).schema.equals(schema, check_metadata=True)


def test_a_window_is_half_open_and_aligned_to_the_clock() -> None:
    rows = windows([{"at": timedelta(seconds=900, microseconds=-1), "spo2": 97}, {"at": 900, "spo2": 95}])
    assert [(row["window_start"] - START, row["n"]) for row in rows] == [
        (timedelta(0), 1),
        (timedelta(minutes=15), 1),
    ]


def test_every_vital_of_any_method_has_its_own_windows() -> None:
    event = {
        "method": "manual", "heart_rate": 70, "pulse_rate": 71, "resp_rate": 14, "spo2": 97,
        "systolic_bp": 120, "diastolic_bp": 80, "mean_bp": 93, "temperature": 36.6,
    }  # fmt: skip
    rows = windows([event, {"consciousness": "A"}, {"at": 60, "issues": ["spo2:implausible"]}])
    assert {row["vital"]: row["mean"] for row in rows} == {k: v for k, v in event.items() if k != "method"}


def test_of_one_value_there_is_no_spread_and_no_slope() -> None:
    (row,) = windows([{"spo2": 97}])
    assert (row["sd"], row["slope_per_h"]) == (None, None)


def test_of_one_instant_there_is_no_slope() -> None:
    (row,) = windows([{"spo2": 97}, {"spo2": 95}])
    assert (row["n"], row["slope_per_h"], row["sd"]) == (2, None, math.sqrt(2))


def test_readings_within_a_millisecond_have_no_slope() -> None:
    events = [{"at": timedelta(microseconds=us), "spo2": 90 + us} for us in (0, 999)]
    assert windows(events)[0]["slope_per_h"] is None


def test_the_baseline_is_the_hour_before_the_window() -> None:
    events = [
        {"at": -1, "spo2": 90},  # of the window that ends at 8:00: an hour and more before the window of 9:00
        *({"at": k * 15 * MINUTE, "spo2": 90 + k} for k in range(4)),
        {"at": 45 * MINUTE + 5, "spo2": 97},
        {"at": HOUR, "spo2": 99},
    ]
    row = windows(events)[-1]
    before = [90, 91, 92, 93, 97]
    sd = math.sqrt(sum((x - 92.6) ** 2 for x in before) / 4)
    assert (row["baseline_n"], row["baseline_mean"]) == (5, 92.6)
    assert row["baseline_sd"] == pytest.approx(sd)
    assert row["z"] == pytest.approx((99 - 92.6) / sd)


@pytest.mark.parametrize("values", [[90, 91, 92, 93], [90] * 6])
def test_no_z_below_5_values_or_without_spread(values: list[float]) -> None:
    events = [{"at": k, "spo2": value} for k, value in enumerate(values)]
    row = windows([*events, {"at": HOUR, "spo2": 95}])[-1]
    assert (row["baseline_n"], row["z"]) == (len(values), None)


def test_the_baseline_is_the_patients_own() -> None:
    events = [{"patient_id": "P1", "at": k, "spo2": 90} for k in range(6)]
    rows = windows(
        [*events, {"patient_id": "P2", "at": 20 * MINUTE, "spo2": 95}, {"patient_id": "P0", "spo2": 91}]
    )
    assert {row["patient_id"]: row["baseline_n"] for row in rows} == {"P1": 0, "P2": 0, "P0": 0}


@pytest.mark.parametrize(("minutes", "baseline_n"), [(5, 3), (15, 3), (60, 3)])
def test_another_length_keeps_the_hour(minutes: int, baseline_n: int) -> None:
    events = [{"at": k * 20 * MINUTE, "spo2": 95} for k in range(4)]
    assert windows(events, Rules(window_minutes=minutes))[-1]["baseline_n"] == baseline_n


def slope_of(points: list[tuple[int, int]]) -> Fraction:
    """Yield the least-squares slope of (microseconds, hundredths) over whole milliseconds, in units an hour."""
    points = [(x // 1000, y) for x, y in points]
    n, xs, ys = len(points), sum(x for x, _ in points), sum(y for _, y in points)
    shared = n * sum(x * y for x, y in points) - xs * ys
    return Fraction(shared * 36_000, n * sum(x * x for x, _ in points) - xs * xs)


READING = st.tuples(st.integers(0, 900_000_000 - 1), st.integers(1000, 30_000))


@given(st.lists(READING, min_size=2, max_size=30, unique_by=lambda reading: reading[0] // 1000), st.randoms())
def test_sums_are_exact_and_doubles_close_and_no_order_shows(
    readings: list[tuple[int, int]], shuffler: random.Random
) -> None:
    events = [{"at": timedelta(microseconds=us), "heart_rate": value / 100} for us, value in readings]
    (row,) = windows(events)
    values = [value for _, value in readings]
    n, total, squares = len(values), sum(values), sum(value * value for value in values)
    assert (row["n"], row["sum"], row["sum_sq"]) == (n, total, squares)
    assert (row["min"], row["max"]) == (min(values) / 100, max(values) / 100)
    assert row["mean"] == total / (100 * n)
    assert row["sd"] == pytest.approx(math.sqrt(Fraction(n * squares - total**2, n * (n - 1) * 10_000)))
    assert row["slope_per_h"] == pytest.approx(float(slope_of(readings)), rel=1e-9)
    shuffler.shuffle(events)
    assert windows(events) == [row]


@given(st.lists(READING, min_size=1, max_size=20), st.lists(READING, max_size=20))
def test_the_rest_of_the_batch_changes_no_bit(
    readings: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    events = [
        {"at": timedelta(microseconds=us // 1000 * 1000), "spo2": value / 100} for us, value in readings
    ]
    rest = [
        {"patient_id": "P2", "at": timedelta(microseconds=us), "spo2": value / 100} for us, value in others
    ]
    together = [row for row in windows([*rest, *events]) if row["patient_id"] == "P1"]
    assert together == windows(events)


def test_many_readings_stay_exact() -> None:
    """Ten a second for an hour: products of sums leave int64."""
    n = 36_000
    events = pa.table(
        {
            "patient_id": ["P1"] * n,
            "event_time": pa.array([START.timestamp() * 1e6 + k * 100_001 for k in range(n)], pa.float64())
            .cast(pa.int64())
            .cast(pa.timestamp("us", tz="UTC")),
            "heart_rate": [(20_000 + k % 100) / 100 for k in range(n)],
        }
    )
    row = summarise(walked(events), Rules(window_minutes=60)).to_pylist()[0]
    inside = [k for k in range(n) if k * 100_001 < HOUR * 1_000_000]
    assert row["slope_per_h"] == pytest.approx(
        float(slope_of([(k * 100_001, 20_000 + k % 100) for k in inside])), rel=1e-9
    )
