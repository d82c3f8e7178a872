"""Settings of librdkafka as Java's client, and so Spark, takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vitalake.kafka.connection import Options

_SECURITY: Final = "org.apache.kafka.common.security"
_LOGINS: Final = {
    "PLAIN": f"{_SECURITY}.plain.PlainLoginModule",
    "SCRAM-SHA-256": f"{_SECURITY}.scram.ScramLoginModule",
    "SCRAM-SHA-512": f"{_SECURITY}.scram.ScramLoginModule",
}
_USER: Final = "sasl.username"
_PASSWORD: Final = "sasl.password"  # noqa: S105 - a setting's name
_MECHANISM: Final = "sasl.mechanism"
_CA: Final = "ssl.ca.location"
_OTHER_NAMES: Final = {"sasl.mechanisms": _MECHANISM}

_TAKEN: Final[dict[str, Callable[[str], dict[str, str]]]] = {
    "client.id": lambda name: {"client.id": name},
    "security.protocol": lambda name: {"security.protocol": name.upper()},
    _MECHANISM: lambda name: {_MECHANISM: name},
    _USER: lambda _: {},
    _PASSWORD: lambda _: {},
    _CA: lambda path: {"ssl.truststore.type": "PEM", "ssl.truststore.location": path},
    "ssl.endpoint.identification.algorithm": lambda name: {
        "ssl.endpoint.identification.algorithm": "" if name == "none" else name
    },
}


def java_options(options: Options) -> dict[str, str] | None:
    r"""Yield the settings for Java's client; None where one of them has no equal there.

    >>> java_options({"security.protocol": "ssl", "ssl.ca.location": "ca.pem"})
    {'security.protocol': 'SSL', 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': 'ca.pem'}
    >>> java_options({"sasl.mechanism": "PLAIN", "sasl.username": "ward", "sasl.password": 'a"b'})[
    ...     "sasl.jaas.config"
    ... ]
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="ward" password="a\\"b";'
    >>> java_options({"ssl.key.location": "key.pem"})
    >>> java_options({"security.protocol": "ssl"})  # each has CAs of its own
    """
    given = {_OTHER_NAMES.get(name, name): str(value) for name, value in options.items()}
    encrypts = "ssl" in given.get("security.protocol", "").lower()
    if given.keys() - _TAKEN.keys() or (encrypts and _CA not in given):
        return None
    taken = {name: value for key, each in given.items() for name, value in _TAKEN[key](each).items()}
    if _MECHANISM not in given:
        return taken
    login = _LOGINS.get(given[_MECHANISM])
    if login is None or not {_USER, _PASSWORD} <= given.keys():
        return None
    user, password = _quoted(given[_USER]), _quoted(given[_PASSWORD])
    return taken | {"sasl.jaas.config": f"{login} required username={user} password={password};"}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
