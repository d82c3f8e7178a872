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
from vitalake.publish.events import read_event, source_of
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
    first, ends = _bounds(connection, RELAY)
    with _consumer(connection) as consumer:
        for partition, end in ends.items():
            recent = max(first[partition], end - _RECENT)
            for start in dict.fromkeys((recent, first[partition])):
                records = _committed(connection, consumer, RELAY, {partition: start}, ends)
                mine = [each for each in records if each.key() == lake_id.encode()]
                if mine:
                    return Position.of_record(mine[-1].value() or b"{}")
        return None


def read_ends(connection: Connection) -> dict[int, int]:
    """Yield where each partition of ALERTS ends."""
    return _bounds(connection, ALERTS)[1]


def read_seen(connection: Connection, lake_id: str, window: Window) -> set[int] | None:
    """Yield the changes of a lake that subscribers see since a window began; None where nobody can tell any more."""
    first, ends = _bounds(connection, ALERTS)
    starts = {partition: window.ends.get(partition, first[partition]) for partition in ends}
    if not window.ends or any(not first[p] <= starts[p] <= ends[p] for p in ends):
        return None  # of an older vitalake, retention took them, or the topic is another
    with _consumer(connection) as consumer:
        messages = _committed(connection, consumer, ALERTS, starts, ends)
        return {seq for each in messages if (seq := _seq(each, source_of(lake_id))) is not None}


def _seq(message: Message, source: str) -> int | None:
    """Yield the number of a lake's change, None of what is not the lake's."""
    value = message.value() or b""
    if source.encode() not in value:  # most are of other lakes, and quickly passed over
        return None
    match read_event(value):
        case {"source": str(named), "data": {"seq": int(seq)}} if named == source:
            return seq
    return None


@contextmanager
def _consumer(connection: Connection, isolation: str = "read_committed") -> Iterator[Consumer]:
    with connection.translating("opened a consumer"):
        consumer = Consumer(
            connection.configure(
                group_id="vitalake-relay",
                enable_auto_commit=False,
                enable_partition_eof=True,
                isolation_level=isolation,
                auto_offset_reset="earliest",
                fetch_wait_max_ms=10,
            )
        )
    try:
        yield consumer
    finally:
        consumer.close()


def _bounds(connection: Connection, topic: str) -> tuple[dict[int, int], dict[int, int]]:
    """Yield where each partition of a topic begins and where it ends, whatever transaction is open there."""
    with _consumer(connection, "read_uncommitted") as consumer:
        partitions = list_partitions(connection, consumer, topic)
        first = first_offsets(connection, consumer, topic, partitions)
        return first, end_offsets(connection, consumer, topic, partitions)


def _committed(
    connection: Connection,
    consumer: Consumer,
    topic: str,
    starts: Mapping[int, int],
    ends: Mapping[int, int],
) -> Iterator[Message]:
    """Yield the committed messages of some partitions, each from an offset to an end.

    A transaction that another lake has open hides what comes after it, committed or not: its end is waited for.
    """
    waiting = {partition for partition, start in starts.items() if start < ends[partition]}
    consumer.assign([TopicPartition(topic, partition, starts[partition]) for partition in waiting])
    deadline = time.monotonic() + connection.deadline_s
    while waiting:
        if time.monotonic() > deadline:
            raise Unavailable(
                f"Kafka at {connection.brokers} does not send all of {topic}, or a transaction is open there",
                "Try again: it ends within a minute; kafka-transactions.sh finds one that hangs",
            )
        with connection.translating("read the relay's position"):
            messages = consumer.consume(10_000, 0.02)
        for message in messages:
            error, partition, offset = message.error(), message.partition() or 0, message.offset() or 0
            if error is None:
                deadline = time.monotonic() + connection.deadline_s
                yield message
            elif error.code() != END_OF_PARTITION:
                with connection.translating("read the relay's position"):
                    raise KafkaException(error)
            elif offset >= ends[partition]:
                waiting.discard(partition)
