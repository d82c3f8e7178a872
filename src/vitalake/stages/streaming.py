"""Ingest by the engine's own stream: what Structured Streaming finds new goes to Bronze, batch by batch.

The truth of progress stays in lake_batches: a stream's checkpoint only saves it from listing what was read before.  A
checkpoint that is lost, or behind, makes it read messages again, which their offsets leave out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from vitalake import clock
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.stream import Messages, Splitter, drain, open_files, open_stream, open_topic
from vitalake.errors import UserError
from vitalake.sources.files import (
    PACKED,
    SUFFIXES,
    find_files,
    is_plain,
    messages_of_file,
    source_name,
    whole_lines_of_file,
)
from vitalake.sources.messages import Offsets
from vitalake.stages.ingest import recover
from vitalake.stages.progress import read_progress

FILES: Final = Splitter(messages_of_file, (*SUFFIXES, *PACKED))
NEW_FILES: Final = Splitter(whole_lines_of_file, SUFFIXES)


@dataclass(frozen=True)
class TakeBatch:
    """Commits a micro-batch to Bronze as the lake's next batch, then its progress.

    Knows the lake by name only: through Spark Connect it runs in a process of the server's.
    """

    lake: str
    run_id: str
    new_sources: bool = False

    def __call__(self, messages: Messages, _: int) -> None:
        """Commit a micro-batch, whatever number the stream gives it."""
        lake = SparkLake.at(self.lake, messages.sparkSession)
        progress = read_progress(lake)
        batch = progress.batch("ingest") + 1
        lake.take(messages, progress.positions, batch, clock.now(), new_sources=self.new_sources)
        recover(lake, progress, run_id=self.run_id, now=clock.now)


@dataclass(frozen=True)
class Asked:
    """What is to be streamed."""

    source: str
    max_rows: int
    options: dict[str, str]
    """Of the source, as Spark names them."""

    @classmethod
    def of(cls, source: str, batch_rows: str, stream_options: str) -> Self:
        """Read the parameters of a job, which are all texts.

        Raises:
            UserError: one of them can't be.
        """
        if not source.strip():
            raise UserError(
                "No source is named", "Set the parameter source to a folder, or to kafka://BROKERS/TOPIC"
            )
        if not batch_rows.isdecimal() or int(batch_rows) < 1:
            raise UserError(f"batch_rows is {batch_rows!r}", "Set it to a whole number from 1 on")
        try:
            options = json.loads(stream_options)
        except ValueError:
            options = None
        if not (isinstance(options, dict) and all(isinstance(each, str) for each in options.values())):
            # They may hold a password, so that they are not shown.
            raise UserError("stream_options is no JSON object of texts", 'Write it as {"NAME": "VALUE", ...}')
        return cls(source, int(batch_rows), options)


def stream_to_bronze(
    lake: SparkLake, asked: Asked, *, run_id: str, checkpoint: str, secret: Mapping[str, str]
) -> None:
    """Commit what is new in a folder or topic to Bronze; the caller holds the stage.

    Raises:
        UserError: there is no such source.
        Unavailable: Kafka does not answer.
    """
    messages = open_stream(lake.spark, asked.source, FILES, asked.max_rows, {**asked.options, **secret})
    take = TakeBatch(str(lake.place), run_id)
    drain(messages, asked.source, _checkpoint(lake, asked.source, checkpoint), take)


@dataclass(frozen=True)
class Ahead:
    """A stream that goes ahead of a source's reader: it brings what is new and certain, the reader what is left.

    ``heard`` is called now and then, and ends the stream by what it raises.
    """

    lake: SparkLake
    max_rows: int
    heard: Callable[[], None]

    def folder(self, path: Path, run_id: str, known: Offsets) -> None:
        """Commit the whole lines of files that the lake does not know, where the folder has such."""
        names = {file.source for file in find_files([path])}
        if not is_plain(path) or all((name, 0) in known or name.endswith(PACKED) for name in names):
            return
        source = source_name(path)
        messages = open_files(self.lake.spark, source, NEW_FILES, self.max_rows, {}, reader_follows=True)
        checkpoint = _checkpoint(self.lake, f"ahead:{source}")
        take = TakeBatch(str(self.lake.place), run_id, new_sources=True)
        drain(messages, source, checkpoint, take, self.heard)

    def topic(self, url: str, starts: Mapping[int, int], options: Mapping[str, str], run_id: str) -> None:
        """Commit the messages of a topic from ``starts`` on; lake_batches told them, so no checkpoint need be kept."""
        messages = open_topic(self.lake.spark, url, self.max_rows, options, starts)
        with TemporaryDirectory(prefix="vitalake-", ignore_cleanup_errors=True) as checkpoint:
            drain(messages, url, checkpoint, TakeBatch(str(self.lake.place), run_id), self.heard)


def _checkpoint(lake: SparkLake, source: str, folder: str = "") -> str:
    name = hashlib.sha256(source.encode()).hexdigest()[:16]
    return f"{folder or lake.place.checkpoints(lake.spark)}/{name}"
