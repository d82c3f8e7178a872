"""On a Spark of this machine Structured Streaming brings folders and topics to Bronze; readers bring what it leaves."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vitalake.cli.kafka import is_topic, read_options
from vitalake.cli.settings import Settings
from vitalake.cli.source import open_topic, paths_of
from vitalake.errors import LakeError, SourceAway, UserError

if TYPE_CHECKING:
    from vitalake.cli.progress import Work
    from vitalake.engines.spark.lake import SparkLake
    from vitalake.stages.progress import Progress
    from vitalake.stages.run import Run, Stream
    from vitalake.stages.streaming import Ahead


def stream_ahead(run: Run, work: Work, names: Sequence[str], settings: Settings) -> Stream | None:
    """Yield the stream that goes ahead of the sources' readers, where the lake is on a Spark of this process.

    A stream behind Spark Connect would outlive its client; a file that is named alone is read at once.
    """
    if run.engine.name != "spark" or not (lake := cast("SparkLake", run.engine)).own:
        return None
    from vitalake.stages.streaming import Ahead

    ahead = Ahead(lake, settings.batch_rows, lambda: work.say("streaming to bronze"))
    if any(map(is_topic, names)):
        return partial(_topic, ahead, names, settings)
    return partial(_folders, ahead, [path for path in paths_of(names) if path.is_dir()])


def _folders(ahead: Ahead, folders: Sequence[Path], run_id: str, progress: Progress) -> None:
    with _giving_way():
        for folder in folders:
            ahead.folder(folder, run_id, progress.positions)


def _topic(ahead: Ahead, names: Sequence[str], settings: Settings, run_id: str, progress: Progress) -> None:
    """Stream from where the lake is, which the topic must still hold."""
    from vitalake.kafka.java_options import java_options

    options = java_options(read_options(settings))
    if options is None:
        _tell("Spark knows not all of the Kafka settings")
        return
    topic = open_topic(names, settings)
    with topic.open(progress.positions) as reader:
        ends = reader.show_ends()
        starts = {partition: reader.next_offsets[partition] for partition in ends}
    if any(starts[partition] < end for partition, end in ends.items()):
        with _giving_way():
            known = {f"kafka.{name}": value for name, value in options.items()}
            ahead.topic(topic.name, starts, known, run_id)


@contextmanager
def _giving_way() -> Iterator[None]:
    """Leave to the reader what a stream can't do: it can, or says more plainly what is wrong."""
    try:
        yield
    except (LakeError, SourceAway, UserError) as error:
        _tell(error.message)


def _tell(why: str) -> None:
    print(f"no stream, vitalake reads by itself: {why}", file=sys.stderr)
