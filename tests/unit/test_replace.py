"""Replacing rows by key in an embedded lake: which files are written again, and which are left alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from vitalake.domain.tables import Column, Table
from vitalake.engines.embedded.lake import EmbeddedLake

BEDS = Table(
    "beds",
    "bed and day",
    (
        Column("bed", "bigint", "The bed", required=True),
        Column("state", "string", "Free or taken", required=True),
        Column("updated_batch", "bigint", "The batch", required=True),
        Column("day", "date", "The day", required=True),
    ),
    key=("bed", "day"),
    partition_by=("day",),
)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
MANY = 60_000


def rows(day: date, beds: range, state: str, batch: int) -> pa.Table:
    n = len(beds)
    columns = [list(beds), [state] * n, [batch] * n, [day] * n]
    return pa.Table.from_arrays([pa.array(c) for c in columns], names=BEDS.names).cast(BEDS.schema)


@pytest.fixture
def lake(tmp_path: Path) -> EmbeddedLake:
    """A lake with ten free beds on each of two days."""
    lake = EmbeddedLake(tmp_path)
    lake.append(BEDS, pa.concat_tables([rows(day, range(10), "free", 1) for day in (MONDAY, TUESDAY)]), 1)
    return lake


def replace(lake: EmbeddedLake, new: pa.Table, touched: pa.Table | None = None, batch: int = 2) -> None:
    lake.register("new_rows", new)
    lake.register("touched_keys", new.select(["bed", "day"]) if touched is None else touched)
    lake.replace(BEDS, "new_rows", "touched_keys", batch)


def content(lake: EmbeddedLake) -> set[tuple[int, str, date]]:
    found = lake.read(BEDS).to_pylist()
    assert len({(row["bed"], row["day"]) for row in found}) == len(found)
    return {(row["bed"], row["state"], row["day"]) for row in found}


def files(lake: EmbeddedLake) -> set[str]:
    return set(lake.folder(BEDS).files())


def test_touched_rows_are_replaced_and_the_others_kept(lake: EmbeddedLake) -> None:
    before = files(lake)
    replace(lake, rows(MONDAY, range(8, 12), "taken", 2))
    assert content(lake) == (
        {(bed, "free", MONDAY) for bed in range(8)}
        | {(bed, "taken", MONDAY) for bed in range(8, 12)}
        | {(bed, "free", TUESDAY) for bed in range(10)}
    )
    assert len(before & files(lake)) == 1, "Tuesday's file is the one it was"


def test_touched_rows_that_are_not_there_again_are_deleted(lake: EmbeddedLake) -> None:
    touched = rows(MONDAY, range(5), "", 0).select(["bed", "day"])
    replace(lake, rows(MONDAY, range(1), "taken", 2), touched)
    assert {bed for bed, _, day in content(lake) if day == MONDAY} == {0, 5, 6, 7, 8, 9}


def test_rows_that_differ_only_by_when_they_were_written_are_not_written(lake: EmbeddedLake) -> None:
    version = lake.version(BEDS)
    replace(lake, rows(MONDAY, range(3), "free", 2))
    assert lake.version(BEDS) == version
    replace(lake, rows(MONDAY, range(3), "taken", 2))
    assert lake.version(BEDS) != version


def test_many_kept_rows_become_a_file_of_their_own(lake: EmbeddedLake) -> None:
    lake.append(BEDS, rows(MONDAY, range(100, 100 + MANY), "free", 2), 2)
    replace(lake, rows(MONDAY, range(100, 102), "taken", 3), batch=3)
    cold = files(lake)
    replace(lake, rows(MONDAY, range(100, 102), "free", 4), batch=4)
    assert len(cold & files(lake)) == 3, "the ten and the many of Monday, and Tuesday's"
    assert len(content(lake)) == 20 + MANY


def test_keys_without_the_partition_are_found_in_all_files(lake: EmbeddedLake) -> None:
    touched = rows(MONDAY, range(10), "", 0).select(["bed"])
    replace(lake, rows(TUESDAY, range(2), "taken", 2), touched)
    assert content(lake) == {(0, "taken", TUESDAY), (1, "taken", TUESDAY)}
