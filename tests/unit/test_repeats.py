"""Repeats are found however long ago their event came, in memory that a long stream does not fill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from interruptions import streaming
from roads import rows_of

from vitalake.engines.embedded import repeats
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.repeats import RepeatFinder
from vitalake.silver.tables import SILVER_DUPLICATES, SILVER_OBSERVATIONS, SILVER_QUARANTINE


def event(day: int, pulse: int = 80) -> bytes:
    """Yield the payload of the only event of a day."""
    at = f"2026-03-{day:02}T08:00:00Z"
    return json.dumps({"event_id": "e", "patient_id": "p", "event_time": at, "heart_rate": pulse}).encode()


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_MANY", 2)
    monkeypatch.setattr(repeats, "_OF_LATE", 3)


@pytest.mark.usefixtures("few_are_many")
def test_repeats_of_forgotten_dates_are_found(tmp_path: Path) -> None:
    with streaming(tmp_path / "lake") as stream:
        for day in range(1, 9):
            stream.take([event(day)])
        stream.take([event(1), event(2, pulse=81), event(8)])
    lake = EmbeddedLake(tmp_path / "lake")
    repeated = [(row["offset"], row["first_offset"]) for row in rows_of(lake, SILVER_DUPLICATES)]
    assert repeated == [(8, 0), (10, 7)]
    assert [row["offset"] for row in rows_of(lake, SILVER_QUARANTINE)] == [9]
    assert len(rows_of(lake, SILVER_OBSERVATIONS)) == 8


@pytest.mark.usefixtures("few_are_many")
def test_dates_that_a_stream_has_left_behind_take_no_memory(tmp_path: Path) -> None:
    with streaming(tmp_path / "lake") as stream:
        for day in range(1, 9):
            stream.take([event(day)])
    lake = EmbeddedLake(tmp_path / "lake")
    lake.open(SILVER_OBSERVATIONS)
    events = lake.rows("select * from silver_observations order by event_time")
    finder = RepeatFinder(lake)
    for row in range(events.num_rows):
        assert len(finder.find(events.slice(row, 1)).same) == 1
        assert len(finder) <= 3
