"""A subscriber that reads all that there is and waits for nothing that may still come."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import Final

from confluent_kafka import Consumer

from vitalake.kafka.connection import Connection
from vitalake.kafka.topics import end_offsets, list_partitions
from vitalake.publish.events import Event, read_event
from vitalake.sources.kafka import kafka_source

PATIENCE_S: Final = 60


def all_events(connection: Connection, topic: str) -> list[Event]:
    """Yield all committed events of a topic, those of a partition in order."""
    _await_commits(connection, topic)
    source = kafka_source(f"kafka://{connection.brokers}/{topic}", connection.options)
    payloads = [each for batch in source.read({}, 100_000) for each in batch.messages["payload"].to_pylist()]
    return [event for event in map(read_event, payloads) if event is not None]


def _await_commits(connection: Connection, topic: str) -> None:
    """Wait until a topic ends alike for who sees only what is committed: a marker follows its promise."""
    with ExitStack() as opened:
        committed, sent = (
            opened.enter_context(
                closing(Consumer(connection.configure(group_id="subscriber", isolation_level=isolation)))
            )
            for isolation in ("read_committed", "read_uncommitted")
        )
        partitions = list_partitions(connection, sent, topic)
        deadline = time.monotonic() + PATIENCE_S
        while end_offsets(connection, committed, topic, partitions) != end_offsets(
            connection, sent, topic, partitions
        ):
            assert time.monotonic() < deadline, f"a transaction stays open on {topic}"
            time.sleep(0.05)
