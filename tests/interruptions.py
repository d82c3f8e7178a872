"""Runs that are cut short: killed around a commit, given up between batches, settled beside later batches."""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from roads import bound_by_law, refined, rows_of, run_of

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.log import DeltaFolder
from vitalake.silver.tables import EPISODE, SILVER_ALERT_CHANGES, SILVER_ALERTS
from vitalake.sources.messages import Batch, plain_messages
from vitalake.stages.lake import require_lake
from vitalake.stages.refine import Settling
from vitalake.stages.run import Held

TOPIC = "kafka://ward/vitals"
"""Where messages come from: after a crash Bronze knows the next offset of a topic."""
PARTITION = (TOPIC, 0)

Payloads = Sequence[bytes | None]


class Killed(BaseException):
    """The process ended here."""


@contextmanager
def at_commit(where: int | str, happens: Callable[[], None], *, after: bool = False) -> Iterator[None]:
    """Let something happen once, before or ``after`` a commit: the n-th (from 1), or the first to a table."""
    commit, numbers, waiting = DeltaFolder.commit, count(1), True

    def commit_there(folder: DeltaFolder, *arguments: Any, **options: Any) -> None:
        nonlocal waiting
        here = waiting and where in (next(numbers), folder.table.name)
        waiting = waiting and not here
        if here and not after:
            happens()
        commit(folder, *arguments, **options)
        if here and after:
            happens()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DeltaFolder, "commit", commit_there)
        yield


@contextmanager
def killed(where: int | str, *, after: bool = False) -> Iterator[None]:
    """Leave the block at a commit as if its process were killed: from then on none is made."""
    commit, alive = DeltaFolder.commit, True

    def commit_alive(folder: DeltaFolder, *arguments: Any, **options: Any) -> None:
        if not alive:
            raise Killed
        commit(folder, *arguments, **options)

    def die() -> None:
        nonlocal alive
        alive = False
        raise Killed

    with suppress(Killed), pytest.MonkeyPatch.context() as patch:
        patch.setattr(DeltaFolder, "commit", commit_alive)
        with at_commit(where, die, after=after):
            yield


class Stream:
    """A stream into a lake that a test leads step by step."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self.at = held.progress.positions.get(PARTITION, 0)
        """The offset of the next message."""
        self.settling: Settling | None = None
        """What was begun to be settled, and is still to be done."""

    def take(self, payloads: Payloads, *, at_end: bool = True) -> None:
        """Ingest and refine what came next."""
        n = len(payloads)
        offsets = pa.array(np.arange(self.at, self.at + n), pa.int64())
        messages = plain_messages(pa.repeat(TOPIC, n), offsets, pa.array(payloads, pa.binary()))
        self.at += n
        ingested = self._held.ingest.keep(Batch(messages, {PARTITION: self.at} if n else {}, at_end))
        if ingested is not None:
            self._held.refine.batch_of(ingested)

    def catch_up(self) -> None:
        """Tell what changed by events a little out of order."""
        self._held.refine.catch_up()

    def begin_settling(self) -> None:
        """Begin to settle; the rest may be done after further batches."""
        self.settling = self._held.refine.begin_settling()

    def end_settling(self) -> None:
        """Do the rest as another process would, which gets it by pickling and opens the lake anew."""
        settling, self.settling = self.settling, None
        if settling is not None:
            self._held.refine.end_settling(settling, pickle.loads(pickle.dumps(settling.rest))())

    def settle(self) -> None:
        """Settle all."""
        self.end_settling()
        self.begin_settling()
        self.end_settling()


@contextmanager
def streaming(path: Path) -> Iterator[Stream]:
    """Yield a stream into the lake at a path, as a new process has it; what it does not settle waits."""
    with run_of(EmbeddedLake(path)).stream() as held:
        yield Stream(held)


def assert_as_quiet(path: Path, payloads: Payloads) -> None:
    """Curate a lake; fail unless it is that of one batch with its rules, and its change log led there."""
    lake = EmbeddedLake(path)
    quiet = refined(path.parent / "quiet", [payloads], require_lake(lake, "the lake").parsed_rules)
    for each in (lake, quiet):
        run_of(each).curate(force=True)
    expected, found = bound_by_law(quiet), bound_by_law(lake)
    del expected["quarantine reasons"]  # a repeat in another spelling is quarantined in it
    for name, rows in expected.items():
        assert found[name] == rows, name
    assert_log_leads_to_alerts(lake)


def assert_log_leads_to_alerts(lake: EmbeddedLake) -> None:
    """Fail unless changes have no gaps, an alert's revisions count from 1, and the last ones are silver_alerts."""
    changes = rows_of(lake, SILVER_ALERT_CHANGES)
    assert [row["seq"] for row in changes] == list(range(1, len(changes) + 1))
    by_alert = defaultdict(list)
    for row in changes:
        by_alert[row["alert_id"]].append(row)
    for rows in by_alert.values():
        assert [row["revision"] for row in rows] == list(range(1, len(rows) + 1))
    latest = (rows[-1] for rows in by_alert.values())
    standing = {row["alert_id"]: _episode(row) for row in latest if row["change"] != "retracted"}
    assert standing == {row["alert_id"]: _episode(row) for row in rows_of(lake, SILVER_ALERTS)}


def _episode(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in EPISODE} | {"revision": row["revision"]}
