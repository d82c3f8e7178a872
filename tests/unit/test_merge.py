"""Small files are merged: fewer files, the same rows, older versions still there, appends in between kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from roads import lawful, refined, rows_of
from strategies.histories import as_payloads, history

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.embedded import merge
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.merge import merge_small_files
from vitalake.silver.tables import SILVER_OBSERVATIONS

BATCHES = 6


@pytest.fixture
def batches() -> list[list[bytes | None]]:
    payloads = as_payloads(history(3, patients=2, events=20))
    return [payloads[number::BATCHES] for number in range(BATCHES)]


def files_of(lake: EmbeddedLake) -> int:
    return len(lake.folder(BRONZE_EVENTS).files())


def test_a_lake_of_merged_files_is_the_same(
    tmp_path: Path, batches: list[list[bytes | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = refined(tmp_path / "many", batches)
    monkeypatch.setattr(merge, "_ENOUGH", 2)
    found = refined(tmp_path / "few", batches)
    assert (files_of(expected), files_of(found)) == (BATCHES, 1)
    assert lawful(found) == lawful(expected)
    assert rows_of(found, BRONZE_EVENTS) == rows_of(expected, BRONZE_EVENTS)
    assert lawful(refined(tmp_path / "few", batches)) == lawful(expected)  # and it can be gone on with


def test_who_reads_an_older_version_finds_its_rows(
    tmp_path: Path, batches: list[list[bytes | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = refined(tmp_path, batches)
    rows, version = lake.read(SILVER_OBSERVATIONS), lake.version(SILVER_OBSERVATIONS)
    assert version is not None
    monkeypatch.setattr(merge, "_ENOUGH", 2)
    merge_small_files(EmbeddedLake(tmp_path).folder(SILVER_OBSERVATIONS))
    assert lake.version(SILVER_OBSERVATIONS) == version + 1
    with lake.pinned({SILVER_OBSERVATIONS.name: version}, BATCHES):
        lake.open(SILVER_OBSERVATIONS)
        assert lake.rows("select * from silver_observations").num_rows == rows.num_rows


def test_what_is_appended_meanwhile_stays(
    tmp_path: Path, batches: list[list[bytes | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = refined(tmp_path, batches)
    rows = lake.read(BRONZE_EVENTS)
    other = EmbeddedLake(tmp_path).folder(BRONZE_EVENTS)
    other.sizes()  # knows the table as it is now
    lake.append(BRONZE_EVENTS, rows.slice(0, 1), BATCHES + 1)
    monkeypatch.setattr(merge, "_ENOUGH", 2)
    merge_small_files(other)
    assert lake.read(BRONZE_EVENTS).num_rows == rows.num_rows + 1
    lake.append(BRONZE_EVENTS, rows.slice(0, 1), BATCHES + 2)
    assert lake.read(BRONZE_EVENTS).num_rows == rows.num_rows + 2
