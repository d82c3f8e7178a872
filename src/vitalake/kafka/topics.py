"""What a cluster tells of its topics: partitions and offsets; and how ours are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from vitalake.kafka.codes import NO_TOPIC
from vitalake.kafka.connection import Connection

_BEGINNING: Final = OFFSET_BEGINNING
_END: Final = OFFSET_END


def list_partitions(
    connection: Connection, client: Consumer | Producer | AdminClient, topic: str
) -> list[int]:
    """Yield the partitions of ``topic``, none where there is no such topic.

    Raises:
        Unavailable: no broker answers within the deadline.
        UserError: it refuses us.
    """
    what = f"asked for the topic {topic}"
    with connection.translating(what):
        try:
            metadata = client.list_topics(topic, connection.deadline_s).topics[topic]
        except KafkaException:
            client.poll(0)  # lets the client tell why the brokers were silent
            raise
        if metadata.error is None:
            return sorted(metadata.partitions)
        if metadata.error.code() in NO_TOPIC:
            return []
        raise KafkaException(metadata.error)


def first_offsets(
    connection: Connection, consumer: Consumer, topic: str, partitions: Iterable[int]
) -> dict[int, int]:
    """Yield the oldest offset that each partition still holds."""
    return _offsets(connection, consumer, [TopicPartition(topic, p, _BEGINNING) for p in partitions])


def end_offsets(
    connection: Connection, consumer: Consumer, topic: str, partitions: Iterable[int]
) -> dict[int, int]:
    """Yield where each partition ends for this consumer: the next message that it may read will stand there."""
    return _offsets(connection, consumer, [TopicPartition(topic, p, _END) for p in partitions])


def _offsets(connection: Connection, consumer: Consumer, asked: list[TopicPartition]) -> dict[int, int]:
    with connection.translating("asked for offsets"):
        found = consumer.offsets_for_times(asked, connection.deadline_s)
        for answer in found:
            if answer.error is not None:
                raise KafkaException(answer.error)
    return {answer.partition: answer.offset for answer in found}


def create_topic(
    connection: Connection, topic: str, partitions: int = -1, config: Mapping[str, str] | None = None
) -> bool:
    """Create ``topic`` (-1: the cluster's default number of partitions); tell whether it was not there before."""
    with connection.translating(f"created the topic {topic}"):
        admin = AdminClient(connection.configure())
        new = NewTopic(topic, partitions, config=dict(config or {}))
        future = admin.create_topics([new], request_timeout=connection.deadline_s)[topic]
        try:
            future.result()
        except KafkaException as error:
            admin.poll(0)  # lets the client tell why the brokers were silent
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
            return False
    return True
