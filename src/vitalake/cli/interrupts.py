"""Ctrl-C and SIGTERM: work stops at the next commit, so that nothing is done twice; a second one stops at once.

Whatever moment is hit, nothing is lost: what was committed stays, and the next run goes on from there.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

INTERRUPTED: Final = 128 + signal.SIGINT
"""The exit code after Ctrl-C, as shells have it."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """What this process was asked: ``signal`` is the last signal that asked it to stop, 0 for none.

    ``lake`` tells whether the command may write to a lake.
    """

    def __init__(self) -> None:
        self.signal = 0
        self.lake = True
        self._working = 0

    @property
    def exit_code(self) -> int:
        """128 + the signal, as shells have it."""
        return 128 + self.signal if self.signal else INTERRUPTED

    def install(self) -> None:
        """Take both signals of this process."""
        for number in _SIGNALS:
            signal.signal(number, self._ask)

    def _ask(self, number: int, _: FrameType | None) -> None:
        first = not self.signal
        self.signal = number
        if not (first and self._working):
            raise KeyboardInterrupt
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), b"\nstopping at the next commit; once more stops at once\n")

    @contextmanager
    def between_batches(self) -> Iterator[None]:
        """Let the work of the block come to the end of its batch: it must call :meth:`stop_if_asked` there."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1

    def stop_if_asked(self) -> None:
        """Raise KeyboardInterrupt where a signal came since."""
        if self.signal:
            raise KeyboardInterrupt


INTERRUPTS = Interrupts()
"""Those of this process."""


class Stop(threading.Event):
    """How endless work is told to end: by SIGTERM, its usual end (exit 0), or Ctrl-C; a second one cuts it off."""

    exit_code = 0

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        if self.is_set():
            INTERRUPTS.signal = number
            raise KeyboardInterrupt
        if number == signal.SIGINT:
            self.exit_code = INTERRUPTED
        self.set()


@contextmanager
def stop_by_signals() -> Iterator[Stop]:
    """Yield what SIGTERM and Ctrl-C set while the block runs."""
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
