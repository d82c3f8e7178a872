"""Bytes of NDJSON to lines and the bytes at which they start, without a step a line."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.errors import UserError

CHUNK: Final = 8 * 2**20
"""Bytes that are read and split at once."""

MAX_LINE: Final = 64 * 2**20
"""Bytes of the longest line: one that is longer is no message of a device."""

NEWLINE: Final = 0x0A
GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = zlib.MAX_WBITS | 16
_BLANK: Final = r"\A[ \t\r]*\z"
Numbers: TypeAlias = npt.NDArray[np.int64]

_MAY_BE_BLANK: Final = np.frombuffer(b" \t\r\n", np.uint8)


class CutShort(UserError):
    """A gzip stream ends before its end; what precedes was delivered."""


class Damaged(UserError):
    """A gzip stream can't be decompressed, or not to what was compressed."""


@dataclass(frozen=True)
class Lines:
    """Lines that are not blank: ``offsets`` (int64): where each starts, ``payloads`` (binary): its bytes.

    The line feed is no part of a line, a carriage return before it is.  ``end`` is the byte from which to go
    on.
    """

    offsets: pa.Array
    payloads: pa.Array
    end: int

    def __len__(self) -> int:
        """How many lines."""
        return len(self.payloads)


def split_lines(data: bytes, start: int = 0, *, final: bool = True) -> Lines:
    r"""Yield the lines of ``data`` (below 2 GiB), whose first byte is byte ``start`` of its file.

    What follows the last line feed is a line if ``final``, else it is left.

    >>> lines = split_lines(b'{"a":1}\n\n{"b"', start=100, final=False)
    >>> lines.offsets.to_pylist(), lines.payloads.to_pylist(), lines.end
    ([100], [b'{"a":1}'], 109)
    """
    values = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(values == NEWLINE)
    if final and len(values) and values[-1] != NEWLINE:
        ends = np.append(ends, len(values))
    if not len(ends):
        return Lines(pa.array([], pa.int64()), pa.array([], pa.binary()), start)
    starts = np.append(0, ends[:-1] + 1)
    kept = _not_blank(data, values, starts, ends)
    payloads = _slices(data, starts, ends).take(pa.array(2 * kept))
    return Lines(pa.array(starts[kept] + start), payloads, start + min(int(ends[-1]) + 1, len(values)))


def _slices(data: bytes, starts: Numbers, ends: Numbers) -> pa.Array:
    """Yield each line at 2 i and its line feed at 2 i + 1, without copying."""
    bounds = np.empty(2 * len(starts) + 1, np.int32)
    bounds[0:-1:2], bounds[1::2], bounds[-1] = starts, ends, ends[-1]
    return pa.Array.from_buffers(
        pa.binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(data)]
    )


def _not_blank(data: bytes, values: npt.NDArray[np.uint8], starts: Numbers, ends: Numbers) -> Numbers:
    """Yield the numbers of the lines that hold more than spaces, tabs and carriage returns."""
    suspects = np.flatnonzero(np.isin(values[starts], _MAY_BE_BLANK))
    if not len(suspects):
        return np.arange(len(starts))
    texts = _slices(data, starts, ends).take(pa.array(2 * suspects))
    blank = pc.match_substring_regex(texts, _BLANK).to_numpy(zero_copy_only=False)
    return np.delete(np.arange(len(starts)), suspects[blank])


def split_stream(
    pieces: Iterable[bytes], *, name: str, start: int = 0, final: bool = True
) -> Iterator[Lines]:
    """Yield the lines of a stream from its byte ``start`` on, a piece at a time; ``name`` is for errors.

    ``pieces`` begin at byte ``start``.  Where they end in an error, the whole lines before it are yielded
    first.
    """
    rest = b""
    for piece in pieces:
        data = rest + piece
        lines = split_lines(data, start, final=False)
        rest, start = data[lines.end - start :], lines.end
        if len(rest) > MAX_LINE:
            raise UserError(
                f"{name} has a line of more than {MAX_LINE // 2**20} MiB at byte {start}",
                "This is no file of one JSON object a line; convert it or take it away",
            )
        yield lines
    if final and rest:
        yield split_lines(rest, start)


def gunzip(pieces: Iterable[bytes], *, name: str) -> Iterator[bytes]:
    """Yield the content of a gzip stream of one or more members, then raise CutShort or Damaged if it is."""
    inflate = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            compressed = piece
            while compressed:
                if inflate.eof:
                    compressed = compressed.lstrip(b"\0")  # some writers pad with zeros
                    if not compressed:
                        break
                    inflate = zlib.decompressobj(_GZIP)
                yield inflate.decompress(compressed, CHUNK)
                compressed = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error as error:
        raise Damaged(
            f"{name} is damaged ({error}); no more of it is read",
            "Get the file again and repeat the command: a lake goes on where it stopped",
        ) from error
    if not inflate.eof:
        raise CutShort(
            f"{name} is cut short; what comes before was read",
            "Get the whole file and repeat the command: a lake goes on where it stopped",
        )


def check_gzip(pieces: Iterable[bytes], *, name: str) -> None:
    """Raise Damaged where a gzip stream is; what is only cut short is sound as far as it goes.

    The checksum comes last, so what a damaged stream holds can't be told from what was meant before all is read.
    """
    with suppress(CutShort):
        for _ in gunzip(pieces, name=name):
            pass


def skip_bytes(pieces: Iterable[bytes], count: int, *, name: str) -> Iterator[bytes]:
    """Yield the stream without its first ``count`` bytes; fewer are an error."""
    left = count
    for piece in pieces:
        if left < len(piece):
            yield piece[left:] if left else piece
        left = max(0, left - len(piece))
    if left:
        raise shrunk(name, count, count - left)


def shrunk(name: str, known: int, size: int) -> UserError:
    """Yield the error for a file that is shorter than what was read of it."""
    return UserError(
        f"{name} has {size} bytes, but {known} were read from it before: it was replaced or cut",
        "A file of messages may only grow; give new content a new name",
    )
