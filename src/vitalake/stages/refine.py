"""Refine: bronze batches -> Silver, one batch at a time, in order; settled at the end of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.engine import Counts, Engine, Refiner
from vitalake.silver.watermark import Watermark
from vitalake.stages.ingest import Ingested
from vitalake.stages.progress import Done, Progress, Waiting, record


@dataclass(frozen=True)
class Settling:
    """A settling that was begun: ``rest`` is still to do and yields the versions of Silver's tables."""

    batch: int
    run_id: str
    started_at: datetime
    rest: Callable[[], Mapping[str, int]]
    changes: int
    """How many changes of alerts were told to begin it."""


class Refine:
    """The stage as a run holds it: newest states in memory, the batches done since the last settling."""

    def __init__(
        self,
        engine: Engine,
        refiner: Refiner,
        progress: Progress,
        *,
        run_id: str,
        now: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._refiner = refiner
        self.run_id = run_id
        self._now = now
        self.batch = progress.batch("refine")
        self._settled = progress.batch("settle")
        self._ingested = progress.ingested

    def listen(self, heard: Callable[[pa.Table], None]) -> None:
        """Hand alert changes to ``heard`` as soon as they are committed, where the engine has them at hand."""
        self._refiner.listen(heard)

    def expect(self, messages: pa.Table) -> None:
        """Hear of the next batch's messages before they are committed: work on them may begin."""
        self._refiner.expect(messages)

    @property
    def watermark(self) -> Watermark:
        """How far the lake's time has come."""
        return self._refiner.watermark

    def pending(self, last: int) -> Iterator[Done]:
        """Refine the bronze batches up to ``last`` that have no progress yet."""
        for batch in range(self.batch + 1, last + 1):
            waiting = self._ingested.get(batch, Waiting())
            messages = BRONZE_EVENTS.schema.empty_table() if waiting.rows == 0 else None
            yield self._batch(batch, messages, at_end=waiting.at_end)

    def batch_of(self, ingested: Ingested) -> Done:
        """Refine a bronze batch that is in memory."""
        return self._batch(ingested.done.batch, ingested.messages, at_end=ingested.done.at_end)

    def _batch(self, batch: int, messages: pa.Table | None, *, at_end: bool) -> Done:
        started = self._now()
        counts = self._refiner.refine(batch, messages, at_end=at_end)
        done = self._done(batch, counts, started)
        record(self._engine, done)
        self.batch = batch
        return done

    def catch_up(self) -> None:
        """Tell what changed by events a little out of order, rather than with the next settling."""
        self._refiner.catch_up(self.batch)

    def settle(self) -> Done | None:
        """Bring the derived tables up to the observations, where a batch came since."""
        settling = self.begin_settling()
        return None if settling is None else self.end_settling(settling, settling.rest())

    def begin_settling(self) -> Settling | None:
        """Begin to settle, where a batch came since."""
        if self.batch <= self._settled:
            return None
        started = self._now()
        rest = self._refiner.settling(self.batch)
        self._settled = self.batch
        return Settling(self.batch, self.run_id, started, rest, self._refiner.told())

    def end_settling(self, settling: Settling, versions: Mapping[str, int]) -> Done:
        """Write down that the rest is done."""
        done = Done(
            "settle",
            settling.batch,
            settling.run_id,
            settling.started_at,
            self._now(),
            changes=settling.changes,
            versions=versions,
        )
        record(self._engine, done)
        return done

    def _done(self, batch: int, counts: Counts, started: datetime) -> Done:
        return Done(
            "refine",
            batch,
            self.run_id,
            started,
            self._now(),
            rows_in=counts.messages,
            observations=counts.observations,
            quarantined=counts.quarantined,
            duplicates=counts.duplicates,
            changes=counts.changes,
            newest_event=self._refiner.watermark.newest,
            watermark=self._refiner.watermark.reached,
        )
