"""A broker that asks who we are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vitalake.dev.kafka import HOST, Broker, free_port
from vitalake.kafka.connection import Options

MODULE: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"
RIGHT: Final[Options] = {
    "security.protocol": "SASL_PLAINTEXT",
    "sasl.mechanism": "PLAIN",
    "sasl.username": "ward",
    "sasl.password": "right",
}
"""The login as librdkafka takes it."""


@contextmanager
def guarded_broker(
    folder: Path, protocol: str = "SASL_PLAINTEXT", more: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield the address at which a broker wants a password, and stop it afterwards; ``more`` are its settings."""
    port, open_port, controller_port = free_port(), free_port(), free_port()
    settings = {
        "listeners": f"PLAINTEXT://{HOST}:{open_port},GUARDED://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{open_port},GUARDED://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listener.security.protocol.map": f"PLAINTEXT:PLAINTEXT,GUARDED:{protocol},CONTROLLER:PLAINTEXT",
        "listener.name.guarded.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.guarded.plain.sasl.jaas.config": f'{MODULE} required user_ward="right";',
        **(more or {}),
    }
    broker = Broker(folder, open_port, settings)
    try:
        broker.start()
        yield f"{HOST}:{port}"
    finally:
        broker.stop()
