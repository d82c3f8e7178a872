"""How far a lake's alerts are published, as Kafka itself has it: a record in RELAY, and what subscribers see of ALERTS.

A cluster that was killed after it had promised a commit may give some partitions their commit marker and forget others,
so the record alone does not tell whether each change of the last transactions is seen.  It says from where to look.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from vitalake.errors import Unavailable
from vitalake.kafka.codes import END_OF_PARTITION
from vitalake.kafka.connection import Connection
from vitalake.kafka.topics import end_offsets, first_offsets, list_partitions
from vitalake.publish.events import source_of
from vitalake.publish.topics import ALERTS, RELAY

_RECENT: Final = 1000
"""Records at the end of RELAY in which a lake's last one is sought first."""


@dataclass(frozen=True)
class Window:
    """Some last transactions: their first change, and where each partition of ALERTS ended before them."""

    first: int
    ends: Mapping[int, int]


@dataclass(frozen=True)
class Position:
    """The seq up to which changes were sent, and the window of the last transactions up to it."""

    seq: int
    window: Window

    def record(self, lake_id: str) -> bytes:
        """Yield it as the record that a transaction carries."""
        told = {"lake_id": lake_id, "seq": self.seq, "first": self.window.first}
        return json.dumps(told | {"ends": sorted(self.window.ends.items())}).encode()

    @classmethod
    def of_record(cls, record: bytes) -> Position:
        """Read a record; one that tells of no window is taken at its word."""
        told = json.loads(record)
        return cls(told["seq"], Window(told.get("first", told["seq"] + 1), dict(told.get("ends", ()))))


def read_position(connection: Connection, lake_id: str) -> Position | None:
    """Yield the position that Kafka holds, committed records only; None where it holds none of the lake."""
    with _consumer(connection) as consumer:
        partitions = list_partitions(connection, consumer, RELAY)
        first = first_offsets(connection, consumer, RELAY, partitions)
        ends = end_offsets(connection, consumer, RELAY, partitions)
        for partition in partitions:
            recent = max(first[partition], ends[partition] - _RECENT)
            for start in dict.fromkeys((recent, first[partition])):
                records = _committed(connection, consumer, RELAY, {partition: start})
                mine = [each for each in records if each.key() == lake_id.encode()]
                if mine:
                    return Position.of_record(mine[-1].value() or b"{}")
        return None


def read_ends(connection: Connection) -> dict[int, int]:
    """Yield where each partition of ALERTS ends."""
    with _consumer(connection) as consumer:
        return end_offsets(connection, consumer, ALERTS, list_partitions(connection, consumer, ALERTS))


def read_seen(connection: Connection, lake_id: str, window: Window) -> set[int] | None:
    """Yield the changes of a lake that subscribers see since a window began; None where nobody can tell any more."""
    with _consumer(connection) as consumer:
        partitions = list_partitions(connection, consumer, ALERTS)
        first = first_offsets(connection, consumer, ALERTS, partitions)
        ends = end_offsets(connection, consumer, ALERTS, partitions)
        starts = {partition: window.ends.get(partition, first[partition]) for partition in partitions}
        if not window.ends or any(not first[p] <= starts[p] <= ends[p] for p in partitions):
            return None  # of an older vitalake, retention took them, or the topic is another
        starts = {partition: start for partition, start in starts.items() if start < ends[partition]}
        events = (
            json.loads(each.value() or b"{}") for each in _committed(connection, consumer, ALERTS, starts)
        )
        mine = source_of(lake_id)
        return {event["data"]["seq"] for event in events if event["source"] == mine}


@contextmanager
def _consumer(connection: Connection) -> Iterator[Consumer]:
    with connection.translating("opened a consumer"):
        consumer = Consumer(
            connection.configure(
                group_id="vitalake-relay",
                enable_auto_commit=False,
                enable_partition_eof=True,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                fetch_wait_max_ms=10,
            )
        )
    try:
        yield consumer
    finally:
        consumer.close()


def _committed(
    connection: Connection, consumer: Consumer, topic: str, starts: Mapping[int, int]
) -> Iterator[Message]:
    """Yield the committed messages of some partitions, each from an offset to its end."""
    waiting = set(starts)
    consumer.assign([TopicPartition(topic, partition, start) for partition, start in starts.items()])
    heard = time.monotonic()
    while waiting:
        if time.monotonic() - heard > connection.deadline_s:
            raise Unavailable(f"Kafka at {connection.brokers} does not send {topic}", "Try again")
        with connection.translating("read the relay's position"):
            messages = consumer.consume(10_000, 0.02)
        for message in messages:
            heard = time.monotonic()
            error = message.error()
            if error is None:
                yield message
            elif error.code() == END_OF_PARTITION:
                waiting.discard(message.partition())
            else:
                with connection.translating("read the relay's position"):
                    raise KafkaException(error)
