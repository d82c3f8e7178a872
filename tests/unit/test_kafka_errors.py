from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from vitalake.errors import TopicMissing, Unavailable, UserError, VitalakeError
from vitalake.kafka.connection import Connection
from vitalake.publish.relay import RelaySettings
from vitalake.sources.kafka import kafka_source

EVERY_CODE = sorted(
    {v for name, v in vars(KafkaError).items() if name.upper() == name and isinstance(v, int)} - {0}
)


@pytest.mark.parametrize("code", EVERY_CODE)
def test_every_error_of_the_client_is_one_of_ours(code: int) -> None:
    connection = Connection("host:9092")
    with pytest.raises(VitalakeError) as error, connection.translating("did something"):
        raise KafkaException(KafkaError(code))
    assert error.value.hint


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError._TRANSPORT, Unavailable),
        (KafkaError._ALL_BROKERS_DOWN, Unavailable),
        (KafkaError._TIMED_OUT, Unavailable),
        (KafkaError.NOT_ENOUGH_REPLICAS, Unavailable),
        (KafkaError.SASL_AUTHENTICATION_FAILED, UserError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, UserError),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, TopicMissing),
    ],
)
def test_the_kind_says_whether_to_retry(code: int, kind: type[VitalakeError]) -> None:
    assert type(Connection("host:9092").translate(KafkaError(code), "asked")) is kind


def test_silence_is_explained_by_an_earlier_refusal() -> None:
    connection = Connection("host:9092")
    connection.configure()["error_cb"](KafkaError(KafkaError.SASL_AUTHENTICATION_FAILED, "wrong password"))
    error = connection.translate(KafkaError(KafkaError._TRANSPORT), "asked")
    assert isinstance(error, UserError)
    assert "wrong password" in str(error)


def test_settings_that_carry_the_promises_are_refused() -> None:
    with pytest.raises(UserError, match=r"isolation\.level can't be changed"):
        Connection("host:9092", {"isolation.level": "read_uncommitted"})


def test_a_users_setting_reaches_the_client_and_ours_win() -> None:
    configuration = Connection("host:9092", {"security.protocol": "SSL"}).configure(linger_ms=1)
    assert configuration["security.protocol"] == "SSL"
    assert configuration["linger.ms"] == 1
    assert configuration["bootstrap.servers"] == "host:9092"


def test_a_password_is_not_shown() -> None:
    options = {"sasl.password": "secret"}
    shown = (
        Connection("host:9092", options),
        kafka_source("kafka://host/t", options),
        RelaySettings("lake-1", "host:9092", options),
    )
    assert "secret" not in repr(shown)
