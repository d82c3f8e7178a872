"""A process beside this one, for work that a stream must not wait for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final

_NICE: Final = 10


@contextmanager
def open_beside() -> Iterator[ProcessPoolExecutor]:
    """Yield what runs work one by one in another process, which gives way to this one and ends with it.

    An error in the block ends it in mid-work.  A thread would not do: it and the stream would wait for each other at
    every step that needs the interpreter.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _give_way) as beside:
        try:
            yield beside
        except BaseException:
            for process in multiprocessing.active_children():
                process.kill()
            raise


def _give_way() -> None:
    os.nice(_NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the stream's, which lets us finish
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)  # whatever is under way: a stream that was killed is gone on with by the next one
