"""Killed with all that it started, a run on Spark is gone on with: the tables equal those of a quiet run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from interruptions import assert_log_leads_to_alerts
from killing import Runs, runs
from roads import gold_of, lawful, refined, run_of
from spark.jvm import SHORT_LIVED
from spark.wards import stormy, ward

from vitalake.engines.embedded.lake import EmbeddedLake

Run = Callable[[Path], tuple[object, ...]]
Compare = Callable[[Path], None]

KILLS = (
    ("bronze_events", "after"),
    ("silver_alert_changes", "after"),
    ("silver_patient_states", "before"),
    ("silver_observations", "after"),
    ("silver_held_time", "after"),
    ("gold_patient_hour", "before"),
)
"""Around which commit a run dies, one run after the other: each goes on where the last one stopped."""


@pytest.fixture(scope="session")
def payloads() -> list[bytes]:
    return [payload for payload in ward(seed=8, patients=4, events=12) if payload]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]) -> Run:
    """The arguments of a run in two batches: the second has events that change the first one's."""
    landed = tmp_path_factory.mktemp("landed") / "messages.ndjson"
    arrived = [b" ".join((payload or b"").split()) for payload in stormy(seed=9, payloads=payloads)]
    landed.write_bytes(b"\n".join(arrived))
    batch_rows = len(arrived) // 2 + 1
    return lambda lake: (
        "run", landed, "--lake", lake, "--engine", "spark", "--batch-rows", batch_rows, "--force",
    )  # fmt: skip


@pytest.fixture(scope="session")
def killer() -> Iterator[Runs]:
    """What starts and kills runs."""
    with runs("spark", {"JAVA_TOOL_OPTIONS": SHORT_LIVED}) as started:
        yield started


@pytest.fixture
def assert_as_quiet(tmp_path: Path, payloads: list[bytes]) -> Compare:
    """Fails unless a lake's Silver and Gold equal those of the embedded engine's run over the events in order."""

    def compare(path: Path) -> None:
        lake, quiet = EmbeddedLake(path), refined(tmp_path / "quiet", [payloads])
        run_of(quiet).curate(force=True)
        assert lawful(lake) == lawful(quiet)
        assert gold_of(lake) == gold_of(quiet)
        assert_log_leads_to_alerts(lake)

    return compare


def test_killed_at_commits_and_any_moment(
    tmp_path: Path,
    run: Run,
    killer: Runs,
    assert_as_quiet: Compare,
) -> None:
    lake, rng = tmp_path / "lake", random.Random(4)
    for table, when in KILLS:
        assert killer.die_at(table, when, *run(lake)) == table
        if table == "silver_observations":
            killer.die_after(rng.uniform(10, 25), *run(lake))
    killer.whole(*run(lake))
    assert_as_quiet(lake)


@pytest.mark.soak
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_each_table(
    tmp_path: Path,
    run: Run,
    killer: Runs,
    assert_as_quiet: Compare,
    when: str,
) -> None:
    """Runs die around the first commit to each table, in turn: each goes on where the last one stopped."""
    tables = dict.fromkeys(killer.whole(*run(tmp_path / "whole")))
    lake = tmp_path / "lake"
    hit = {killer.die_at(table, when, *run(lake)) for table in tables}
    killer.whole(*run(lake))
    assert hit - {None} == set(tables)
    assert_as_quiet(lake)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_killed_ten_times_at_any_moment(
    tmp_path: Path,
    run: Run,
    killer: Runs,
    assert_as_quiet: Compare,
    seed: int,
) -> None:
    lake, rng = tmp_path / "lake", random.Random(seed)
    for _ in range(10):
        killer.die_after(rng.uniform(5, 40), *run(lake))
    killer.whole(*run(lake))
    assert_as_quiet(lake)
