"""How work without an end is told to end: after what it is at, by SIGTERM (exit 0) or Ctrl-C (exit 130)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from vitalake.cli.failures import INTERRUPTED

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stop(threading.Event):
    """Set by the first signal; a second Ctrl-C ends the work at once."""

    exit_code = 0

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        if number == signal.SIGINT:
            self.exit_code = INTERRUPTED
            signal.signal(signal.SIGINT, signal.default_int_handler)
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
