from __future__ import annotations

import pytest

from vitalake.errors import UserError
from vitalake.kafka.address import KafkaAddress, parse_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("kafka://localhost:9092/vitals", KafkaAddress("localhost:9092", "vitals")),
        ("kafka://broker/ward.vitals-1_x", KafkaAddress("broker:9092", "ward.vitals-1_x")),
        ("kafka://B:1,a:2/t", KafkaAddress("a:2,b:1", "t")),
        ("kafka://a,a:9092/t", KafkaAddress("a:9092", "t")),
        ("kafka://[::1]:9093/t", KafkaAddress("[::1]:9093", "t")),
    ],
)
def test_address_is_read_in_one_normal_form(url: str, address: KafkaAddress) -> None:
    assert parse_address(url) == address
    assert parse_address(address.url) == address


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("localhost:9092/vitals", "starts with kafka://"),
        ("kafka://localhost:9092", "names no topic"),
        ("kafka://localhost:9092/", "names no topic"),
        ("kafka://user:secret@host/t", "no user and password"),
        ("kafka:///t", "is no broker's address"),
        ("kafka://host:/t", "is no broker's address"),
        ("kafka://host:99999/t", "outside 1 to 65535"),
        ("kafka://host:0/t", "outside 1 to 65535"),
        ("kafka://ho st/t", "is no broker's address"),
        ("kafka://host/a/b", "can't be the name of a Kafka topic"),
        ("kafka://host/..", "can't be the name of a Kafka topic"),
        (f"kafka://host/{'x' * 250}", "can't be the name of a Kafka topic"),
    ],
)
def test_what_is_no_address_is_told(url: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as error:
        parse_address(url)
    assert error.value.hint
    assert "secret" not in str(error.value)
