"""``run --follow``: who goes along with the stream, until it is told to end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vitalake.cli.interrupts import stop_by_signals
from vitalake.cli.lakes import lake_folder
from vitalake.cli.publishing import PATIENCE_S, open_publish, tell_waiting
from vitalake.cli.source import open_feed
from vitalake.stages.follow import Follow, Pace
from vitalake.stages.progress import record

if TYPE_CHECKING:
    from vitalake.cli.progress import Work
    from vitalake.cli.settings import Settings
    from vitalake.errors import VitalakeError
    from vitalake.stages.progress import Done
    from vitalake.stages.publish import Publish
    from vitalake.stages.publisher import Publisher
    from vitalake.stages.run import Held, Run

_NICE: Final = 10
"""Gold gives way to the stream."""
_LAST_S: Final = 5.0
"""How long Gold may go on when the stream ends; cut off, it does the same work again next time."""


def follow(run: Run, work: Work, sources: Sequence[str], settings: Settings) -> int:
    """Follow the sources until SIGTERM or Ctrl-C; yield the exit code."""
    with run.stream(*_stages(settings)) as held, stop_by_signals() as stop:
        company = Company(work, Gold(lake_folder(settings)), _open_publish(settings), held)
        feed = open_feed(sources, held.progress.positions)
        try:
            Follow(run, held, _pace(settings), company).follow(feed, stop)
        finally:
            feed.close()
            company.close()
        if last := company.published():
            record(run.engine, *last)
    return stop.exit_code


def _stages(settings: Settings) -> tuple[str, ...]:
    return () if settings.publish_to is None else ("publish",)


def _open_publish(settings: Settings) -> Publish | None:
    return None if settings.publish_to is None else open_publish(settings, deadline_s=PATIENCE_S)


def _open_publisher(publish: Publish) -> Publisher:
    """Yield what publishes; it needs Kafka's client, which who only follows files may lack."""
    from vitalake.stages.publisher import Publisher

    return Publisher(publish, tell_waiting)


def _pace(settings: Settings) -> Pace:
    return Pace(settings.batch_rows, gold_s=settings.gold_every_s, stalled_s=settings.stalled_after_s)


class Gold:
    """Curates a lake in a process of its own, one at a time."""

    def __init__(self, lake: Path) -> None:
        self._command = [sys.executable, "-m", "vitalake", "curate", "--lake", str(lake), "--json"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Bring Gold up to Silver, unless that is under way."""
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what goes wrong is told on stderr
            start_new_session=True,  # Ctrl-C is the stream's
        )
        os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)

    def close(self) -> None:
        """Let it end, or end it."""
        if self._process is None:
            return
        try:
            self._process.wait(_LAST_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Company:
    """Counts, curates and publishes beside a stream (implements :class:`vitalake.stages.follow.Company`)."""

    def __init__(self, work: Work, gold: Gold, publish: Publish | None, held: Held) -> None:
        self._work = work
        self._gold = gold
        self._held = held
        self._publish = publish
        self._publisher = None if publish is None else _open_publisher(publish)
        if self._publisher is not None:
            held.refine.listen(self._publisher.hear)

    def refined(self, done: Done) -> None:
        """Count a batch."""
        self._work(done)

    def paced(self, done: Done | None) -> list[Done]:
        """Begin with Gold and the events that are not urgent; yield how far publishing has come."""
        if done is not None:
            self._work.counts["changes"] += done.changes
            self._say()
            self._gold.start()
            if self._publisher is not None:
                self._publisher.tell_rest()
        return self.published()

    def published(self) -> list[Done]:
        """Yield the row that says how far publishing has come, where that is news."""
        refine = self._held.refine
        done = None if self._publish is None else self._publish.done(refine.batch, refine.run_id)
        return [] if done is None else [done]

    def stalled(self, since: datetime) -> None:
        """Tell people and subscribers that nothing comes."""
        print(f"feed stalled: nothing came since {since:%Y-%m-%d %H:%M:%S} UTC", file=sys.stderr, flush=True)
        if self._publish is not None and self._publisher is not None:
            from vitalake.publish.events import stalled_event

            watermark = self._held.refine.watermark
            facts = {"since": since, "watermark": watermark.reached}
            self._publisher.send(stalled_event(self._publish.lake_id, since, facts))

    def waiting(self, error: VitalakeError | None) -> None:
        """Tell why the source is waited for."""
        tell_waiting(error)

    def check(self) -> None:
        """Raise what ended publishing."""
        if self._publisher is not None:
            self._publisher.check()

    def close(self) -> None:
        """Send what waits, and let Gold end."""
        if self._publisher is not None:
            self._publisher.tell_rest()  # how the stream ended, too
            self._publisher.close()
        self._gold.close()

    def _say(self) -> None:
        """Leave a line in the log of a service: what came so far."""
        if not sys.stderr.isatty():
            counts = self._work.counts
            told = ", ".join(f"{counts[name]:,} {name}" for name in ("messages", "observations", "changes"))
            print(f"batch {self._held.refine.batch}: {told} so far", file=sys.stderr, flush=True)
