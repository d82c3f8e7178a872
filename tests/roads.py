"""The road as tests drive it: payloads in memory as a source, a lake in a temporary folder, its tables to compare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.engine import Engine
from vitalake.gold.definitions import gold_tables
from vitalake.silver.tables import (
    SILVER_ALERTS,
    SILVER_HELD_TIME,
    SILVER_OBSERVATIONS,
    SILVER_PATIENT_STATES,
    SILVER_PRESENCE,
    SILVER_QUARANTINE,
    SILVER_READINGS,
    SILVER_VITAL_WINDOWS,
)
from vitalake.sources.messages import Batch, Offsets, plain_messages
from vitalake.stages.run import Run

INGESTED = datetime(2027, 1, 1, tzinfo=UTC)
"""When messages come, unless a test says otherwise: later than any event of `strategies`."""

HISTORY = ("source", "partition", "offset", "ingest_time", "batch", "updated_batch", "revision", "updated_at")
"""Columns that tell what arrived and was done, and lie outside the law."""

LAWFUL = (
    SILVER_OBSERVATIONS,
    SILVER_PATIENT_STATES,
    SILVER_VITAL_WINDOWS,
    SILVER_PRESENCE,
    SILVER_HELD_TIME,
    SILVER_READINGS,
    SILVER_ALERTS,
)
"""Silver tables that are a function of the set of events."""


@dataclass(frozen=True)
class Payloads:
    """A source in memory: batches as they are given, offsets counted; one that never ``ends`` has always more."""

    batches: Sequence[Sequence[bytes | None]]
    ends: bool = True

    def read(self, offsets: Offsets, max_rows: int) -> Iterator[Batch]:  # noqa: ARG002 - batches are given
        """Yield the batches after the known offset."""
        at = 0
        done = offsets.get(("test", 0), 0)
        waiting = [batch for batch in self.batches if batch]
        for number, batch in enumerate(waiting, start=1):
            first, at = at, at + len(batch)
            if at > done:
                rows = batch[max(done - first, 0) :]
                yield Batch(
                    _messages(rows, at - len(rows)), {("test", 0): at}, self.ends and number == len(waiting)
                )
        if at <= done:
            yield Batch(_messages([], at), {}, at_end=self.ends)


def _messages(rows: Sequence[bytes | None], first: int) -> pa.Table:
    n = len(rows)
    offsets = pa.array(np.arange(first, first + n), pa.int64())
    return plain_messages(pa.repeat("test", n), offsets, pa.array(rows, pa.binary()))


def run_of(lake: Engine, rules: Rules | None = None) -> Run:
    """Yield a run on the lake whose clock stands still."""
    return Run(lake, "the test's lake", rules, now=lambda: INGESTED)


def refined(
    path: Path, batches: Sequence[Sequence[bytes | None]], rules: Rules | None = None, *, ends: bool = True
) -> EmbeddedLake:
    """Yield a new lake into which the batches were refined."""
    lake = EmbeddedLake(path)
    run_of(lake, rules).silver(Payloads(batches, ends), max_rows=10**9)
    return lake


def rows_of(lake: Engine, table: Table) -> list[dict[str, Any]]:
    """Yield a table's rows, in the order of its key."""
    lake.open(table)
    order = ", ".join(f'"{name}"' for name in table.key)
    return lake.rows(f"select * from {table.name} order by {order}").to_pylist()


def lawful(lake: Engine) -> dict[str, list[dict[str, Any]]]:
    """Yield the rows of the tables that the law binds, without what tells of arrival."""
    tables = {
        table.name: [{k: v for k, v in row.items() if k not in HISTORY} for row in rows_of(lake, table)]
        for table in LAWFUL
    }
    quarantined = {(row["payload"], row["reason"]) for row in rows_of(lake, SILVER_QUARANTINE)}
    tables["quarantine reasons"] = [{"quarantined": each} for each in sorted(quarantined, key=repr)]
    return tables


def bound_by_law(lake: Engine) -> dict[str, list[dict[str, Any]]]:
    """Yield the rows of Silver and of Gold that the law binds."""
    return lawful(lake) | gold_of(lake)


def gold_of(lake: Engine) -> dict[str, list[dict[str, Any]]]:
    """Yield the rows of Gold, without what tells of arrival: the law binds them too."""
    tables = {gold.name: rows_of(lake, gold.table) for gold in gold_tables()}
    return {
        name: [
            {k: v for k, v in row.items() if k not in (*HISTORY, "delay_p50_s", "delay_p99_s")}
            for row in rows
            if row.get("table_name") not in ("silver_quarantine", "silver_duplicates")
        ]
        for name, rows in tables.items()
    }
