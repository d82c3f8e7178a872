"""Of rows that are made again the last one holds, and the others take no memory for long."""

from __future__ import annotations

import pyarrow as pa
import pytest

from vitalake.engines.embedded import newest
from vitalake.engines.embedded.newest import Newest


def rows(source: str, offsets: list[int], score: int) -> pa.Table:
    n = len(offsets)
    return pa.table(
        {"source": [source] * n, "partition": [0] * n, "offset": offsets, "score": [score] * n},
    )


def test_the_last_row_of_an_event_holds() -> None:
    kept = Newest()
    for part in (rows("a", [1, 2], 1), rows("b", [2], 2), rows("a", [2, 3], 3)):
        kept.add(part)
    taken = kept.take()
    assert taken is not None
    found = {(row["source"], row["offset"]): row["score"] for row in taken.to_pylist()}
    assert (len(taken), found) == (4, {("a", 1): 1, ("a", 2): 3, ("a", 3): 3, ("b", 2): 2})
    assert kept.take() is None


def test_superseded_rows_are_dropped_before_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "_FEW", 10)
    kept = Newest()
    for score in range(1_000):
        kept.add(rows("a", list(range(20)), score))
        assert len(kept) <= 50
