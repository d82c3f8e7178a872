"""Ingest by the engine's own stream: what Structured Streaming finds new goes to Bronze, batch by batch.

The truth of progress stays in lake_batches: a stream's checkpoint only saves it from listing what was read before.  A
checkpoint that is lost, or behind, makes it read messages again, which their offsets leave out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vitalake import clock
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.stream import Messages, Splitter, drain, open_stream
from vitalake.sources.files import SUFFIXES, messages_of_file
from vitalake.stages.ingest import recover
from vitalake.stages.progress import read_progress

FILES: Final = Splitter(messages_of_file, SUFFIXES)


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
    folder = checkpoint or lake.place.checkpoints(lake.spark)
    name = hashlib.sha256(source.encode()).hexdigest()[:16]
    drain(messages, f"{folder}/{name}", TakeBatch(str(lake.place), run_id))
