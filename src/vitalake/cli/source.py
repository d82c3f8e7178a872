"""What a command's SOURCE arguments name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vitalake.sources.files import FileSource, find_files
from vitalake.sources.messages import Source


def open_source(names: Sequence[str]) -> tuple[Source, int | None]:
    """Yield the source and how many bytes it will read from its beginning (None: unknown, as with gzip)."""
    paths = [Path(name).expanduser() for name in names]
    files = find_files(paths)
    packed = any(file.path.suffix.lower() == ".gz" for file in files)
    return FileSource(paths), None if packed else sum(file.size for file in files)
