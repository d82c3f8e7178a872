"""A broker that asks who we are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

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


def make_certificates(folder: Path) -> Path:
    """Fill a folder with two CAs, ca.pem and other.pem, and broker.pem: a key and its certificate by the first."""
    ca, other = trustme.CA(), trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    other.cert_pem.write_to_path(folder / "other.pem")
    shown = ca.issue_cert(HOST)
    key = load_pem_private_key(shown.private_key_pem.bytes(), password=None)
    as_kafka_reads_it = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = [pem.bytes() for pem in shown.cert_chain_pems]
    (folder / "broker.pem").write_bytes(b"".join([as_kafka_reads_it, *chain]))
    return folder


def encrypted_broker(folder: Path, certificates: Path) -> AbstractContextManager[str]:
    """Yield the address at which a broker shows its certificate and wants a password."""
    settings = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(certificates / "broker.pem")}
    return guarded_broker(folder, "SASL_SSL", settings)


def trusting(ca: Path) -> Options:
    """Yield the client's settings that trust a CA."""
    return {**RIGHT, "security.protocol": "SASL_SSL", "ssl.ca.location": str(ca)}
