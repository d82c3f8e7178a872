"""Kafka as the command line names it: the client's settings, addresses, and what to install."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from vitalake.cli.settings import PREFIX, Settings
from vitalake.errors import UserError, installing

if TYPE_CHECKING:
    from vitalake.kafka.connection import Connection, Options

SCHEME: Final = "kafka://"
FROM_ENVIRONMENT: Final = f"{PREFIX}KAFKA_"
"""``VITALAKE_KAFKA_SASL_PASSWORD`` is the client's setting ``sasl.password``."""


def is_topic(name: str) -> bool:
    """Tell whether a source or target is a topic."""
    return name.startswith(SCHEME)


def require_kafka() -> None:
    """Refuse to go on where the client is not installed."""
    if find_spec("confluent_kafka") is None:
        hint = f"Install it: {installing('kafka', 'java')}"
        raise UserError("Kafka needs the package confluent-kafka", hint)


def read_options(settings: Settings, environment: Mapping[str, str] | None = None) -> Options:
    """Yield the client's own settings (TLS, SASL, ...): those of the file, then those of the environment.

    >>> read_options(
    ...     Settings(kafka={"security.protocol": "SSL"}), {"VITALAKE_KAFKA_SSL_CA_LOCATION": "ca.pem"}
    ... )
    {'security.protocol': 'SSL', 'ssl.ca.location': 'ca.pem'}
    """
    given = os.environ if environment is None else environment
    ours = {
        name.removeprefix(FROM_ENVIRONMENT).lower().replace("_", "."): value
        for name, value in sorted(given.items())
        if name.startswith(FROM_ENVIRONMENT) and value
    }
    return {**settings.kafka, **ours}


def read_brokers(named: str) -> str:
    """Yield the brokers that ``HOST:PORT,...`` or ``kafka://HOST:PORT,...`` names, in normal form."""
    from vitalake.kafka.address import parse_brokers

    return parse_brokers(named.removeprefix(SCHEME).rstrip("/"))


def connect(brokers: str, settings: Settings) -> Connection:
    """Yield a way to the brokers with the settings of this machine."""
    from vitalake.kafka.connection import Connection

    return Connection(read_brokers(brokers), read_options(settings))
