"""The comparer of tables: what it takes for equal, and that it names the first cell that differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from comparing import assert_same, find_difference

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(**changed: Any) -> dict[str, Any]:
    return {"id": "a", "at": NOON, "x": 0.1, "n": 1, "names": ["p"], **changed}


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows))


def test_equal_tables_are_equal_in_any_order_of_rows_and_columns() -> None:
    expected = [row(), row(id="b", x=None, at=None)]
    actual = table(*reversed(expected)).select(["x", "names", "id", "n", "at"])
    assert_same(actual, expected, key=("id",))
    assert find_difference(actual, expected, key=("id",), ordered=True) is not None


@pytest.mark.parametrize(
    "changed",
    [{"x": None}, {"x": 0.1 + 1e-17 + 2e-17}, {"x": float("nan")}, {"n": None}, {"n": 2}, {"names": []},
     {"names": None}, {"at": NOON + timedelta(microseconds=1)}],
)  # fmt: skip
def test_a_difference_is_told_with_key_and_column(changed: dict[str, Any]) -> None:
    difference = find_difference(table(row(**changed), row(id="z")), [row(), row(id="z")], key=("id",))
    assert difference is not None
    assert difference.startswith(f"row id=a: {next(iter(changed))} is ")


def test_doubles_compare_by_their_bits() -> None:
    nan = float("nan")
    assert find_difference([{"id": 1, "x": nan}], [{"id": 1, "x": nan}], key=("id",)) is None
    assert find_difference([{"id": 1, "x": 0.0}], [{"id": 1, "x": -0.0}], key=("id",)) is not None
    assert find_difference([{"id": 1, "x": nan}], [{"id": 1, "x": None}], key=("id",)) is not None
    assert find_difference(table({"id": 1, "x": 38.0}), [{"id": 1, "x": 38}], key=("id",)) is None


def test_instants_compare_whatever_their_zone() -> None:
    berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    for same in (berlin, NOON.replace(tzinfo=None)):
        assert find_difference(table(row(at=same)), [row()], key=("id", "at")) is None


def test_missing_surplus_and_double_rows_and_columns_are_told() -> None:
    two = [row(), row(id="b")]
    for actual, word in (
        (two[:1], "is missing"),
        ([*two, row(id="c")], "is too much"),
        ([*two, row()], "stands twice"),
        ([], "is missing"),
        ([{"id": "a"}, {"id": "b"}], "not there"),
    ):
        assert word in str(find_difference(actual, two, key=("id",)))


def test_columns_can_be_chosen_and_ignored() -> None:
    assert find_difference([row(n=2)], [row()], key=("id",), ignore=("n",)) is None
    assert find_difference([row(n=2)], [row()], key=("id",), columns=("id", "x")) is None
    with pytest.raises(AssertionError, match="n is 2"):
        assert_same([row(n=2)], [row()], key=("id",))
