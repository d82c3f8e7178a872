"""On a Spark of this machine Structured Streaming brings folders and topics to Bronze; readers bring what it leaves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vitalake.cli.kafka import is_topic, read_options
from vitalake.cli.settings import Settings
from vitalake.cli.source import open_topic, paths_of
from vitalake.errors import LakeError

if TYPE_CHECKING:
    from vitalake.cli.progress import Work
    from vitalake.engines.spark.lake import SparkLake
    from vitalake.stages.progress import Progress
    from vitalake.stages.run import Run, Stream, Told
    from vitalake.stages.streaming import Ahead


def stream_ahead(
    run: Run, work: Work, names: Sequence[str], settings: Settings, told: Told | None = None
) -> None:
    """Bring Bronze up to the sources as far as a stream of Spark's does, where the lake is on one of this process.

    A stream behind Spark Connect would outlive its client; a file that is named alone is read at once.
    """
    if run.engine.name != "spark" or not (lake := cast("SparkLake", run.engine)).own:
        return
    from vitalake.stages.streaming import Ahead

    ahead = Ahead(lake, settings.batch_rows, lambda: work.say("streaming to bronze"))
    if any(map(is_topic, names)):
        stream: Stream = partial(_topic, ahead, names, settings)
    elif folders := [path for path in paths_of(names) if path.is_dir()]:
        stream = partial(_folders, ahead, folders)
    else:
        return
    try:
        run.drain(stream, rest=True, told=told)
    except LakeError as error:  # the reader may be able to, or says more plainly what is wrong
        print(f"no stream, vitalake reads by itself: {error.message}", file=sys.stderr)


def _folders(ahead: Ahead, folders: Sequence[Path], run_id: str, _: Progress) -> None:
    ahead.folders(folders, run_id)


def _topic(ahead: Ahead, names: Sequence[str], settings: Settings, run_id: str, progress: Progress) -> None:
    """Stream from where the lake is, which the topic must still hold."""
    from vitalake.kafka.java_options import java_options

    options = java_options(read_options(settings))
    if options is None:
        print(
            "no stream, vitalake reads by itself: Spark knows not all of the Kafka settings", file=sys.stderr
        )
        return
    topic = open_topic(names, settings)
    with topic.open(progress.positions) as reader:
        ends = reader.show_ends()
        starts = reader.next_offsets
    if any(starts[partition] < end for partition, end in ends.items()):
        ahead.topic(topic.name, starts, {f"kafka.{name}": value for name, value in options.items()}, run_id)
