"""A subscriber that reads all that there is and waits for nothing that may still come."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from vitalake.kafka.connection import Connection
from vitalake.kafka.topics import end_offsets, list_partitions
from vitalake.publish.events import Event, read_event

PATIENCE_S: Final = 60


def all_events(connection: Connection, topic: str) -> list[Event]:
    """Yield all committed events of a topic, those of a partition in order."""
    with (
        closing(_consumer(connection, "read_committed")) as committed,
        closing(_consumer(connection, "read_uncommitted")) as all_sent,
    ):
        partitions = list_partitions(connection, committed, topic)
        deadline = time.monotonic() + PATIENCE_S
        while _ends(connection, committed, topic, partitions) != _ends(
            connection, all_sent, topic, partitions
        ):
            assert time.monotonic() < deadline, f"a transaction stays open on {topic}"
            time.sleep(0.05)  # its marker follows the promise
        places = [TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions]
        return _read_to_end(committed, places, deadline)


def _consumer(connection: Connection, isolation: str) -> Consumer:
    return Consumer(
        connection.configure(
            group_id="subscriber",
            enable_auto_commit=False,
            enable_partition_eof=True,
            isolation_level=isolation,
        )
    )


def _ends(connection: Connection, consumer: Consumer, topic: str, partitions: list[int]) -> dict[int, int]:
    return end_offsets(connection, consumer, topic, partitions) if partitions else {}


def _read_to_end(consumer: Consumer, partitions: list[TopicPartition], deadline: float) -> list[Event]:
    consumer.assign(partitions)
    going_on = {each.partition for each in partitions}
    events = []
    while going_on:
        assert time.monotonic() < deadline, "the broker does not tell all that it has"
        for message in consumer.consume(1000, 0.2):
            if (error := message.error()) is None:
                events.append(read_event(message.value()))
            elif error.code() == KafkaError._PARTITION_EOF:
                going_on.discard(message.partition())
            else:
                raise KafkaException(error)
    return [event for event in events if event is not None]
