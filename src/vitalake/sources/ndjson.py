"""Payloads to an NDJSON file."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

from vitalake.errors import UserError

_Writable: TypeAlias = BinaryIO | gzip.GzipFile


def write_ndjson(path: Path, chunks: Iterable[Sequence[bytes]], *, overwrite: bool = False) -> int:
    """Write one payload a line (gzip where the name ends in .gz); yield how many.

    The file appears under its name when it is whole, so that nobody reads half of it.
    """
    if path.exists() and not overwrite:
        raise UserError(f"{path} exists already", "Name another file, or overwrite it (--overwrite)")
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _opened(part, packed=path.name.lower().endswith(".gz")) as file:
            lines = _write(file, chunks)
        part.replace(path)
    except OSError as error:
        raise UserError(
            f"{path} can't be written ({error.strerror})", "Check the folder and its space"
        ) from error
    finally:
        if part.exists():
            part.unlink()
    return lines


@contextmanager
def _opened(path: Path, *, packed: bool) -> Iterator[_Writable]:
    with path.open("wb") as file:
        if not packed:
            yield file
            return
        # No name and time in the header: the same payloads give the same file.
        with gzip.GzipFile("", "wb", 6, file, 0) as unpacked:
            yield unpacked


def _write(file: _Writable, chunks: Iterable[Sequence[bytes]]) -> int:
    lines = 0
    for chunk in chunks:
        if chunk:
            file.write(b"\n".join(chunk) + b"\n")
            lines += len(chunk)
    return lines
