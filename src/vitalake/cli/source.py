"""What a command's SOURCE arguments name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vitalake.cli.kafka import is_topic, read_options, require_kafka
from vitalake.cli.settings import Settings, read_settings
from vitalake.errors import UserError
from vitalake.sources.files import FileSource, find_files, reading
from vitalake.sources.messages import Feed, Offsets, Source
from vitalake.sources.rereading import Rereading

if TYPE_CHECKING:
    from vitalake.sources.kafka import KafkaSource

_PATIENCE_S: Final = 3.0
"""How long a run that follows waits for an answer of a broker: it asks again, and must end when it is told to."""


def open_source(names: Sequence[str]) -> tuple[Source, int | None]:
    """Yield the source and how many bytes it will read from its beginning (None: unknown, as with gzip)."""
    if any(map(is_topic, names)):
        return open_topic(names, read_settings()), None
    paths = paths_of(names)
    files = find_files(paths)
    packed = any(file.path.suffix.lower() == ".gz" for file in files)
    return FileSource(paths), None if packed else sum(file.size for file in files)


def check_sources(names: Sequence[str]) -> None:
    """Refuse, before any work, sources that can never be read: no address of a topic, no file and no folder."""
    if any(map(is_topic, names)):
        open_topic(names, read_settings())
        return
    for path in paths_of(names):
        with reading(path):
            path.stat()


def open_feed(names: Sequence[str], offsets: Offsets) -> Feed:
    """Yield the source to be read for ever after ``offsets``."""
    if any(map(is_topic, names)):
        return open_topic(names, read_settings(), _PATIENCE_S).open(offsets)
    return Rereading(FileSource(paths_of(names), complete=False), offsets)


def paths_of(names: Sequence[str]) -> list[Path]:
    """Yield the files and folders that are named."""
    if not all(names):  # the working directory, as pathlib has it, is hardly meant
        raise UserError("A source has no name", "Name a file, a folder or a topic")
    try:
        return [Path(name).expanduser() for name in names]
    except RuntimeError as error:  # ~NAME, and nobody is called so
        raise UserError(f"{' '.join(names)} can't be found: {error}", "Check the path") from None


def open_topic(names: Sequence[str], settings: Settings, deadline_s: float | None = None) -> KafkaSource:
    """Yield the topic that is named, one alone."""
    if len(names) > 1:
        raise UserError("Several sources are named, and one of them is a topic", "Name one topic, or files")
    require_kafka()
    from vitalake.kafka.connection import DEADLINE_S
    from vitalake.sources.kafka import kafka_source

    source = kafka_source(names[0], read_options(settings))
    return replace(source, deadline_s=deadline_s or DEADLINE_S)
