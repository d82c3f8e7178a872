"""What a raw message is: the one table of Bronze."""

from __future__ import annotations

from typing import Final

from vitalake.domain.tables import Column, Table

POSITION: Final = (
    Column(
        "source",
        "string",
        "Where the message came from: a file's path or kafka://BROKERS/TOPIC",
        required=True,
    ),
    Column("partition", "int", "Kafka partition; 0 for a file", required=True),
    Column(
        "offset", "bigint", "Kafka offset, or the byte of the file at which the line starts", required=True
    ),
)
"""The bronze position: what names a raw message for ever."""

BRONZE_EVENTS: Final = Table(
    "bronze_events",
    "message",
    (
        *POSITION,
        Column("key", "binary", "The Kafka key, untouched"),
        Column("payload", "binary", "The bytes of the message, untouched; null for a Kafka tombstone"),
        Column("headers", "headers", "Kafka headers, in order"),
        Column("source_time", "timestamp", "When the source says it got the message (Kafka's time)"),
        Column("ingest_time", "timestamp", "When vitalake got the message", required=True),
        Column("ingest_date", "date", "UTC date of ingest_time", required=True),
        Column("batch", "bigint", "The lake's batch that brought it", required=True),
    ),
    key=("source", "partition", "offset"),
    partition_by=("ingest_date",),
)
