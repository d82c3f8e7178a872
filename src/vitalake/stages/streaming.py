"""Ingest by the engine's own stream: what Structured Streaming finds new goes to Bronze, batch by batch.

The truth of progress stays in lake_batches: a stream's checkpoint only saves it from listing what was read before.  A
checkpoint that is lost, or behind, makes it read messages again, which their offsets leave out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa

from vitalake import clock
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.stream import Messages, Splitter, drain, open_stream
from vitalake.sources.files import SUFFIXES, messages_of_file, source_name
from vitalake.stages.ingest import recover
from vitalake.stages.progress import read_progress

FILES: Final = Splitter(messages_of_file, SUFFIXES)


def _certain(path: str, content: bytes) -> Iterator[pa.Table]:
    """Yield the certain messages of a file of this machine; one that is read through a link is left."""
    if path == source_name(Path(path)):
        yield from messages_of_file(path, content, certain=True)


CERTAIN: Final = Splitter(_certain, SUFFIXES, leaves=True)


@dataclass(frozen=True)
class TakeBatch:
    """Commits a micro-batch to Bronze as the lake's next batch, then its progress.

    Knows the lake by name only: through Spark Connect it runs in a process of the server's.
    """

    lake: str
    run_id: str

    def __call__(self, messages: Messages, _: int) -> None:
        """Commit a micro-batch, whatever number the stream gives it."""
        lake = SparkLake.at(self.lake, messages.sparkSession)
        progress = read_progress(lake)
        lake.take(messages, progress.positions, progress.batch("ingest") + 1, clock.now())
        recover(lake, progress, run_id=self.run_id, now=clock.now)


def stream_to_bronze(
    lake: SparkLake, source: str, *, max_rows: int, run_id: str, checkpoint: str, options: Mapping[str, str]
) -> None:
    """Commit what is new in a folder or topic to Bronze; the caller holds the stage.

    Raises:
        UserError: there is no such source.
    """
    messages = open_stream(lake.spark, source, FILES, max_rows, options)
    drain(messages, _checkpoint(lake, source, checkpoint), TakeBatch(str(lake.place), run_id))


@dataclass(frozen=True)
class Ahead:
    """A stream that goes ahead of a source's reader: it brings what is certain, the reader what is left.

    ``heard`` is called now and then, and ends the stream by what it raises.
    """

    lake: SparkLake
    max_rows: int
    heard: Callable[[], None]

    def folders(self, paths: Sequence[Path], run_id: str) -> None:
        """Commit the whole lines of files that no such stream has seen."""
        for path in paths:
            source = source_name(path)
            messages = open_stream(self.lake.spark, source, CERTAIN, self.max_rows, {})
            checkpoint = _checkpoint(self.lake, f"ahead:{source}")
            drain(messages, checkpoint, TakeBatch(str(self.lake.place), run_id), self.heard)

    def topic(self, url: str, starts: Mapping[int, int], options: Mapping[str, str], run_id: str) -> None:
        """Commit the messages of a topic from ``starts`` on; lake_batches told them, so no checkpoint need be kept."""
        messages = open_stream(self.lake.spark, url, CERTAIN, self.max_rows, options, starts)
        with TemporaryDirectory(prefix="vitalake-", ignore_cleanup_errors=True) as checkpoint:
            drain(messages, checkpoint, TakeBatch(str(self.lake.place), run_id), self.heard)


def _checkpoint(lake: SparkLake, source: str, folder: str = "") -> str:
    name = hashlib.sha256(source.encode()).hexdigest()[:16]
    return f"{folder or lake.place.checkpoints(lake.spark)}/{name}"
