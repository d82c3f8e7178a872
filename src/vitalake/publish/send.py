"""Messages to a topic, each at least once: pipeline and quarantine events, and what the simulator makes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from confluent_kafka import KafkaError, Message, Producer

from vitalake.errors import Unavailable
from vitalake.kafka.connection import Connection
from vitalake.publish.events import HEADERS, Headers, Keyed

Raw = tuple[str | None, bytes | None]
"""Key (the patient) and payload of a message."""

_STEP_S: Final = 0.002
"""How long sending pauses at a time where it is ahead of its rate."""


def send_events(connection: Connection, topic: str, events: Iterable[Keyed]) -> int:
    """Send events and wait until the cluster has them all; yield how many.  Their ``id`` tells a repeat.

    Raises:
        Unavailable: some were not taken within the deadline; send them all again.
        UserError: access refused.
    """
    return send_messages(connection, topic, ((keyed.key, keyed.value) for keyed in events), headers=HEADERS)


def send_messages(
    connection: Connection,
    topic: str,
    messages: Iterable[Raw],
    *,
    headers: Headers | None = None,
    rate_per_s: float | None = None,
) -> int:
    """Send messages, those of a key in order, at most ``rate_per_s`` a second; yield how many.

    Raises:
        Unavailable: some were not taken within the deadline.
        UserError: access refused.
    """
    refused: list[KafkaError] = []

    def note(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            refused.append(error)

    began, count = time.monotonic(), 0
    with connection.translating(f"sent to {topic}"):
        producer = Producer(_configuration(connection))
        for key, payload in messages:
            while rate_per_s is not None and count > (time.monotonic() - began) * rate_per_s:
                producer.poll(_STEP_S)
            if refused:
                break
            while not _queued(producer, topic, payload, key=key, headers=headers, on_delivery=note):
                producer.poll(_STEP_S)  # full: each message in the queue leaves it within the deadline
            count += 1
        left = producer.flush(2 * connection.deadline_s)
    if refused:
        raise connection.translate(refused[0], f"sent to {topic}")
    if left:
        raise Unavailable(f"Kafka at {connection.brokers} did not take {left} messages", "Send them again")
    return count


def _queued(producer: Producer, topic: str, payload: bytes | None, **told: object) -> bool:
    try:
        producer.produce(topic, payload, **told)  # type: ignore[arg-type]
    except BufferError:
        return False
    return True


def _configuration(connection: Connection) -> dict[str, object]:
    return connection.configure(
        enable_idempotence=True,
        partitioner="murmur2_random",  # Java's own: others can join by key
        compression_type="lz4",
        linger_ms=2,
        message_timeout_ms=int(connection.deadline_s * 1000),
    )
