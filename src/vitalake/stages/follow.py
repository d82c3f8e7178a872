"""Follow: the road without an end.  Each batch goes to Silver and out as it comes; the rest at Gold's pace.

The stream never waits for Gold (a process of its own curates) nor for subscribers (a thread publishes).  A source that
is away delays the lake; what fails in the lake itself ends the work, and the next run goes on from what is committed.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from vitalake.errors import VitalakeError
from vitalake.sources.messages import Batch, Feed
from vitalake.stages.backoff import Backoff
from vitalake.stages.history import RUN, StageRun, write
from vitalake.stages.progress import Done, record
from vitalake.stages.run import Held, Run


@dataclass(frozen=True)
class Pace:
    """How a stream is cut and how often the derived tables are brought up to it."""

    max_rows: int
    """The most messages of a batch."""
    linger_ms: float = 50
    """How long a quiet source is waited for at a time."""
    least_ms: float = 50
    """How long a batch gathers at least: a trickle of messages makes no flood of small files."""
    gold_s: float = 60
    """Gold's pace: how often Silver is settled and Gold curated."""
    stalled_s: float = 120
    """After how long without a message the feed counts as stalled."""


class Company(Protocol):
    """Who goes along with a stream: told of what happens, by the thread that refines; must not hold it up."""

    def refined(self, done: Done) -> None:
        """Hear of a batch that is in Silver."""

    def paced(self, done: Done | None) -> list[Done]:
        """Hear at Gold's pace that Silver was settled (None: it is still); yield what was done elsewhere."""

    def stalled(self, since: datetime) -> None:
        """Hear that no source has sent anything since an instant."""

    def waiting(self, error: VitalakeError | None) -> None:
        """Hear why a source is waited for; None: it is back."""

    def check(self) -> None:
        """Raise what must end the stream."""


class Follow:
    """The loop over one feed, the stages it drives, and when what is due.  A minute's work is a run of its own."""

    def __init__(self, run: Run, held: Held, pace: Pace, company: Company) -> None:
        self._run = run
        self._held = held
        self._pace = pace
        self._company = company
        self._away = Backoff()
        self._stalled = False
        self._heard_at = run.now()
        self._begin(held.entry)

    def _begin(self, entry: StageRun) -> None:
        self._entry = entry
        self._began_at = self._run.now()
        self._paced_at = time.monotonic() + self._pace.gold_s

    def follow(self, feed: Feed, stop: threading.Event) -> None:
        """Work until ``stop`` is set; the batch under way is finished and Silver settled."""
        while not stop.is_set():
            began = time.monotonic()
            read = self._fetch(feed)
            if read is None:
                stop.wait(self._away.wait_s)
            else:
                self._take(read)
                if read.messages.num_rows and read.at_end:  # a backlog is not slowed down
                    stop.wait(max(began + self._pace.least_ms / 1000 - time.monotonic(), 0))
            self._company.check()
            if time.monotonic() >= self._paced_at:
                self.settle()
        self.settle()

    def settle(self) -> None:
        """Settle Silver, write down what was done in this run and what the company did, and begin another."""
        done = self._held.refine.settle()
        elsewhere = self._company.paced(done)
        engine, info = self._run.engine, self._run.info
        if elsewhere:
            record(engine, *elsewhere)
        if done is not None:
            self._entry.count(done)
            write(
                engine, *(self._entry.row(engine, info, stage, self._began_at) for stage in ("refine", RUN))
            )
            self._run.run_id = self._held.ingest.run_id = self._held.refine.run_id = str(uuid.uuid4())
        self._begin(StageRun())

    def _take(self, read: Batch) -> None:
        ingested = self._held.ingest.keep(read)
        if ingested is not None:
            done = self._held.refine.batch_of(ingested)
            self._entry.count(done)
            self._company.refined(done)
        if read.messages.num_rows:
            self._heard_at, self._stalled = self._run.now(), False
        elif not self._stalled and self._run.now() - self._heard_at > timedelta(seconds=self._pace.stalled_s):
            self._stalled = True
            self._company.stalled(self._heard_at)

    def _fetch(self, feed: Feed) -> Batch | None:
        """Yield the next batch; None where the source is away."""
        try:
            read = feed.fetch(self._pace.max_rows, self._pace.linger_ms)
        except VitalakeError as error:
            if not error.retry:
                raise
            if not self._away:
                self._company.waiting(error)
            self._away.longer()
            return None
        if self._away:
            self._company.waiting(None)
            self._away.reset()
        return read
