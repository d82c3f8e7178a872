"""What long work shows while it runs, and what it came to.

A bar on stderr, only on a terminal; ``lines`` instead where there is none and the work takes minutes.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vitalake.cli.interrupts import INTERRUPTS
from vitalake.sources.messages import Batch, Offsets, Source
from vitalake.stages.progress import Done


class Work:
    """Told of each batch that was done (it is a run's ``told``); counts, and moves the bar."""

    def __init__(self, bar: Any, task: Any, *, lines: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self._bar = bar
        self._task = task
        self._lines = lines
        self._at_hand = ""

    def __call__(self, done: Done) -> None:
        """Take note of a batch."""
        self.counts["batches"] += 1
        for name in ("observations", "quarantined", "duplicates", "changes"):
            self.counts[name] += getattr(done, name)
        if self._lines:
            _tell(f"{done.stage}, batch {done.batch}: {done.rows_in:,} messages")
        self.count(done.rows_in)

    def count(self, messages: int) -> None:
        """Take note of messages that are done."""
        self.counts["messages"] += messages
        self._bar.update(self._task, messages=self.counts["messages"])
        INTERRUPTS.stop_if_asked()

    def say(self, what: str) -> None:
        """Name the work at hand."""
        INTERRUPTS.stop_if_asked()
        if self._lines and what != self._at_hand:
            _tell(what)
        self._at_hand = what
        self._bar.update(self._task, description=what)

    def watch(self, source: Source, total: int | None) -> Source:
        """Yield the source, moving the bar as batches are done; ``total`` bytes, None where unknown."""
        self._bar.update(self._task, total=total)
        return _Watched(source, lambda size: self._bar.update(self._task, advance=size))


class _Watched:
    """A source that tells how far it was read."""

    def __init__(self, source: Source, moved: Any) -> None:
        self._source = source
        self._moved = moved

    def read(self, offsets: Offsets, max_rows: int) -> Iterator[Batch]:
        reached = dict(offsets)
        self._moved(sum(reached.values()))
        for batch in self._source.read(offsets, max_rows):
            yield batch
            self._moved(sum(end - reached.get(at, 0) for at, end in batch.next_offsets.items()))
            reached |= batch.next_offsets


@contextmanager
def working(what: str, *, lines: bool = False) -> Iterator[Work]:
    """Show a bar while the work of the block runs; an interrupt waits for the end of a batch."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[messages]:,} messages"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar, INTERRUPTS.between_batches():
        work = Work(bar, bar.add_task(what, total=None, messages=0), lines=lines)
        work.say(what)
        yield work


@contextmanager
def waiting(what: str, *, lines: bool = False) -> Iterator[None]:
    """Say what the work of the block is while it runs, where nothing can be counted."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        if lines:
            _tell(what)
        yield
        return
    with console.status(what):
        yield


def _tell(line: str) -> None:
    if not sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)
