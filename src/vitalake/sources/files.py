"""NDJSON files and folders, plain and gzip.

A file's *source* is its absolute path with symbolic links resolved: two files never share a name, so nothing
is taken for already read.  A folder that was moved is therefore read again, and its messages are dropped as
duplicates.  A message's offset is the byte at which its line starts, in the decompressed content.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

import pyarrow as pa

from vitalake.errors import UserError
from vitalake.sources.batching import Batcher
from vitalake.sources.messages import Batch, Offsets, plain_messages
from vitalake.sources.splitter import (
    CHUNK,
    GZIP_MAGIC,
    Lines,
    check_gzip,
    gunzip,
    shrunk,
    skip_bytes,
    split_stream,
)

SUFFIXES: Final = (".ndjson", ".jsonl", ".json")
"""What a file of a folder must end in, with or without ``.gz``.  A file named itself may end in anything."""

PACKED: Final = tuple(f"{suffix}.gz" for suffix in SUFFIXES)

_DELTA_LOG: Final = "_delta_log"


@dataclass(frozen=True)
class File:
    """A file as it was when the read began: its source name, size and time of change."""

    path: Path
    source: str
    size: int
    changed_ns: int


def source_name(path: Path) -> str:
    """Yield the name under which the lake knows the file."""
    name = path.resolve().as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UserError(f"The name of the file {name!a} is not UTF-8", "Rename it") from None
    return name


def find_files(paths: Sequence[Path]) -> list[File]:
    """Yield the files that ``paths`` name, and of folders those below with :data:`SUFFIXES`, by source.

    A file that is named twice is read once.  Names that begin with a dot, and Delta tables, are passed over.
    """
    found: dict[str, File] = {}
    for path in paths:
        with reading(path):
            is_folder = S_ISDIR(path.stat().st_mode)
        for file in _below(path) if is_folder else [path]:
            with reading(file):
                stat = file.stat()
            if not S_ISREG(stat.st_mode):
                raise UserError(f"{file} is neither a file nor a folder", "Write its content to a file first")
            name = source_name(file)
            found[name] = File(file, name, stat.st_size, stat.st_mtime_ns)
    return sorted(found.values(), key=lambda file: file.source)


def _below(folder: Path) -> list[Path]:
    files = []
    with reading(folder):
        for parent, folders, names in os.walk(folder, onerror=_raise):
            if _DELTA_LOG in folders:  # a lake's table: its log ends in .json too
                folders.clear()
                continue
            folders[:] = [name for name in folders if not name.startswith(".")]
            files += [Path(parent, name) for name in names if _is_messages(name)]
    if not files:
        raise UserError(
            f"The folder {folder} holds no file of messages",
            f"Files of one JSON object a line end in {', '.join(SUFFIXES)} or one of these and .gz",
        )
    return sorted(files)


def is_plain(folder: Path) -> bool:
    """Tell whether all that lies below a folder is messages of its own: no link to a folder, and no Delta table."""
    return not any(
        _DELTA_LOG in folders or any(Path(parent, name).is_symlink() for name in folders)
        for parent, folders, _ in os.walk(folder)
    )


def _raise(error: OSError) -> None:
    raise error


def _is_messages(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(SUFFIXES) and not name.startswith(".")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the system's errors on a path into the user's."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist", "Check the path") from error
    except OSError as error:
        raise UserError(
            f"{path} can't be read ({error.strerror})", "Check the path and its permissions"
        ) from error


class FileSource:
    """Files and folders as a source of messages.

    ``complete`` tells that nobody writes to the files any more: then a last line without a line feed is a
    message.  With ``complete=False`` it is left until its line feed is there (a gzip file is complete when
    its end is).
    """

    def __init__(self, paths: Sequence[Path], *, complete: bool = True) -> None:
        self._paths = tuple(paths)
        self._complete = complete
        self._unpacked: dict[str, tuple[File, int]] = {}

    def read(self, offsets: Offsets, max_rows: int) -> Iterator[Batch]:
        """Yield what the files hold after ``offsets``; several small files may share a batch.

        A file that can't be read to its end does not stop the others: what can be read of all is yielded,
        then the error is raised.
        """
        batcher = Batcher(max_rows)
        errors: list[UserError] = []
        for file in find_files(self._paths):
            lines = self._lines(file, offsets.get((file.source, 0), 0))
            for piece in _until_error(lines, errors):
                yield from batcher.add(file.source, piece)
        yield batcher.rest(at_end=not errors)
        if errors:
            raise _all_of(errors)

    def _lines(self, file: File, start: int) -> Iterator[Lines]:
        if self._unpacked.get(file.source) == (file, start):
            return
        with reading(file.path), file.path.open("rb") as stream:
            if not is_gzip(stream.peek(2), file.source):
                yield from self._plain_lines(stream, file, start)
                return
            check_gzip(_pieces(stream), name=file.source)
            stream.seek(0)
            end = start
            for lines in _gzip_lines(_pieces(stream), file.source, start):
                end = lines.end
                yield lines
            self._unpacked[file.source] = (file, end)

    def _plain_lines(self, stream: BufferedReader, file: File, start: int) -> Iterator[Lines]:
        if file.size < start:
            raise shrunk(file.source, start, file.size)
        stream.seek(start)
        # A line that still grows while it is read is not final, whatever the user says.
        final = self._complete and os.fstat(stream.fileno()).st_size == file.size
        yield from split_stream(
            _pieces(stream, file.size - start), name=file.source, start=start, final=final
        )


def messages_of_file(source: str, content: bytes) -> Iterator[pa.Table]:
    """Yield the messages of a whole file that an engine has read itself, positions as of FileSource."""
    if is_gzip(content[:2], source):
        return _tabulated(source, _gzip_lines(_cut(content), source, 0))
    return _tabulated(source, split_stream(_cut(content), name=source))


def whole_lines_of_file(path: str, content: bytes) -> Iterator[pa.Table]:
    """Yield what is certain of a file of this machine that is read for the first time; a reader brings the rest.

    A last line without a line feed may still grow; what is packed, or reached through a link, has to be looked at.
    """
    if content.startswith(GZIP_MAGIC) or path != source_name(Path(path)):
        return iter(())
    return _tabulated(path, split_stream(_cut(content), name=path, final=False))


def _cut(content: bytes) -> Iterator[bytes]:
    return (content[at : at + CHUNK] for at in range(0, len(content), CHUNK))


def _tabulated(source: str, lines: Iterator[Lines]) -> Iterator[pa.Table]:
    for piece in lines:
        yield plain_messages(pa.repeat(source, len(piece)), piece.offsets, piece.payloads)


def is_gzip(beginning: bytes, name: str) -> bool:
    """Tell by its first bytes whether a file is gzip; one that only calls itself so is an error."""
    if beginning.startswith(GZIP_MAGIC):
        return True
    if beginning and name.lower().endswith(".gz"):
        raise UserError(f"{name} is no gzip file", "Compress it, or rename it without .gz")
    return False


def _gzip_lines(pieces: Iterable[bytes], name: str, start: int) -> Iterator[Lines]:
    return split_stream(skip_bytes(gunzip(pieces, name=name), start, name=name), name=name, start=start)


def _pieces(stream: BufferedReader, size: int | None = None) -> Iterator[bytes]:
    """Yield the rest of the stream, or its next ``size`` bytes."""
    while piece := stream.read(CHUNK if size is None else min(CHUNK, size)):
        size = None if size is None else size - len(piece)
        yield piece


def _until_error(lines: Iterator[Lines], errors: list[UserError]) -> Iterator[Lines]:
    try:
        yield from lines
    except UserError as error:
        errors.append(error)


def _all_of(errors: Sequence[UserError]) -> UserError:
    if len(errors) == 1:
        return errors[0]
    return UserError("; ".join(error.message for error in errors), errors[0].hint)
