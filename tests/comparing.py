"""The one comparer of tables in tests: it owns null, NaN and time zones, and tells the first difference.

* A null equals only a null; a double only the same bits (so NaN equals NaN, and 0.0 is not -0.0).
* A whole number that is expected in a column of doubles is taken as a double.
* Instants compare as instants: with another zone they are equal, without zone they are taken as UTC.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

Row = Mapping[str, Any]
Rows = Iterable[Row]


def assert_same(
    actual: pa.Table | Rows,
    expected: pa.Table | Rows,
    *,
    key: Sequence[str],
    columns: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    ordered: bool = False,
) -> None:
    """Fail with the first difference (key, column, both values) unless both hold the same rows.

    ``columns`` are by default those of the expected rows, less ``ignore``.  Rows are matched by ``key``, in
    any order unless ``ordered``.
    """
    difference = find_difference(actual, expected, key=key, columns=columns, ignore=ignore, ordered=ordered)
    assert difference is None, difference


def find_difference(
    actual: pa.Table | Rows,
    expected: pa.Table | Rows,
    *,
    key: Sequence[str],
    columns: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    ordered: bool = False,
) -> str | None:
    """Yield the first difference in words, None where there is none."""
    left, right = _rows(actual), _rows(expected)
    wanted = columns or _names(expected) or _names(actual)
    compared = [name for name in wanted if name not in ignore]
    absent = [name for name in compared if left and name not in left[0]]
    if absent:
        return f"columns that are not there: {', '.join(absent)}"
    doubles = _doubles(actual) | _doubles(expected)
    left_keys = [tuple(_comparable(row[name], False) for name in key) for row in left]
    right_keys = [tuple(_comparable(row[name], False) for name in key) for row in right]
    keys = _differing_keys(left_keys, right_keys, left, right, key) or (
        _differing_order(left_keys, right_keys) if ordered else None
    )
    if keys:
        return keys
    found = dict(zip(left_keys, left, strict=True))
    for row_key, row in zip(right_keys, right, strict=True):
        for name in compared:
            got, want = found[row_key][name], row[name]
            if not _same(got, want, double=name in doubles):
                return f"{_told(key, row)}: {name} is {got!r}, expected {want!r}"
    return None


def _rows(table: pa.Table | Rows) -> list[Row]:
    return table.to_pylist() if isinstance(table, pa.Table) else list(table)


def _names(table: pa.Table | Rows) -> list[str]:
    if isinstance(table, pa.Table):
        return list(table.column_names)
    return list(next(iter(table), {}))


def _doubles(table: pa.Table | Rows) -> set[str]:
    if not isinstance(table, pa.Table):
        return set()
    return {field.name for field in table.schema if pa.types.is_floating(field.type)}


_PLAIN: Final = frozenset({type(None), bool, int, str, datetime})
"""Types of which two values that are equal mean the same."""


def _same(got: Any, want: Any, *, double: bool) -> bool:
    if type(got) is type(want) and got == want and (type(got) in _PLAIN or (type(got) is float and got != 0)):
        return True  # most cells, soon told
    return bool(_comparable(got, double) == _comparable(want, double))


def _comparable(value: Any, double: bool) -> Any:
    """Yield a value that equals another's exactly where the two mean the same."""
    if isinstance(value, float) or (double and isinstance(value, int)):
        return "double", struct.pack(">d", value)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return "instant", aware.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, list | tuple):
        return tuple(_comparable(item, False) for item in value)
    if isinstance(value, dict):
        return tuple((name, _comparable(item, False)) for name, item in value.items())
    return type(value).__name__, value


def _differing_keys(
    left_keys: list[Any], right_keys: list[Any], left: list[Row], right: list[Row], key: Sequence[str]
) -> str | None:
    for side, keys, rows in (("actual", left_keys, left), ("expected", right_keys, right)):
        if len(set(keys)) < len(keys):
            twice = next(i for i, k in enumerate(keys) if k in keys[:i])
            return f"{_told(key, rows[twice])}: stands twice in {side}"
    there, wanted = set(left_keys), set(right_keys)
    for row_key, row in zip(right_keys, right, strict=True):
        if row_key not in there:
            return f"{_told(key, row)}: is missing ({len(left)} rows, expected {len(right)}): {dict(row)}"
    for row_key, row in zip(left_keys, left, strict=True):
        if row_key not in wanted:
            return f"{_told(key, row)}: is too much ({len(left)} rows, expected {len(right)}): {dict(row)}"
    return None


def _differing_order(left_keys: list[Any], right_keys: list[Any]) -> str | None:
    differing = (i for i, (a, b) in enumerate(zip(left_keys, right_keys, strict=True)) if a != b)
    return next((f"row {i} is {left_keys[i]}, expected {right_keys[i]}" for i in differing), None)


def _told(key: Sequence[str], row: Row) -> str:
    return "row " + ", ".join(f"{name}={row[name]!s}" for name in key)
