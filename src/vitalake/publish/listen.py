"""Events as a subscriber gets them: committed ones only."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    Message,
    TopicPartition,
)

from vitalake.errors import Unavailable
from vitalake.kafka.codes import NO_TOPIC
from vitalake.kafka.connection import Connection
from vitalake.kafka.topics import list_partitions
from vitalake.publish.events import Event, read_event
from vitalake.publish.topics import ALERTS, PIPELINE, QUARANTINE

TOPICS: Final = (ALERTS, PIPELINE, QUARANTINE)

_STEP_S: Final = 0.2
_LOOK_EVERY_S: Final = 2.0


@dataclass(frozen=True)
class Heard:
    """One event off the wire; ``appended_at`` is when its topic got it."""

    topic: str
    partition: int
    offset: int
    key: str | None
    event: Event
    appended_at: datetime | None


def listen(
    connection: Connection,
    topics: Sequence[str] = TOPICS,
    *,
    from_beginning: bool = False,
    quiet_s: float | None = None,
    missed: Callable[[], None] = lambda: None,
) -> Iterator[Heard]:
    """Yield events as they come, for ever, or until none came for ``quiet_s`` seconds.

    A topic that is not there yet is waited for; ``missed`` is told where none is there.
    What is no JSON object (not ours) is passed over.

    Raises:
        Unavailable: no broker answers at the start.
        UserError: access refused.
    """
    with connection.translating("opened a consumer"):
        consumer = Consumer(
            connection.configure(
                group_id=f"vitalake-listen-{uuid.uuid4()}",
                enable_auto_commit=False,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                fetch_wait_max_ms=100,
            )
        )
    try:
        hearing = _Hearing(connection, consumer, topics)
        hearing.look(OFFSET_BEGINNING if from_beginning else OFFSET_END)  # fails at once where nobody answers
        if not hearing.known:
            missed()
        yield from _hear(connection, consumer, hearing, quiet_s)
    finally:
        consumer.close()


class _Hearing:
    """The partitions that a consumer hears; topics are looked for again, for they may not be there yet."""

    def __init__(self, connection: Connection, consumer: Consumer, topics: Sequence[str]) -> None:
        self._connection = connection
        self._consumer = consumer
        self._topics = topics
        self.known: set[tuple[str, int]] = set()
        self._looked_at = 0.0

    def look(self, offset: int) -> None:
        """Begin to hear the partitions that were not there before, from an offset on."""
        for topic in self._topics:
            there = {(topic, each) for each in list_partitions(self._connection, self._consumer, topic)}
            new = sorted(there - self.known)
            if new:
                self._consumer.incremental_assign([TopicPartition(*each, offset) for each in new])
            self.known |= there
        self._looked_at = time.monotonic()

    def look_again(self) -> None:
        """Look for new ones once in a while: whatever they hold came since."""
        if time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
            try:
                self.look(OFFSET_BEGINNING)
            except Unavailable:
                self._looked_at = time.monotonic()


def _hear(
    connection: Connection, consumer: Consumer, hearing: _Hearing, quiet_s: float | None
) -> Iterator[Heard]:
    heard_at = time.monotonic()
    while quiet_s is None or time.monotonic() - heard_at < quiet_s:
        hearing.look_again()
        with connection.translating("listened"):
            messages = (
                consumer.consume(1000, _STEP_S) if quiet_s is not None else consumer.consume(1, _STEP_S)
            )
        for message in messages:
            heard_at = time.monotonic()
            if (heard := _decode(connection, message)) is not None:
                yield heard


def _decode(connection: Connection, message: Message) -> Heard | None:
    error = message.error()
    if error is not None:
        if error.code() in NO_TOPIC:
            return None
        raise connection.translate(error, "listened")
    event = read_event(message.value())
    if event is None:
        return None
    key = message.key()
    kind, stamp_ms = message.timestamp()
    appended_at = None if kind == TIMESTAMP_NOT_AVAILABLE else datetime.fromtimestamp(stamp_ms / 1000, UTC)
    return Heard(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        key.decode(errors="replace") if key is not None else None,
        event,
        appended_at,
    )
