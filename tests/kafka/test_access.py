"""A broker that asks who we are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services.brokers import RIGHT, guarded_broker

from vitalake.errors import UserError
from vitalake.kafka.address import KafkaAddress
from vitalake.kafka.connection import Connection
from vitalake.kafka.topics import create_topic
from vitalake.publish.send import send_messages
from vitalake.sources.kafka import KafkaSource, kafka_source


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which a broker wants a password."""
    with guarded_broker(tmp_path_factory.mktemp("guarded")) as address:
        yield address


def test_the_right_password_opens(guarded: str) -> None:
    assert send_messages(Connection(guarded, RIGHT), "vitals", [("p", b"x")]) == 1
    (batch,) = kafka_source(f"kafka://{guarded}/vitals", RIGHT).read({}, 10)
    assert batch.messages["payload"].to_pylist() == [b"x"]


@pytest.mark.parametrize("wrong", [{"sasl.password": "wrong"}, {"sasl.username": "nobody"}])
def test_a_wrong_password_is_the_users_mistake_and_is_not_shown(guarded: str, wrong: dict[str, str]) -> None:
    options = {**RIGHT, **wrong}
    with pytest.raises(UserError, match=r"refused the connection.*sasl\.\*") as error:
        list(KafkaSource(KafkaAddress(guarded, "vitals"), options, deadline_s=2).read({}, 10))
    assert str(options["sasl.password"]) not in str(error.value)
    connection = Connection(guarded, options, deadline_s=2)
    with pytest.raises(UserError, match="refused the connection"):
        send_messages(connection, "vitals", [("p", b"x")])
    with pytest.raises(UserError, match="refused the connection"):
        create_topic(connection, "topic")
