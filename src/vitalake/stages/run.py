"""A run: the stages in order, over one lake, under one lock a stage."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from vitalake import clock
from vitalake.domain.rules import Rules
from vitalake.engines.engine import Engine
from vitalake.sources.messages import Source
from vitalake.stages.curate import CurateResult, RunInfo, curate
from vitalake.stages.ingest import ingest, recover
from vitalake.stages.lake import open_for_writing, require_lake
from vitalake.stages.progress import STAGES, Done, Progress, read_progress, record
from vitalake.stages.rebuild import Rebuild
from vitalake.stages.refine import Refine

Told = Callable[[Done], None]
"""Who is told of each batch that was done: a progress bar, a log."""


def _tell_nobody(_done: Done) -> None:
    """Keep it to oneself."""


@dataclass
class Run:
    """One invocation on one lake."""

    engine: Engine
    where: str
    rules: Rules | None = None
    now: Callable[[], datetime] = clock.now
    told: Told = _tell_nobody
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def ingest(self, source: Source, max_rows: int) -> None:
        """Commit what is new in the source to Bronze."""
        with self._stages("ingest") as progress:
            for ingested in ingest(
                self.engine, source, progress, run_id=self.run_id, max_rows=max_rows, now=self.now
            ):
                record(self.engine, ingested.done)
                self.told(ingested.done)

    def refine(self) -> None:
        """Turn the bronze batches that wait into Silver."""
        with self._stages("refine") as progress:
            refine = self._refine(progress)
            for done in refine.pending(progress.batch("ingest")):
                self.told(done)
            refine.settle()

    def curate(self, *, force: bool = False) -> CurateResult:
        """Bring Gold up to Silver."""
        with self._stages("curate") as progress:
            return self._curate(progress, force=force)

    def all(self, source: Source, max_rows: int, *, force: bool = False) -> CurateResult:
        """Ingest, refine and curate what is new."""
        self.silver(source, max_rows)
        return self.curate(force=force)

    def silver(self, source: Source, max_rows: int) -> None:
        """Ingest and refine what is new, each batch on its way to Silver as soon as Bronze has it."""
        with self._stages("ingest", "refine") as progress:
            refine = self._refine(progress)
            for done in refine.pending(progress.batch("ingest")):
                self.told(done)
            for ingested in ingest(
                self.engine, source, progress, run_id=self.run_id, max_rows=max_rows, now=self.now
            ):
                self.told(refine.batch_of(ingested))
            refine.settle()

    def rebuild(self, rules: Rules | None = None) -> None:
        """Compute Silver and Gold again from Bronze, with the lake's rules or with others."""
        info = require_lake(self.engine, self.where)
        with self._locked(*STAGES):
            self._rebuild().carry_out(info, rules)

    def _rebuild(self) -> Rebuild:
        return Rebuild(self.engine, run_id=self.run_id, now=self.now, told=self.told)

    def _refine(self, progress: Progress) -> Refine:
        info = open_for_writing(self.engine, self.rules, self.where)
        refiner = self.engine.refiner(
            info.parsed_rules, watermark=progress.watermark, settled=progress.batch("settle")
        )
        return Refine(self.engine, refiner, progress, run_id=self.run_id, now=self.now)

    def _curate(self, progress: Progress, *, force: bool) -> CurateResult:
        info = RunInfo(run_id=self.run_id, now=self.now)
        return curate(self.engine, run=info, batch=progress.batch("settle"), force=force)

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
        """Hold the locks of the stages; yield where the lake stands, a lost ingest row made again."""
        self._finish_rebuild()
        open_for_writing(self.engine, self.rules, self.where)
        with self._locked(*stages):
            progress = read_progress(self.engine)
            if "ingest" in stages:
                lost = recover(self.engine, progress, run_id=self.run_id, now=self.now)
                if lost is not None:
                    record(self.engine, lost)
                    progress = read_progress(self.engine)
            yield progress
