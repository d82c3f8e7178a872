"""A run: the stages in order, over one lake, under one lock a stage."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import pyarrow as pa

from vitalake import clock
from vitalake.domain.rules import Rules
from vitalake.engines.engine import Engine
from vitalake.sources.ahead import read_ahead
from vitalake.sources.messages import Source
from vitalake.sources.readable import Readable
from vitalake.stages.curate import CurateResult, curate
from vitalake.stages.history import RUN, RunInfo, StageRun, recorded
from vitalake.stages.ingest import Ingest, recover
from vitalake.stages.lake import open_for_writing, require_lake
from vitalake.stages.progress import STAGES, Done, Progress, ingested_since, read_progress
from vitalake.stages.rebuild import Rebuild
from vitalake.stages.refine import Refine

Told = Callable[[Done], None]
"""Who is told of each batch that was done: a progress bar, a log."""


Stream = Callable[[str, Progress], None]
"""What brings messages to Bronze by itself: given the run's id, and where the lake stands."""


def _tell_nobody(_: object) -> None:
    """Keep it to oneself."""


@dataclass(frozen=True)
class Held:
    """The two stages of the hot path as a run holds them, and where the lake stood when it began."""

    progress: Progress
    ingest: Ingest
    refine: Refine
    entry: StageRun
    """What was refined so far."""


@dataclass
class Run:
    """One invocation on one lake."""

    engine: Engine
    where: str
    rules: Rules | None = None
    now: Callable[[], datetime] = clock.now
    told: Told = _tell_nobody
    begins: Callable[[str], None] = _tell_nobody
    """Who is told what work begins."""
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def ingest(self, source: Source, max_rows: int, ahead: Stream | None = None) -> None:
        """Commit what is new in the source to Bronze; a stream of the engine's own may go ``ahead`` of its reader."""
        with self._stages("ingest") as progress, recorded(self.engine, self.info, "ingest") as entry:
            reached = self._after(ahead, progress)
            for done in ingested_since(self.engine, progress.batch("ingest")) if ahead else ():
                entry.count(done)
                self.told(done)
            stage = self._ingest(reached)
            for read in source.read(reached.positions, max_rows):
                if (ingested := stage.keep(read)) is not None:
                    entry.count(ingested.done)
                    self.told(ingested.done)

    def _after(self, ahead: Stream | None, progress: Progress) -> Progress:
        """Yield where the lake stands after a stream went ahead."""
        if ahead is None:
            return progress
        ahead(self.run_id, progress)
        return self._recovered()

    def refine(self) -> None:
        """Turn the bronze batches that wait into Silver."""
        with self._stages("refine") as progress, recorded(self.engine, self.info, "refine") as entry:
            entry.count(self._pending(self._refine(progress), progress, entry).settle())

    def curate(self, *, force: bool = False) -> CurateResult:
        """Bring Gold up to Silver."""
        with self._stages("curate") as progress:
            return self._curate(progress, force=force)

    def all(
        self, source: Source, max_rows: int, *, force: bool = False, ahead: Stream | None = None
    ) -> CurateResult:
        """Ingest, refine and curate what is new; the result tells what of the source could not be read."""
        open_for_writing(self.engine, self.rules, self.where)
        readable = Readable(source)
        with recorded(self.engine, self.info, RUN) as entry:
            self.begins("bronze and silver")
            entry.take(self._silver(readable, max_rows, ahead))
            self.begins("gold")
            gold = self.curate(force=force)
            if gold.merged:
                entry.versions_written |= gold.versions
                if readable.error is not None:
                    entry.fail(readable.error)
            else:
                entry.status, entry.error = "failed", "The quality gate failed"
            return replace(gold, unread=readable.error)

    def silver(self, source: Source, max_rows: int, ahead: Stream | None = None) -> StageRun:
        """Ingest and refine what is new; what of the source can't be read is raised after that."""
        readable = Readable(source)
        entry = self._silver(readable, max_rows, ahead)
        if readable.error is not None:
            raise readable.error
        return entry

    def _silver(self, source: Source, max_rows: int, ahead: Stream | None) -> StageRun:
        """Send each batch on its way to Silver as soon as Bronze has it, and settle."""
        with (
            self.stream(ahead=ahead) as held,
            recorded(self.engine, self.info, "refine", held.entry) as entry,
        ):
            for read in read_ahead(source.read(held.progress.positions, max_rows)):
                if (ingested := held.ingest.keep(read)) is not None:
                    self.begins(f"batch {ingested.done.batch} to silver")
                    done = held.refine.batch_of(ingested)
                    entry.count(done)
                    self.told(done)
            self.begins("alerts and summaries")
            entry.count(held.refine.settle())
            return entry

    @contextmanager
    def stream(self, *stages: str, ahead: Stream | None = None) -> Iterator[Held]:
        """Hold ingest and refine (and more ``stages``), what waited in Bronze refined; the caller settles."""
        with self._stages("ingest", "refine", *stages) as before:
            progress = self._after(ahead, before)
            entry = StageRun()
            refine = self._pending(self._refine(progress), progress, entry)
            yield Held(progress, self._ingest(progress, refine.expect), refine, entry)

    @property
    def info(self) -> RunInfo:
        """What the histories say of the run."""
        return RunInfo(run_id=self.run_id, now=self.now)

    def _ingest(self, progress: Progress, expect: Callable[[pa.Table], None] = _tell_nobody) -> Ingest:
        return Ingest(self.engine, progress, run_id=self.run_id, now=self.now, expect=expect)

    def _pending(self, refine: Refine, progress: Progress, entry: StageRun) -> Refine:
        """Refine the bronze batches that wait."""
        for done in refine.pending(progress.batch("ingest")):
            entry.count(done)
            self.told(done)
        return refine

    def rebuild(self, rules: Rules | None = None) -> CurateResult:
        """Compute Silver and Gold again from Bronze, with the lake's rules or with others."""
        info = require_lake(self.engine, self.where)
        with self._locked(*STAGES):
            self._recovered()
            return self._rebuild().carry_out(info, rules)

    def _rebuild(self) -> Rebuild:
        return Rebuild(self.engine, run_id=self.run_id, now=self.now, told=self.told)

    def _refine(self, progress: Progress) -> Refine:
        info = open_for_writing(self.engine, self.rules, self.where)
        refiner = self.engine.refiner(
            info.parsed_rules, watermark=progress.watermark, settled=progress.batch("settle")
        )
        return Refine(self.engine, refiner, progress, run_id=self.run_id, now=self.now)

    def _curate(self, progress: Progress, *, force: bool) -> CurateResult:
        with self.engine.pinned(progress.settled, progress.batch("settle")):
            result = curate(self.engine, run=self.info, batch=progress.batch("settle"), force=force)
        return replace(result, unsettled=progress.batch("refine") - progress.batch("settle"))

    def _finish_rebuild(self) -> None:
        """Finish a rebuild that was begun and cut short."""
        if self._rebuild().begun:
            self.rebuild()

    @contextmanager
    def _locked(self, *stages: str) -> Iterator[None]:
        with ExitStack() as stack:
            for stage in stages:
                stack.enter_context(self.engine.lock(stage))
            yield

    @contextmanager
    def _stages(self, *stages: str) -> Iterator[Progress]:
        """Hold the locks of the stages; yield where the lake stands."""
        self._finish_rebuild()
        open_for_writing(self.engine, self.rules, self.where, new="ingest" in stages)
        with self._locked(*stages):
            yield self._recovered() if "ingest" in stages else read_progress(self.engine)

    def _recovered(self) -> Progress:
        """Yield where the lake stands, an ingest row that a crash lost made again."""
        progress = read_progress(self.engine)
        if recover(self.engine, progress, run_id=self.run_id, now=self.now):
            return read_progress(self.engine)
        return progress
