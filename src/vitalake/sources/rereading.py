"""A source that is read again and again: how files and folders are followed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from vitalake.errors import Unavailable, UserError
from vitalake.sources.messages import Batch, Offsets, Source

PAUSE_MS: Final = 500
"""How long the files are left alone after a read that found nothing new."""


class Rereading:
    """One read after the other of a source (implements :class:`vitalake.sources.messages.Feed`).

    What can't be read now is tried again: its errors are Unavailable.
    """

    def __init__(self, source: Source, offsets: Offsets) -> None:
        self._source = source
        self._reached = dict(offsets)
        self._reading: Iterator[Batch] | None = None

    def fetch(self, max_rows: int, linger_ms: float = 0) -> Batch:
        """Yield the next batch of the read under way, else the first of a new one."""
        batch = self._next(max_rows)
        if not batch.messages.num_rows:
            time.sleep(max(linger_ms, PAUSE_MS) / 1000)
        self._reached |= batch.next_offsets
        return batch

    def _next(self, max_rows: int) -> Batch:
        reading = self._reading or self._source.read(self._reached, max_rows)
        self._reading = None  # unless this read goes well and on
        try:
            batch = next(reading)
        except UserError as error:  # a file half written, a folder still empty: not so for ever
            raise Unavailable(error.message, error.hint) from error
        if not batch.at_end:
            self._reading = reading
        return batch

    def close(self) -> None:
        """End the read that is under way."""
        self._reading = None
