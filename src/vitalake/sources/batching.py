"""Lines of many files to batches of messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.sources.messages import Batch, Position, plain_messages
from vitalake.sources.splitter import Lines

MAX_BYTES: Final = 256 * 2**20
"""A batch of longer messages has fewer rows: its payloads stay within about this."""


MANY: Final = 64
"""Chunks of a batch that are worth a copy."""


class Batcher:
    """Gathers lines until there are more than a batch holds, so that it knows which batch is the last."""

    def __init__(self, max_rows: int, max_bytes: int = MAX_BYTES) -> None:
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._pieces: list[tuple[str, Lines]] = []
        self._rows = 0
        self._bytes = 0

    def add(self, source: str, lines: Lines) -> Iterator[Batch]:
        """Take lines of a source; yield the batches that are full, none of them the last."""
        while len(lines) and (self._rows + len(lines) > self._max_rows or self._bytes > self._max_bytes):
            room = self._max_rows - self._rows if self._bytes <= self._max_bytes else 0
            taken, lines = _cut(lines, room)
            self._keep(source, taken)
            yield self.rest(at_end=False)
        self._keep(source, lines)

    def rest(self, *, at_end: bool) -> Batch:
        """Yield what was gathered."""
        pieces, self._pieces, self._rows, self._bytes = self._pieces, [], 0, 0
        offsets: dict[Position, int] = {(source, 0): lines.end for source, lines in pieces}
        return Batch(_messages(pieces), offsets, at_end)

    def _keep(self, source: str, lines: Lines) -> None:
        if len(lines):
            self._pieces.append((source, lines))
            self._rows += len(lines)
            self._bytes += lines.payloads.nbytes


def _cut(lines: Lines, count: int) -> tuple[Lines, Lines]:
    """Yield the first ``count`` lines (fewer than all) and the rest."""
    end = lines.offsets[count].as_py()
    first = Lines(lines.offsets.slice(0, count), lines.payloads.slice(0, count), end)
    return first, Lines(lines.offsets.slice(count), lines.payloads.slice(count), lines.end)


def _messages(pieces: list[tuple[str, Lines]]) -> pa.Table:
    counts = np.array([len(lines) for _, lines in pieces], np.int64)
    names = pa.array([source for source, _ in pieces], pa.string())
    return plain_messages(
        names.take(pa.array(np.repeat(np.arange(len(pieces)), counts))),
        _joined([lines.offsets for _, lines in pieces], pa.int64()),
        _joined([lines.payloads for _, lines in pieces], pa.binary()),
    )


def _joined(arrays: list[pa.Array], kind: pa.DataType) -> pa.ChunkedArray:
    """Yield the arrays as chunks, or as one array where they are many (of small files)."""
    return pa.chunked_array([pa.concat_arrays(arrays)] if len(arrays) > MANY else arrays, kind)
