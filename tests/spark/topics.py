"""Topics of a guarded broker, and what was sent there as Bronze is to hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from confluent_kafka import Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from roads import rows_of

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.engine import Engine
from vitalake.kafka.address import KafkaAddress
from vitalake.kafka.connection import Connection, Options
from vitalake.kafka.topics import create_topic
from vitalake.sources.messages import MESSAGES

Row = dict[str, Any]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Topic:
    """A topic of two partitions on the guarded broker."""

    address: KafkaAddress
    options: Options
    sent: list[Row] = field(default_factory=list)
    """What was acknowledged, as Bronze is to hold it."""

    def send(self, messages: Sequence[Row]) -> None:
        """Send messages and note where the broker put them."""
        producer = self.producer()
        for number, message in enumerate(messages):
            headers = message.get("headers")
            row = {
                "source": self.address.url,
                "key": message.get("key"),
                "headers": headers and [{"key": key, "value": value} for key, value in headers],
                "source_time": message.get("source_time", EPOCH + timedelta(milliseconds=number + 1)),
                "partition": message["partition"],
                "payload": message["payload"],
            }
            self._produce(producer, row, headers)
        assert producer.flush(10) == 0

    def _produce(self, producer: Producer, row: Row, headers: Any) -> None:
        def note(error: object, acknowledged: Message) -> None:
            assert error is None
            self.sent.append(row | {"offset": acknowledged.offset()})

        stamp = (row["source_time"] - EPOCH) // timedelta(milliseconds=1)
        producer.produce(
            self.address.topic,
            row["payload"],
            row["key"],
            row["partition"],
            headers=headers or [],
            timestamp=stamp,
            on_delivery=note,
        )

    def abort(self, payload: bytes) -> None:
        """Send a message that is taken back: nobody is to read it, but it takes an offset, and so does its end."""
        producer = self.producer(**{"transactional.id": self.address.topic})
        producer.init_transactions(30)
        producer.begin_transaction()
        producer.produce(self.address.topic, payload, partition=0)
        producer.flush(10)
        producer.abort_transaction(30)

    def producer(self, **more: str) -> Producer:
        return Producer({"bootstrap.servers": self.address.brokers, "linger.ms": 0, **self.options, **more})

    def rows(self) -> list[Row]:
        """Yield what was sent, in bronze order."""
        return sorted(self.sent, key=lambda row: (row["partition"], row["offset"]))

    def drop_all(self) -> None:
        """Let the broker drop what was sent."""
        ends: dict[int, int] = {}
        for row in self.sent:
            ends[row["partition"]] = max(ends.get(row["partition"], 0), row["offset"] + 1)
        admin = AdminClient({"bootstrap.servers": self.address.brokers, **self.options})
        gone = [TopicPartition(self.address.topic, partition, end) for partition, end in ends.items()]
        for future in admin.delete_records(gone).values():
            future.result(10)


def new_topic(brokers: str, name: str, options: Options) -> Topic:
    """Yield a new topic of two partitions that keeps messages however old they are."""
    create_topic(Connection(brokers, options), name, 2, {"retention.ms": "-1"})
    return Topic(KafkaAddress(brokers, name), options)


def bronze(lake: Engine) -> list[Row]:
    """Yield the messages of a lake in bronze order, without what ingest stamps on them."""
    return [{name: row[name] for name in MESSAGES.names} for row in rows_of(lake, BRONZE_EVENTS)]
