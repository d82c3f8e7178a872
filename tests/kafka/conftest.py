"""One real broker for all tests of this folder, and topics of their own for each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from vitalake.dev.kafka import Broker, broker
from vitalake.kafka.address import KafkaAddress
from vitalake.kafka.connection import Connection
from vitalake.kafka.topics import create_topic

MakeTopic = Callable[..., KafkaAddress]

_names = (f"topic-{n}" for n in itertools.count())


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A running broker, shared: leave it running."""
    with broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture
def connection(kafka_broker: Broker) -> Connection:
    """A way to the shared broker."""
    return Connection(kafka_broker.brokers)


@pytest.fixture
def make_topic(connection: Connection) -> MakeTopic:
    """Create a topic with a name of its own and yield its address."""

    def make(partitions: int = 1, **config: str) -> KafkaAddress:
        name = next(_names)
        create_topic(connection, name, partitions, {k.replace("_", "."): v for k, v in config.items()})
        return KafkaAddress(connection.brokers, name)

    return make


@pytest.fixture
def producer(kafka_broker: Broker) -> Producer:
    """A plain producer on the shared broker."""
    return Producer({"bootstrap.servers": kafka_broker.brokers, "linger.ms": 0})


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of the test's own, to kill."""
    with broker(tmp_path / "own") as running:
        yield running
