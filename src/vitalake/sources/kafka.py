"""Raw messages of a Kafka topic.

The reader assigns itself every partition at the offsets that it is given: the lake knows how far it is, the
cluster keeps no position for us.  Only committed messages are read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, Message, TopicPartition

from vitalake.errors import TopicMissing, Unavailable, UserError
from vitalake.kafka.address import KafkaAddress, parse_address
from vitalake.kafka.codes import END_OF_PARTITION, LOST
from vitalake.kafka.connection import DEADLINE_S, Connection, Options
from vitalake.kafka.topics import end_offsets, first_offsets, list_partitions
from vitalake.sources.messages import MESSAGES, Batch, Offsets

_STEP_S: Final = 0.1
_GATHER_S: Final = 0.002
"""After a quiet spell: how long the messages that come with the first one are waited for."""

_NEW_PARTITIONS_S: Final = 30.0
"""How often a reader looks for partitions that were added to the topic."""


@dataclass(frozen=True)
class KafkaSource:
    """One topic as a source (implements :class:`vitalake.sources.messages.Source`).

    Where the cluster dropped messages that were not read yet, that is an error; ``skip_lost`` goes on at the
    oldest that is left.
    """

    address: KafkaAddress
    options: Options = field(default_factory=dict, repr=False)  # may hold a password
    deadline_s: float = DEADLINE_S
    skip_lost: bool = False

    def open(self, offsets: Offsets) -> KafkaReader:
        """Yield a reader that goes on at ``offsets``, in unknown partitions at their beginning."""
        mine = {partition: n for (source, partition), n in offsets.items() if source == self.name}
        return KafkaReader(self, mine)

    @property
    def name(self) -> str:
        """What stands in the column ``source``."""
        return self.address.url

    def read(self, offsets: Offsets, max_rows: int) -> Iterator[Batch]:
        """Yield what lies between ``offsets`` and the ends shown now, at most ``max_rows`` a batch."""
        with self.open(offsets) as reader:
            ends = reader.show_ends()
            while True:
                batch = reader.fetch_until(ends, max_rows, 0)
                yield batch
                if batch.at_end:
                    return


def kafka_source(url: str, options: Options | None = None) -> KafkaSource:
    """Yield the source that ``url`` names; ``options`` are librdkafka's own (TLS, SASL)."""
    return KafkaSource(parse_address(url), options or {})


class KafkaReader:
    """Reads one topic, batch by batch.  After an error the next fetch begins where the last batch ended."""

    def __init__(self, source: KafkaSource, next_offsets: Mapping[int, int]) -> None:
        self.source = source
        self.next_offsets = dict(next_offsets)
        self._topic = source.address.topic
        self._connection = Connection(source.address.brokers, source.options, source.deadline_s)
        with self._connection.translating("opened a consumer"):
            self._consumer = Consumer(
                self._connection.configure(
                    group_id="vitalake",  # the client wants one; no position is ever committed to it
                    enable_auto_commit=False,
                    enable_auto_offset_store=False,
                    enable_partition_eof=True,
                    isolation_level="read_committed",
                    auto_offset_reset="error",
                    fetch_queue_backoff_ms=5,
                    fetch_wait_max_ms=100,
                )
            )
        self._assigned: frozenset[int] = frozenset()
        self._looked_at = 0.0

    def __enter__(self) -> KafkaReader:
        """Yield the reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._consumer.close()

    def fetch(self, max_rows: int, linger_ms: float = 0) -> Batch:
        """Yield the next messages: up to the ends shown now, at most ``max_rows``.

        Where there is nothing new the first message is waited for, at most ``linger_ms``; the batch may be
        empty.

        Raises:
            Unavailable: no broker answers within the deadline.
            UserError: no such topic, access refused, or messages that were not read are gone.
        """
        return self.fetch_until(self.show_ends(), max_rows, linger_ms)

    def show_ends(self) -> dict[int, int]:
        """Yield partition → the offset at which its committed messages end now, and be ready to read them."""
        now = time.monotonic()
        with self._beginning_again():
            if not self._assigned or now - self._looked_at > _NEW_PARTITIONS_S:
                self._assign()
                self._looked_at = now
            return end_offsets(self._connection, self._consumer, self._topic, self._assigned)

    def fetch_until(self, ends: Mapping[int, int], max_rows: int, linger_ms: float) -> Batch:
        """Yield the next messages up to ``ends``, at most ``max_rows``, waiting as :meth:`fetch` says."""
        reached = dict(self.next_offsets)
        with self._beginning_again():
            messages = self._consume(ends, reached, max_rows, linger_ms / 1000)
        moved = {(self.source.name, p): n for p, n in reached.items() if n != self.next_offsets.get(p)}
        self.next_offsets = reached
        return Batch(tabulate(self.source.name, messages), moved, not _left(ends, reached))

    @contextmanager
    def _beginning_again(self) -> Iterator[None]:
        """After an error the next fetch assigns anew: what was consumed in vain is read again."""
        try:
            yield
        except BaseException:
            self._assigned = frozenset()
            raise

    def _consume(
        self, ends: Mapping[int, int], reached: dict[int, int], room: int, linger_s: float
    ) -> list[Message]:
        taken: list[Message] = []
        heard = time.monotonic()
        while len(taken) < room:
            left = _left(ends, reached)
            waited = time.monotonic() - heard
            if not left and (taken or waited >= linger_s):
                break
            if left and waited > self.source.deadline_s:
                raise Unavailable(f"{self.source.name} stopped sending", "Try again")
            fresh = self._take(min(left, room - len(taken)), reached, _STEP_S if left else linger_s - waited)
            if fresh and not left:
                fresh += self._take(room - len(taken) - len(fresh), reached, _GATHER_S)
            if fresh or left != _left(ends, reached):
                heard = time.monotonic()
            taken += fresh
        return taken

    def _take(self, count: int, reached: dict[int, int], timeout_s: float) -> list[Message]:
        """Consume at most ``count`` messages (0: one) and note in ``reached`` how far that came."""
        with self._connection.translating(f"read {self._topic}"):
            messages = self._consumer.consume(max(count, 1), max(timeout_s, 0))
        if any(map(Message.error, messages)):
            for message in messages:
                self._judge(message, reached)
            messages = [message for message in messages if message.error() is None]
        partitions, offsets = positions(messages)
        for partition in np.unique(partitions).tolist():
            last = int(offsets[partitions == partition].max())
            reached[partition] = max(reached.get(partition, 0), last + 1)
        return messages

    def _judge(self, message: Message, reached: dict[int, int]) -> None:
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is None:
            return
        if error.code() == END_OF_PARTITION and partition is not None and offset is not None:
            reached[partition] = max(reached.get(partition, 0), offset)  # past markers that are no messages
            return
        if error.code() in LOST:
            raise Unavailable(f"{self.source.name} no longer has the offset that was asked for", "Try again")
        raise self._connection.translate(error, f"read {self._topic}")

    def _assign(self) -> None:
        partitions = list_partitions(self._connection, self._consumer, self._topic)
        if not partitions:
            raise TopicMissing(f"There is no topic {self.source.name}", "Check the name, or create it first")
        if frozenset(partitions) == self._assigned:
            return
        first = first_offsets(self._connection, self._consumer, self._topic, partitions)
        ends = end_offsets(self._connection, self._consumer, self._topic, partitions)
        self.next_offsets |= {p: self._start(p, first[p], ends[p]) for p in partitions}
        with self._connection.translating(f"began to read {self._topic}"):
            self._consumer.assign([TopicPartition(self._topic, p, self.next_offsets[p]) for p in partitions])
        self._assigned = frozenset(partitions)

    def _start(self, partition: int, first: int, end: int) -> int:
        start = self.next_offsets.get(partition, first)
        if start > end:
            raise UserError(
                f"{self.source.name} ends at offset {end} of partition {partition}, but {start} was reached",
                "The topic was made anew: read it under another name, into a lake where its offsets are new",
            )
        if start < first and not self.source.skip_lost:
            raise UserError(
                f"{self.source.name} dropped offsets {start} to {first - 1} of partition {partition} unread",
                "Keep messages longer in the topic; to go on without them, set skip_lost",
            )
        return max(start, first)


def _left(ends: Mapping[int, int], reached: Mapping[int, int]) -> int:
    """How many offsets lie between what was reached and the ends."""
    return sum(max(end - reached.get(partition, 0), 0) for partition, end in ends.items())


def positions(messages: list[Message]) -> tuple[np.ndarray[tuple[int], np.dtype[np.int32]], ...]:
    """Yield the messages' partitions (int32) and offsets (int64)."""
    count = len(messages)
    partitions = np.fromiter(map(Message.partition, messages), np.int32, count)
    return partitions, np.fromiter(map(Message.offset, messages), np.int64, count)


def tabulate(source: str, messages: list[Message]) -> pa.Table:
    """Yield messages as the table :data:`MESSAGES`, by partition and offset; bytes stay as they came."""
    partitions, offsets = positions(messages)
    if partitions.size and partitions.min() != partitions.max():
        order = np.lexsort((offsets, partitions))
        messages = [messages[i] for i in order.tolist()]
        partitions, offsets = partitions[order], offsets[order]
    stamps = np.array(list(map(Message.timestamp, messages)), np.int64).reshape(-1, 2)
    columns = {
        "source": pa.array(np.full(1, source)).take(pa.array(np.zeros(len(messages), np.int64))),
        "partition": pa.array(partitions),
        "offset": pa.array(offsets),
        "key": pa.array(map(Message.key, messages), pa.binary()),
        "payload": pa.array(map(Message.value, messages), pa.binary()),
        "headers": _headers(list(map(Message.headers, messages))),
        "source_time": pa.array(stamps[:, 1] * 1000, mask=stamps[:, 0] == TIMESTAMP_NOT_AVAILABLE),
    }
    arrays = [columns[f.name].cast(f.type) for f in MESSAGES]
    return pa.Table.from_arrays(arrays, schema=MESSAGES)


def _headers(headers: list[Any]) -> pa.Array:
    kind = MESSAGES.field("headers").type
    if not any(headers):
        return pa.nulls(len(headers), kind)
    return pa.array(
        [[{"key": key, "value": value} for key, value in pairs] if pairs else None for pairs in headers], kind
    )
