"""Ingest: messages of the sources -> bronze_events, byte for byte.

Reads from the offsets that lake_batches holds; stamps time and batch; commits Bronze once a batch, then its progress.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.engine import Engine
from vitalake.sources.messages import Batch, next_offset
from vitalake.stages.progress import Done, Positions, Progress, record


@dataclass(frozen=True)
class Ingested:
    """A bronze batch: its messages and its progress row."""

    messages: pa.Table
    done: Done


class Ingest:
    """The stage as a run holds it: the last batch, and whether it reached the end.

    ``expect`` is given the messages of a batch before they are committed.
    """

    def __init__(
        self,
        engine: Engine,
        progress: Progress,
        *,
        run_id: str,
        now: Callable[[], datetime],
        expect: Callable[[pa.Table], None],
    ) -> None:
        self._engine = engine
        self._expect = expect
        self._now = now
        self.run_id = run_id
        self.batch = progress.batch("ingest")
        self._at_end = progress.at_end or self.batch == 0

    def keep(self, read: Batch) -> Ingested | None:
        """Commit what was read to Bronze as the next batch, then its progress: what is told of it knows its time.

        Where nothing is new there is no batch, unless the last one had not reached the end: then an empty one says
        that the end is reached.
        """
        if not read.messages.num_rows and (self._at_end or not read.at_end):
            return None
        batch = self.batch + 1
        started = self._now()
        messages = stamp(read, batch, started)
        self._expect(messages)
        self._engine.append(BRONZE_EVENTS, messages, batch)
        done = _done(read, batch, self.run_id, started, self._now())
        record(self._engine, done)
        self.batch, self._at_end = batch, read.at_end
        return Ingested(messages, done)


def stamp(read: Batch, batch: int, ingest_time: datetime) -> pa.Table:
    """Yield the rows of bronze_events in bronze order, which decides the first of conflicting duplicates."""
    messages = read.messages
    n = messages.num_rows
    if len(read.next_offsets) > 1:
        messages = messages.sort_by([(name, "ascending") for name in BRONZE_EVENTS.key])
    columns = {name: messages[name] for name in messages.column_names} | {
        "ingest_time": pa.repeat(pa.scalar(ingest_time, pa.timestamp("us", tz="UTC")), n),
        "ingest_date": pa.repeat(pa.scalar(ingest_time.date(), pa.date32()), n),
        "batch": pa.repeat(pa.scalar(batch, pa.int64()), n),
    }
    return pa.table(columns, schema=BRONZE_EVENTS.schema)


def recover(engine: Engine, progress: Progress, *, run_id: str, now: Callable[[], datetime]) -> bool:
    """Write the progress row that a crash lost after its bronze commit, made from Bronze; tell whether one was lost."""
    batch = engine.committed(BRONZE_EVENTS)
    if batch <= progress.batch("ingest"):
        return False
    engine.open(BRONZE_EVENTS, f"batch = {batch}")
    rows = engine.rows("""
        select source, partition, max("offset") as last, max_by(octet_length(payload), "offset") as length,
          count(*) as n
        from bronze_events group by source, partition
    """).to_pylist()
    offsets: Positions = {
        (row["source"], row["partition"]): next_offset(row["source"], row["last"], row["length"] or 0)
        for row in rows
    }
    at = now()
    rows_in = sum(row["n"] for row in rows)
    record(engine, Done("ingest", batch, run_id, at, at, rows_in=rows_in, offsets=offsets))
    return True


def _done(read: Batch, batch: int, run_id: str, started: datetime, ended: datetime) -> Done:
    return Done(
        "ingest",
        batch,
        run_id,
        started,
        ended,
        rows_in=read.messages.num_rows,
        at_end=read.at_end,
        offsets=dict(read.next_offsets),
    )
