"""lake_batches, the truth of progress: append only, a row a stage and batch, written last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from vitalake.engines.engine import Engine
from vitalake.silver.tables import LAKE_BATCHES
from vitalake.silver.watermark import Watermark

Positions = dict[tuple[str, int], int]
"""The next offset to read, by source and partition."""
STAGES: Final = ("ingest", "refine", "curate")
"""What has one writer a lake, and a lock."""


@dataclass(frozen=True)
class Done:
    """One stage has done one batch: a row of lake_batches."""

    stage: str
    batch: int
    run_id: str
    started_at: datetime
    ended_at: datetime
    rows_in: int = 0
    observations: int = 0
    quarantined: int = 0
    duplicates: int = 0
    changes: int = 0
    at_end: bool = False
    newest_event: datetime | None = None
    watermark: datetime | None = None
    offsets: Positions = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        """Yield the row as the table has it."""
        offsets = [
            [source, partition, offset] for (source, partition), offset in sorted(self.offsets.items())
        ]
        row = {name: getattr(self, name) for name in LAKE_BATCHES.names}
        return row | {"offsets": json.dumps(offsets), "versions": json.dumps(dict(self.versions))}


@dataclass(frozen=True)
class Waiting:
    """A batch of Bronze: how many messages it has (None: unknown), and whether it reached the end of its sources."""

    rows: int | None = None
    at_end: bool = False


@dataclass(frozen=True)
class Progress:
    """Where the lake stands: what lake_batches says, read once at the start of a run."""

    last: Mapping[str, int]
    positions: Positions
    watermark: Watermark
    ingested: Mapping[int, Waiting]
    """Each batch of Bronze."""
    at_end: bool
    """Whether the last ingested batch reached the end."""
    settled: Mapping[str, int] = field(default_factory=dict)
    """The versions of Silver's tables when it was last settled: what curate reads, whoever refines on."""

    def batch(self, stage: str) -> int:
        """Yield the last batch that ``stage`` has done, 0 for none."""
        return self.last.get(stage, 0)


def read_progress(engine: Engine) -> Progress:
    """Yield where the lake stands."""
    engine.open(LAKE_BATCHES)
    rows = engine.rows(
        "select stage, batch, rows_in, offsets, at_end, newest_event, watermark, versions from lake_batches"
        " order by batch, ended_at"
    ).to_pylist()
    last: dict[str, int] = {}
    positions: Positions = {}
    watermark, at_end = Watermark(), False
    ingested: dict[int, Waiting] = {}
    settled: dict[str, int] = {}
    for row in rows:
        last[row["stage"]] = max(last.get(row["stage"], 0), row["batch"])
        if row["stage"] == "ingest":
            positions.update({(s, p): offset for s, p, offset in json.loads(row["offsets"])})
            at_end = row["at_end"]
            ingested[row["batch"]] = Waiting(row["rows_in"], at_end)
        if row["stage"] == "refine":
            watermark = Watermark(row["newest_event"], row["watermark"])
        if row["stage"] == "settle":
            settled = json.loads(row["versions"])
    return Progress(last, positions, watermark, ingested, at_end, settled)


def ingested_since(engine: Engine, batch: int) -> list[Done]:
    """Yield what lake_batches, as last read, says of the batches that were ingested after ``batch``."""
    rows = engine.rows(f"""
        select stage, batch, run_id, started_at, ended_at, rows_in from lake_batches
        where stage = 'ingest' and batch > {batch} order by batch
    """)
    return [Done(**row) for row in rows.to_pylist()]


def record(engine: Engine, *done: Done) -> None:
    """Write down what was done, in one commit."""
    rows = pa.Table.from_pylist([each.row() for each in done], schema=LAKE_BATCHES.schema)
    engine.log(LAKE_BATCHES, rows)
