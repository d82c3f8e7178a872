"""Publish: Silver's changes -> Kafka.  Alerts exactly once, in order; what else there is to tell at least once.

Alerts are read by ``seq``, quarantined messages by batch, runs by their end.  How far it came is a row of
lake_batches; for alerts only a reminder that the lake has published: the relay's own record in Kafka is the truth.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from vitalake.domain.tables import Table
from vitalake.engines.engine import Engine
from vitalake.gold.records import GOLD_PIPELINE_RUNS
from vitalake.kafka.connection import DEADLINE_S, Connection, Options
from vitalake.publish.events import Keyed, quarantine_events
from vitalake.publish.pipeline import pipeline_events
from vitalake.publish.relay import Relay, RelaySettings
from vitalake.publish.send import send_events
from vitalake.publish.topics import PIPELINE, QUARANTINE
from vitalake.silver.tables import LAKE_BATCHES, SILVER_ALERT_CHANGES, SILVER_QUARANTINE
from vitalake.stages.progress import Done

STAGE: Final = "publish"
_COMMITTED_WITHIN_US: Final = 60_000_000
"""How long after its end a row of gold_pipeline_runs may appear: two processes write it."""
_RUNS: Final = GOLD_PIPELINE_RUNS.name
_RUNS_KNOWN: Final = f"{GOLD_PIPELINE_RUNS.name} known"
"""The end of the latest run that was told [us], and how many rows of the time before it were there."""
_KEPT: Final = 50_000
"""How many fresh changes are kept in memory for a relay that can't keep up; older ones are read from the lake."""


@dataclass(frozen=True)
class Subscribers:
    """Where events go."""

    brokers: str
    options: Options
    begin_at: int | None = None
    """The user's ``--from``: the first seq to publish."""
    backfill: bool = False
    deadline_s: float = DEADLINE_S


class Fresh:
    """The newest alert changes in memory, so that what was just committed need not be read back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: deque[pa.Table] = deque()
        self._rows = 0
        self._next: int | None = None

    def add(self, changes: pa.Table) -> None:
        """Take changes over, which follow those before; the oldest are forgotten where there are too many."""
        with self._lock:
            self._tables.append(changes)
            self._next = changes["seq"][-1].as_py() + 1
            self._rows += changes.num_rows
            while self._rows > _KEPT and len(self._tables) > 1:
                self._rows -= self._tables.popleft().num_rows

    def read(self, from_seq: int, limit: int) -> pa.Table | None:
        """Yield the first changes from ``from_seq`` on, None where they may be in the lake only; forget older ones."""
        with self._lock:
            while self._tables and self._tables[0]["seq"][-1].as_py() < from_seq:
                self._rows -= self._tables.popleft().num_rows
            if self._next is not None and from_seq >= self._next:
                return SILVER_ALERT_CHANGES.schema.empty_table()
            if not self._tables or self._tables[0]["seq"][0].as_py() > from_seq:
                return None
            rows = pa.concat_tables(self._tables)
        return rows.slice(from_seq - rows["seq"][0].as_py(), limit)


class Publish:
    """The stage as a process holds it: the relay, and how far all that is told has come."""

    def __init__(
        self, engine: Engine, lake_id: str, subscribers: Subscribers, *, now: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self.lake_id = lake_id
        self._now = now
        self._told = self._recorded = read_told(engine)
        self._sent: set[tuple[str, str, str]] = set()
        self.fresh = Fresh()
        self._connection = Connection(subscribers.brokers, subscribers.options, subscribers.deadline_s)
        self._relay = Relay(
            RelaySettings(
                lake_id,
                subscribers.brokers,
                subscribers.options,
                published=self._told.get(SILVER_ALERT_CHANGES.name, 1) - 1,
                begin_at=subscribers.begin_at,
                backfill=subscribers.backfill,
                deadline_s=subscribers.deadline_s,
            ),
            self._read,
            now,
        )

    def alerts(self) -> int:
        """Send the changes that wait, each exactly once; yield how many.

        Raises:
            Unavailable: Kafka does not answer; call again later.
            LakeBusy: another relay publishes this lake.
            UserError: access refused, or the relay's position is gone.
        """
        count = self._relay.publish_all()
        self._note(SILVER_ALERT_CHANGES.name, self._relay.position + 1)
        return count

    def rest(self) -> int:
        """Send what was quarantined and what was completed since the last time; yield how many events."""
        return self._quarantined() + self._completed()

    def send(self, event: Keyed) -> None:
        """Send an event of the pipeline."""
        send_events(self._connection, PIPELINE, [event])

    def done(self, batch: int, run_id: str) -> Done | None:
        """Yield the row of progress, None where nothing was told since the last one."""
        if self._told == self._recorded:
            return None
        self._recorded = told = self._told
        at = self._now()
        offsets = {(name, 0): n for name, n in told.items()}
        return Done(STAGE, batch, run_id, at, at, offsets=offsets)

    def _read(self, from_seq: int, limit: int) -> pa.Table:
        fresh = self.fresh.read(from_seq, limit)
        if fresh is not None:
            return fresh
        return _rows(self._engine, SILVER_ALERT_CHANGES, f"seq >= {from_seq} and seq < {from_seq + limit}")

    def _quarantined(self) -> int:
        rows = _rows(self._engine, SILVER_QUARANTINE, f"batch >= {self._told.get(SILVER_QUARANTINE.name, 1)}")
        if not rows.num_rows:
            return 0
        sent = send_events(self._connection, QUARANTINE, quarantine_events(rows, self.lake_id))
        self._note(SILVER_QUARANTINE.name, rows["batch"][-1].as_py() + 1)
        return sent

    def _completed(self) -> int:
        """Send the runs that ended since; where one came late into the table, also those just before it again."""
        until_us, known = self._told.get(_RUNS, 0), self._told.get(_RUNS_KNOWN, 0)
        since_us = until_us - _COMMITTED_WITHIN_US
        rows = _rows(
            self._engine, GOLD_PIPELINE_RUNS, f"ended_at >= timestamp_micros({since_us})"
        ).to_pylist()
        old = [row for row in rows if _micros(row["ended_at"]) <= until_us]
        late = len(old) > known
        new = [row for row in rows if (late or row not in old) and _event_of(row) not in self._sent]
        sent = send_events(self._connection, PIPELINE, pipeline_events(new, self.lake_id))
        self._sent.update(map(_event_of, new))
        if rows:
            until_us = max(_micros(row["ended_at"]) for row in rows)
            window_us = until_us - _COMMITTED_WITHIN_US
            self._note(_RUNS, until_us)
            self._note(_RUNS_KNOWN, sum(_micros(row["ended_at"]) >= window_us for row in rows))
        return sent

    def _note(self, name: str, next_one: int) -> None:
        self._told = {**self._told, name: next_one}  # another thread may be reading the old one


def read_told(engine: Engine) -> dict[str, int]:
    """Yield the next seq, batch or instant [us] to tell, by table; nothing for a lake that has never published."""
    rows = _rows(engine, LAKE_BATCHES, f"stage = '{STAGE}'").to_pylist()
    latest = max(rows, key=lambda row: row["ended_at"], default=None)
    return {} if latest is None else {name: n for name, _, n in json.loads(latest["offsets"])}


def _event_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["run_id"], row["stage"], row["status"]


def _micros(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000 + instant.microsecond


def _rows(engine: Engine, table: Table, where: str) -> pa.Table:
    engine.open(table, where)
    order = ", ".join(f'"{name}"' for name in table.key)
    order = f"batch, {order}" if table is SILVER_QUARANTINE else order
    return engine.rows(f"select * from {table.name} order by {order}")
