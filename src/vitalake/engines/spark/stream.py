"""Structured Streaming reads what is new: whole files through the shared splitter, or a Kafka topic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, lit

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.spark.read import ddl
from vitalake.engines.spark.write import told_plainly
from vitalake.errors import UserError
from vitalake.kafka.address import SCHEME, parse_address

Messages: TypeAlias = DataFrame
"""Rows of bronze_events without what ingest stamps on them."""

STAMPED: Final = ("ingest_time", "ingest_date", "batch")
_MESSAGES: Final = ddl(column for column in BRONZE_EVENTS.columns if column.name not in STAMPED)
_FILE: Final = "path string, modificationTime timestamp, length bigint, content binary"
_MESSAGE_BYTES: Final = 256
"""What a message takes on average: files are given to a batch by their size."""
_LOCAL: Final = ("file:", "dbfs:")
"""Schemes that Spark puts before a path which needs none."""
_PATIENCE: Final = {
    "kafka.request.timeout.ms": "20000",
    "kafka.default.api.timeout.ms": "20000",
    "fetchOffset.numRetries": "1",
}
"""How long a Kafka that does not answer is asked, unless an option says; by itself Spark takes minutes to say so."""
_STEP_S: Final = 1
"""How often who waits for a stream may end it."""


@dataclass(frozen=True)
class Splitter:
    """How files become messages: the name and bytes of a whole file in, ``endings`` of those that hold messages."""

    split: Callable[[str, bytes], Iterator[pa.Table]]
    endings: Sequence[str]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the messages of whole files (columns path, content)."""
        for batch in batches:
            for file in batch.to_pylist():
                for messages in self.split(_source(file["path"]), file["content"]):
                    yield from messages.to_batches()


def open_stream(
    spark: SparkSession, source: str, splitter: Splitter, max_rows: int, options: Mapping[str, str]
) -> Messages:
    """Yield the messages of a file or folder, or of ``kafka://BROKERS/TOPIC``, as a stream.

    ``options`` are Spark's own for the format: Kafka's login (``kafka.sasl.jaas.config``, ...), or
    ``format`` = ``cloudFiles`` for Auto Loader.
    """
    if source.startswith(SCHEME):
        return open_topic(spark, source, max_rows, options)
    return open_files(spark, source, splitter, max_rows, options)


def open_files(
    spark: SparkSession,
    source: str,
    splitter: Splitter,
    max_rows: int,
    options: Mapping[str, str],
    *,
    reader_follows: bool = False,
) -> Messages:
    """Yield the messages of a file or folder as a stream.

    Where a reader follows, files that can't be read, or are larger than a batch, are left to it.
    """
    names, folder = "*{" + ",".join(splitter.endings) + "}", source
    if "://" not in source:
        path = Path(source)
        if not path.exists():
            raise UserError(f"{source} does not exist", "Check the path")
        folder = _literal(source)
        if path.is_file():
            folder, names = _literal(str(path.parent)), _literal(path.name)
    known = {"pathGlobFilter": names, "recursiveFileLookup": "true", "ignoreMissingFiles": "true", **options}
    if reader_follows:
        known["ignoreCorruptFiles"] = "true"
    form = known.pop("format", "binaryFile")
    size = "cloudFiles.maxBytesPerTrigger" if form == "cloudFiles" else "maxBytesPerTrigger"
    most = max_rows * _MESSAGE_BYTES
    known[size] = str(most)
    files = spark.readStream.format(form).schema(_FILE).options(**known).load(folder)
    if reader_follows:
        files = files.where(f"length <= {most}")
    return files.select("path", "content").mapInArrow(splitter, _MESSAGES)


def _source(path: str) -> str:
    """Yield the name of a file in the lake.

    >>> _source("file:///data/a.ndjson"), _source("dbfs:/Volumes/a.ndjson"), _source("s3://b/a.ndjson")
    ('/data/a.ndjson', '/Volumes/a.ndjson', 's3://b/a.ndjson')
    """
    for scheme in _LOCAL:
        if path.startswith(scheme):
            return "/" + path.removeprefix(scheme).lstrip("/")
    return path


def _literal(path: str) -> str:
    r"""Yield the path with no part of it a pattern.

    >>> print(_literal("/data/ward [3]"))
    /data/ward \[3\]
    """
    return re.sub(r"([\\\[\]{}*?])", r"\\\1", path)


def open_topic(
    spark: SparkSession,
    source: str,
    max_rows: int,
    options: Mapping[str, str],
    start: Mapping[int, int] | None = None,
) -> Messages:
    """Yield the messages of a topic as a stream.

    Where there is no checkpoint it begins at ``start``, the offset of each partition; else at the topic's beginning.
    """
    address = parse_address(source)
    known = {address.topic: {str(partition): offset for partition, offset in (start or {}).items()}}
    ours = {
        "kafka.bootstrap.servers": address.brokers,
        "subscribe": address.topic,
        "startingOffsets": "earliest" if start is None else json.dumps(known),
        "kafka.isolation.level": "read_committed",
        "includeHeaders": "true",
        "maxOffsetsPerTrigger": str(max_rows),
    }
    taken = {name.lower() for name in ours}
    for name in options:
        if name.lower() in taken:  # Spark knows no case
            raise UserError(f"The stream's option {name} can't be changed", "Leave it out of stream_options")
    asked = {name.lower() for name in options}
    patience = {} if asked.intersection(name.lower() for name in _PATIENCE) else _PATIENCE
    messages = spark.readStream.format("kafka").options(**{**patience, **ours, **options}).load()
    return messages.select(
        lit(address.url).alias("source"), "partition", "offset", "key", col("value").alias("payload"),
        "headers", col("timestamp").alias("source_time"),
    )  # fmt: skip


def drain(
    messages: Messages,
    source: str,
    checkpoint: str,
    take: Callable[[Messages, int], None],
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Give ``take`` all that is there now, batch by batch, and end.  What ``meanwhile`` raises ends it earlier."""
    with told_plainly(f"Can't read {source}"):
        writer = messages.writeStream.foreachBatch(take).option("checkpointLocation", checkpoint)
        query = writer.trigger(availableNow=True).start()
        try:
            while not query.awaitTermination(_STEP_S):
                meanwhile()
        finally:
            query.stop()
