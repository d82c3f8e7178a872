"""gold_pipeline_runs: what each run and each stage of it did, written whether it ended well or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from vitalake.engines.engine import Engine
from vitalake.errors import VitalakeError
from vitalake.gold.records import GOLD_PIPELINE_RUNS
from vitalake.stages.progress import Done

RUN: Final = "run"
"""Stands in the column ``stage`` of the row of a whole run."""


TRY: Final = "#"
"""Stands in a run's id before the number of the try, where a scheduler tries again."""


def tries_of(run_id: str) -> str:
    """Yield the SQL condition of all tries of a run: one that was killed counts with what it committed.

    >>> tries_of("ward's run#2")
    "split_part(run_id, '#', 1) = 'ward''s run'"
    """
    name = run_id.split(TRY, maxsplit=1)[0].replace("'", "''")
    return f"split_part(run_id, '{TRY}', 1) = '{name}'"


@dataclass(frozen=True)
class RunInfo:
    """One invocation (in follow mode a minute's work): its id, and the clock it was given."""

    run_id: str
    now: Callable[[], datetime]


@dataclass
class StageRun:
    """What a stage says of itself while it works."""

    rows_in: int = 0
    rows_out: int = 0
    first_batch: int | None = None
    last_batch: int | None = None
    versions_read: dict[str, int] = field(default_factory=dict)
    versions_written: dict[str, int] = field(default_factory=dict)
    status: str = "completed"
    error: str | None = None

    def count(self, done: Done | None) -> None:
        """Take note of a batch, or of a settling."""
        if done is None:
            return
        self.rows_in += done.rows_in
        self.rows_out += done.observations
        self.first_batch = self.first_batch or done.batch
        self.last_batch = done.batch
        self.versions_written.update(done.versions)

    def take(self, other: StageRun) -> None:
        """Take over all that another says."""
        vars(self).update(vars(other))

    def fail(self, error: BaseException) -> None:
        """Take note of what ended it; only our own messages are known to be free of patient data."""
        self.status = "failed"
        self.error = _told(error)

    def row(self, engine: Engine, run: RunInfo, stage: str, started: datetime) -> dict[str, Any]:
        """Yield the row that tells of it."""
        return vars(self) | {
            "run_id": run.run_id,
            "stage": stage,
            "engine": engine.name,
            "started_at": started,
            "ended_at": run.now(),
            "versions_read": json.dumps(self.versions_read, sort_keys=True),
            "versions_written": json.dumps(self.versions_written, sort_keys=True),
        }


def _told(error: BaseException) -> str:
    if isinstance(error, VitalakeError):
        return error.message
    return "It was told to stop" if isinstance(error, KeyboardInterrupt) else type(error).__name__


@contextmanager
def recorded(engine: Engine, run: RunInfo, stage: str, entry: StageRun | None = None) -> Iterator[StageRun]:
    """Yield the stage's entry (one begun, or a new one); write it when the block ends, also by an error."""
    entry = entry or StageRun()
    started = run.now()
    try:
        yield entry
    except BaseException as error:
        entry.fail(error)
        with suppress(VitalakeError):  # what failed the stage is told, not that this row failed too
            write(engine, entry.row(engine, run, stage, started))
        raise
    write(engine, entry.row(engine, run, stage, started))


def write(engine: Engine, *rows: dict[str, Any]) -> None:
    """Append rows in one commit."""
    engine.log(GOLD_PIPELINE_RUNS, pa.Table.from_pylist(list(rows), schema=GOLD_PIPELINE_RUNS.schema))
