"""Follow: the road without an end.  Each batch goes to Silver and out as it comes; the rest at Gold's pace.

The stream never waits for Gold (a process of its own curates) nor for subscribers (a thread publishes).  A source that
is away delays the lake; what fails in the lake itself ends the work, and the next run goes on from what is committed.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

from vitalake.errors import Unavailable, VitalakeError
from vitalake.sources.messages import Batch, Feed
from vitalake.stages.backoff import Backoff
from vitalake.stages.beside import open_beside
from vitalake.stages.history import RUN, RunInfo, StageRun, write
from vitalake.stages.progress import Done, record
from vitalake.stages.refine import Settling
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
    catch_up_ms: float = 250
    """How long events a little out of order wait, at least, until alerts follow them."""
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


_Versions: TypeAlias = Mapping[str, int]


def _done_at_once(versions: _Versions) -> Future[_Versions]:
    future: Future[_Versions] = Future()
    future.set_result(versions)
    return future


@dataclass(frozen=True)
class _Settling:
    """A settling under way, and what its run says of itself."""

    settling: Settling
    future: Future[_Versions]
    entry: StageRun
    began_at: datetime


class Follow:
    """The loop over one feed, the stages it drives, and when what is due.  A minute's work is a run of its own.

    What is derived is settled beside the batches, by another process.
    """

    def __init__(self, run: Run, held: Held, pace: Pace, company: Company) -> None:
        self._run = run
        self._held = held
        self._pace = pace
        self._company = company
        self._away = Backoff()
        self._stalled = False
        self._heard_at = run.now()
        self._catch_up_at = time.monotonic()
        held.refine.catch_up()
        self._begin(held.entry)
        self._under_way: _Settling | None = None

    def _begin(self, entry: StageRun) -> None:
        self._entry = entry
        self._began_at = self._run.now()
        self._paced_at = time.monotonic() + self._pace.gold_s

    def follow(self, feed: Feed, stop: threading.Event) -> None:
        """Work until ``stop`` is set; the batch under way is finished and Silver settled."""
        with open_beside() as beside:
            try:
                self._work(feed, stop, beside)
            except BaseException as error:
                self._write_failed(error)
                raise

    def _work(self, feed: Feed, stop: threading.Event, beside: Executor) -> None:
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
            self._keep_pace(beside)
        self._end_settling(wait=True)
        self._begin_settling(lambda rest: _done_at_once(rest()))
        self._end_settling(wait=True)

    def _keep_pace(self, beside: Executor) -> None:
        began = time.monotonic()
        if began >= self._catch_up_at:
            self._held.refine.catch_up()
            took = time.monotonic() - began
            self._catch_up_at = began + max(self._pace.catch_up_ms / 1000, 4 * took)  # batches come first
        self._end_settling()
        if self._under_way is None and time.monotonic() >= self._paced_at:
            self._begin_settling(beside.submit)

    def _begin_settling(self, start: Callable[[Callable[[], _Versions]], Future[_Versions]]) -> None:
        """Begin to settle what this run brought, and begin another run."""
        settling = self._held.refine.begin_settling()
        if settling is None:
            self._write_down(self._company.paced(None))
            self._begin(StageRun())
            return
        under_way = _Settling(settling, start(settling.rest), self._entry, self._began_at)
        self._run.run_id = self._held.ingest.run_id = self._held.refine.run_id = str(uuid.uuid4())
        self._begin(StageRun())
        self._under_way = under_way

    def _end_settling(self, *, wait: bool = False) -> None:
        """Write down what was settled, once it is."""
        under_way = self._under_way
        if under_way is None or not (wait or under_way.future.done()):
            return
        try:
            versions = under_way.future.result()
        except BrokenProcessPool as error:
            message = "The process that settles Silver was killed"
            raise Unavailable(message, "Is there enough memory? Run again to go on") from error
        done = self._held.refine.end_settling(under_way.settling, versions)
        under_way.entry.count(done)
        self._under_way = None
        write(self._run.engine, *self._rows(done.run_id, under_way.entry, under_way.began_at))
        self._write_down(self._company.paced(done))

    def _rows(self, run_id: str, entry: StageRun, began_at: datetime) -> list[dict[str, Any]]:
        engine, info = self._run.engine, RunInfo(run_id, self._run.now)
        return [entry.row(engine, info, stage, began_at) for stage in ("refine", RUN)]

    def _write_failed(self, error: BaseException) -> None:
        """Write down what ended the stream, as the end of the runs that were under way."""
        runs = [(self._run.run_id, self._entry, self._began_at)]
        if (settling := self._under_way) is not None:
            runs.append((settling.settling.run_id, settling.entry, settling.began_at))
        for _, entry, _ in runs:
            entry.fail(error)
        with suppress(VitalakeError):  # what ended the stream is told, not that these rows failed too
            write(self._run.engine, *(row for run in runs for row in self._rows(*run)))

    def _write_down(self, elsewhere: list[Done]) -> None:
        if elsewhere:
            record(self._run.engine, *elsewhere)

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
