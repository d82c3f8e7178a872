"""gold_pipeline_runs: what each stage of each run did, written whether it ended well or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from vitalake.engines.engine import Engine
from vitalake.errors import VitalakeError
from vitalake.gold.records import GOLD_PIPELINE_RUNS


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


@contextmanager
def recorded(engine: Engine, run: RunInfo, stage: str) -> Iterator[StageRun]:
    """Yield the stage's entry and write it to gold_pipeline_runs when the block ends, also by an error."""
    entry = StageRun()
    started = run.now()
    try:
        yield entry
    except BaseException as error:
        entry.status = "failed"
        # Only our own messages are known to be free of patient data.
        entry.error = error.message if isinstance(error, VitalakeError) else type(error).__name__
        with suppress(VitalakeError):  # what failed the stage is told, not that this row failed too
            _write(engine, run, stage, started, entry)
        raise
    _write(engine, run, stage, started, entry)


def _write(engine: Engine, run: RunInfo, stage: str, started: datetime, entry: StageRun) -> None:
    row = vars(entry) | {
        "run_id": run.run_id,
        "stage": stage,
        "engine": engine.name,
        "started_at": started,
        "ended_at": run.now(),
        "versions_read": json.dumps(entry.versions_read, sort_keys=True),
        "versions_written": json.dumps(entry.versions_written, sort_keys=True),
    }
    engine.log(GOLD_PIPELINE_RUNS, pa.Table.from_pylist([row], schema=GOLD_PIPELINE_RUNS.schema))
