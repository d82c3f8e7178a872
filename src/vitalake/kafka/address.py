"""Where a topic is: ``kafka://BROKERS/TOPIC``, read and written in one normal form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from vitalake.errors import UserError

SCHEME: Final = "kafka://"
DEFAULT_PORT: Final = 9092
_GREATEST_PORT: Final = 65535
_HOW: Final = "Write kafka://HOST:PORT[,HOST:PORT...]/TOPIC"
_HOW_BROKERS: Final = "Write HOST:PORT[,HOST:PORT...]"
_BROKER: Final = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")


@dataclass(frozen=True)
class KafkaAddress:
    """A topic and where to ask for it; ``brokers`` is what clients take: host:port, comma separated."""

    brokers: str
    topic: str

    @property
    def url(self) -> str:
        """The normal form: what stands in the column ``source`` for ever."""
        return f"{SCHEME}{self.brokers}/{self.topic}"


def parse_address(url: str) -> KafkaAddress:
    """Yield the address that ``url`` names: hosts in lower case and sorted, port 9092 where none is given.

    Raises:
        UserError: it is none.

    Example:
        >>> parse_address("kafka://B,a:9094/vitals").url
        'kafka://a:9094,b:9092/vitals'
    """
    if not url.startswith(SCHEME):
        raise UserError("A Kafka address starts with kafka://", _HOW)
    brokers, slash, topic = url.removeprefix(SCHEME).partition("/")
    if "@" in brokers:
        raise UserError(
            "A Kafka address holds no user and password", "Give them as settings, e.g. sasl.password"
        )
    if not slash or not topic:
        raise UserError(f"{url} names no topic", _HOW)
    return KafkaAddress(parse_brokers(brokers), check_topic(topic))


def parse_brokers(brokers: str) -> str:
    """Yield ``brokers`` (comma separated) in normal form."""
    return ",".join(sorted({_parse_broker(broker.strip()) for broker in brokers.split(",")}))


def check_topic(topic: str) -> str:
    """Yield ``topic``, or raise UserError where Kafka does not allow such a name."""
    if not _TOPIC.fullmatch(topic) or topic in {".", ".."}:
        raise UserError(
            f"{topic!r} can't be the name of a Kafka topic",
            "It has 1 to 249 of the characters A-Z a-z 0-9 . _ -",
        )
    return topic


def _parse_broker(broker: str) -> str:
    found = _BROKER.fullmatch(broker)
    if not found:
        raise UserError(f"{broker!r} is no broker's address", _HOW_BROKERS)
    port = int(found["port"] or DEFAULT_PORT)
    if not 1 <= port <= _GREATEST_PORT:
        raise UserError(f"{broker} has a port outside 1 to {_GREATEST_PORT}", _HOW_BROKERS)
    return f"{found['host'].lower()}:{port}"
