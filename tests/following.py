"""`vitalake` as processes that tests start, wait for, signal and kill."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forking import COMPILED, Ended, shared_forks
from roads import lawful
from services.subscriber import all_events

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import LakeBusy
from vitalake.kafka.connection import Connection
from vitalake.publish.topics import ALERTS
from vitalake.silver.tables import EPISODE, SILVER_ALERTS
from vitalake.stages.progress import read_progress

PATIENCE_S = 120
"""How long a test waits for a busy machine."""


def command(*arguments: object) -> list[str]:
    """Yield the command line of vitalake."""
    return [sys.executable, "-m", "vitalake", *map(str, arguments)]


def vitalake(*arguments: object) -> Ended:
    """Run vitalake to its end."""
    return shared_forks().run(arguments, patience_s=PATIENCE_S)


def done(*arguments: object) -> str:
    """Run vitalake to a good end; yield what it printed."""
    ended = vitalake(*arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


class Process:
    """A vitalake that goes on until it is told to end; its stderr is in a file."""

    def __init__(self, log: Path, *arguments: object, settings: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("w") as stderr:
            self._process = subprocess.Popen(
                command(*arguments),
                env={**COMPILED, **(settings or {})},
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    def wait_for(self, happened: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until something has happened, while the process runs."""
        deadline = time.monotonic() + patience_s
        while True:
            began = time.monotonic()
            if happened():
                return
            looked_s = time.monotonic() - began
            assert self._process.poll() is None, f"it ended before {what}: {self.said()}"
            assert began < deadline, f"still not {what}: {self.said()}"
            time.sleep(min(1, max(0.1, 4 * looked_s)))  # to look into a lake takes time of those we wait for

    def said(self) -> str:
        """Yield what it wrote to stderr."""
        return self.log.read_text()

    def end(self, signal: int) -> int:
        """Send a signal, wait for the end; yield the exit code."""
        self._process.send_signal(signal)
        return self._process.wait(PATIENCE_S)


@contextmanager
def running(log: Path, *arguments: object, settings: Mapping[str, str] | None = None) -> Iterator[Process]:
    """Yield a vitalake that goes on, and kill it after the block if it still does."""
    process = Process(log, *arguments, settings=settings)
    try:
        yield process
    finally:
        process._process.kill()
        process._process.wait()


def count(lake: Path, table: Table = BRONZE_EVENTS) -> int:
    """Yield how many rows of a table the lake has now."""
    if not (lake / table.name / "_delta_log").is_dir():
        return 0
    engine = EmbeddedLake(lake)
    engine.open(table)
    return int(engine.rows(f"select count(*) as n from {table.name}")["n"][0].as_py())


def is_refined(lake: Path, messages: int) -> bool:
    """Tell whether so many messages have come to Silver."""
    if count(lake) < messages:
        return False
    progress = read_progress(EmbeddedLake(lake))
    return progress.batch("refine") == progress.batch("ingest")


def wait_for_stage(lake: Path, stage: str) -> None:
    """Wait until no process holds a stage: what curates beside a stream outlives it where that is killed."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with EmbeddedLake(lake).lock(stage):
                return
        except LakeBusy:
            assert time.monotonic() < deadline, f"the {stage} stage is still held"
            time.sleep(0.1)


def assert_same_lake(one: Path, other: Path) -> None:
    """Fail unless the tables that the law binds are equal."""
    left, right = (lawful(EmbeddedLake(path)) for path in (one, other))
    for name, rows in right.items():
        assert left[name] == rows, name


def hear(connection: Connection, lake_id: str, topic: str = ALERTS) -> list[dict[str, Any]]:
    """Yield all committed events of a lake on a topic, in order, as a subscriber gets them."""
    return [event for event in all_events(connection, topic) if event["source"].endswith(lake_id)]


def lake_id(lake: Path) -> str:
    """Yield the lake's id."""
    told: str = json.loads(done("status", "--lake", lake, "--json"))["lake_id"]
    return told


def assert_alerts_told(events: list[dict[str, Any]], lake: Path) -> None:
    """Fail unless each change came once, those of a patient in order, and their fold is silver_alerts."""
    changes = [event["data"] for event in events]
    seqs = [change["seq"] for change in changes]
    assert sorted(seqs) == list(range(1, len(seqs) + 1))
    by_patient: dict[str, list[int]] = defaultdict(list)
    for change in changes:
        by_patient[change["patient_id"]].append(change["seq"])
    assert all(mine == sorted(mine) for mine in by_patient.values())
    latest = {change["alert_id"]: change for change in sorted(changes, key=lambda change: change["seq"])}
    names = [column.name for column in EPISODE]
    fold = {key: [c[name] for name in names] for key, c in latest.items() if c["change"] != "retracted"}
    engine = EmbeddedLake(lake)
    engine.open(SILVER_ALERTS)
    stored = engine.rows("select * from silver_alerts").to_pylist()
    assert fold == {row["alert_id"]: [_plain(row[name]) for name in names] for row in stored}


def _plain(value: Any) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if hasattr(value, "strftime") else value
