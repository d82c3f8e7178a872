"""Killed, a run on Spark is gone on with: the tables equal those of a quiet run."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest
from following import assert_alerts_told, done, hear, lake_id
from interruptions import assert_log_leads_to_alerts
from killing import Runs, runs
from roads import gold_of, lawful, refined, run_of
from spark.wards import stormy, ward

from vitalake.dev.kafka import Broker, broker
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.kafka.connection import Connection

Run = Callable[..., tuple[object, ...]]
Compare = Callable[[Path], None]

AROUND = (
    *("bronze_events", "lake_batches"),
    *("silver_quarantine", "silver_alert_changes", "silver_patient_states", "silver_observations"),
    *("silver_duplicates", "silver_observations"),  # of the second batch, which changes the first one's
    *("silver_alerts", "silver_vital_windows", "silver_presence", "silver_held_time", "silver_readings"),
)
"""After the commit to which table runs die, in turn: each goes on where the last one stopped."""
WITH_JVM = ("bronze_events", "silver_quarantine")
"""After the commit to which a run dies with its JVM: in its stream, and later."""


@pytest.fixture(scope="session")
def payloads() -> list[bytes]:
    return [payload for payload in ward(seed=8, patients=4, events=12) if payload]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]) -> Run:
    """The arguments of a run: in two batches the second has events that change the first one's."""
    landed = tmp_path_factory.mktemp("landed")
    arrived = [b" ".join((payload or b"").split()) for payload in stormy(seed=9, payloads=payloads)]
    for number in range(4):  # small enough for a stream, which takes the oldest first
        file = landed / f"{number}.ndjson"
        file.write_bytes(b"".join(line + b"\n" for line in arrived[number::4]))
        os.utime(file, (number, number))
    return lambda lake, batches=2: (
        "run", landed, "--lake", lake, "--engine", "spark", "--force",
        "--batch-rows", len(arrived) // batches + 1,
    )  # fmt: skip


@pytest.fixture(scope="session")
def killer(spark_environment: Mapping[str, str]) -> Iterator[Runs]:
    """What starts runs and kills them with their JVM."""
    with runs("spark", spark_environment) as started:
        yield started


@pytest.fixture(scope="session")
def client_killer(remote: dict[str, str]) -> Iterator[Runs]:
    """What starts and kills runs that are clients of one Spark Connect server, which goes on."""
    with runs("spark", remote) as started:
        yield started


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of the test's own."""
    with broker(tmp_path / "own") as running:
        yield running


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


@pytest.fixture
def assert_goes_on(run: Run, client_killer: Runs, own_broker: Broker, assert_as_quiet: Compare) -> Compare:
    """Runs to the end, and fails unless the lake is a quiet run's and each change of an alert was told once."""

    def go_on(lake: Path) -> None:
        client_killer.whole(*run(lake), "--publish-to", own_broker.brokers)
        assert_as_quiet(lake)
        assert_alerts_told(hear(Connection(own_broker.brokers), lake_id(lake)), lake)

    return go_on


def test_killed_in_bronze_silver_and_gold(
    tmp_path: Path, run: Run, killer: Runs, client_killer: Runs, assert_goes_on: Compare
) -> None:
    """Runs of one batch die where what there is differs in kind; a road takes a minute, all the rest is soak.

    The first one dies with its JVM in its stream.
    """
    lake = tmp_path / "lake"
    run = partial(run, batches=1)
    assert killer.die_at("bronze_events", "after", *run(lake))
    for table in ("silver_observations", "silver_alerts", "gold_quality_checks"):
        assert client_killer.die_at(table, "after", *run(lake)) == table
    assert_goes_on(lake)


@pytest.mark.soak
def test_killed_after_each_table(
    tmp_path: Path,
    run: Run,
    killer: Runs,
    client_killer: Runs,
    own_broker: Broker,
    assert_goes_on: Compare,
) -> None:
    """Runs die after the commit to each table, which is before the commit to the next one.

    What a client asked for last, the server may still be doing while the next one begins.  What a session of its own
    began, and died of with its JVM, those go on with.  The broker, which has the alerts told so far, dies as well.
    """
    lake, rng = tmp_path / "lake", random.Random(5)
    assert client_killer.die_at("bronze_events", "before", *run(lake))
    for number, table in enumerate(AROUND):
        began = time.monotonic()
        who = killer if table in WITH_JVM else client_killer
        assert who.die_at(table, "after", *run(lake)) == table
        if number % 3 == 1:  # at any moment before the next table's turn comes
            moment = rng.uniform(0.2, 0.8) * (time.monotonic() - began)
            client_killer.die_at(AROUND[number + 1], "before", *run(lake), at_last_s=moment)
    assert client_killer.die_at("gold_quality_checks", "after", *run(lake))
    assert client_killer.die_at("gold_patient_risk_snapshot", "before", *run(lake))
    assert json.loads(done("publish", "--lake", lake, "--to", own_broker.brokers, "--json"))["alert_changes"]
    own_broker.kill()
    own_broker.start()
    assert_goes_on(lake)


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
@pytest.mark.parametrize(
    ("which", "kills", "soonest_s"), [("killer", 10, 5), ("client_killer", 60, 3)], ids=["jvm", "client"]
)
def test_killed_often_at_any_moment(
    tmp_path: Path,
    run: Run,
    request: pytest.FixtureRequest,
    assert_as_quiet: Compare,
    which: str,
    kills: int,
    soonest_s: float,
    seed: int,
) -> None:
    killer: Runs = request.getfixturevalue(which)
    lake, rng = tmp_path / "lake", random.Random(seed)
    for _ in range(kills):
        killer.die_after(rng.uniform(soonest_s, 40), *run(lake))
    killer.whole(*run(lake))
    assert_as_quiet(lake)
