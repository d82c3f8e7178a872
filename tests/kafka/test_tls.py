"""A broker that encrypts, with a certificate by a CA of the hospital's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from services.brokers import RIGHT, guarded_broker

from vitalake.cli import main
from vitalake.dev.kafka import HOST
from vitalake.errors import UserError
from vitalake.kafka.address import KafkaAddress
from vitalake.kafka.connection import Connection, Options
from vitalake.publish.send import send_messages
from vitalake.sources.kafka import KafkaSource

EVENT = b'{"event_id":"e","patient_id":"p","event_time":"2026-05-01T00:00:00Z","spo2":97}'
SETTINGS = """
[kafka]
"security.protocol" = "SASL_SSL"
"sasl.mechanism" = "PLAIN"
"sasl.username" = "ward"
"ssl.ca.location" = "{ca}"
"""
"""As docs/kafka.md tells it; the password comes from the environment."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two CAs, ca.pem and other.pem, and broker.pem: a key and its certificate by the first."""
    folder = tmp_path_factory.mktemp("certificates")
    ca, other = trustme.CA(), trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    other.cert_pem.write_to_path(folder / "other.pem")
    shown = ca.issue_cert(HOST)
    key = load_pem_private_key(shown.private_key_pem.bytes(), password=None)
    as_kafka_reads_it = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = [pem.bytes() for pem in shown.cert_chain_pems]
    (folder / "broker.pem").write_bytes(b"".join([as_kafka_reads_it, *chain]))
    return folder


@pytest.fixture(scope="module")
def encrypted(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which a broker shows its certificate and wants a password."""
    settings = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(certificates / "broker.pem")}
    with guarded_broker(tmp_path_factory.mktemp("encrypted"), "SASL_SSL", settings) as address:
        yield address


def trusting(ca: Path) -> Options:
    """Yield the client's settings that trust a CA."""
    return {**RIGHT, "security.protocol": "SASL_SSL", "ssl.ca.location": str(ca)}


def test_a_topic_is_read_over_tls_with_the_settings_of_the_docs(
    encrypted: str,
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ca = certificates / "ca.pem"
    assert send_messages(Connection(encrypted, trusting(ca)), "vitals", [("p", EVENT)]) == 1
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VITALAKE_KAFKA_SASL_PASSWORD", "right")
    Path("vitalake.toml").write_text(SETTINGS.format(ca=ca))
    assert main(["run", f"kafka://{encrypted}/vitals", "--lake", "lake", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["observations"] == 1


@pytest.mark.parametrize(
    ("ca", "told"),
    [
        ("other.pem", r"refused the connection.*certificate verify failed.*ssl\.\*"),
        ("absent.pem", r"A Kafka setting is wrong .*ssl\.ca\.location"),
    ],
)
def test_a_wrong_ca_is_the_users_mistake(encrypted: str, certificates: Path, ca: str, told: str) -> None:
    options = trusting(certificates / ca)
    with pytest.raises(UserError, match=told):
        list(KafkaSource(KafkaAddress(encrypted, "vitals"), options, deadline_s=2).read({}, 10))
    with pytest.raises(UserError, match=told):
        send_messages(Connection(encrypted, options, deadline_s=2), "vitals", [("p", EVENT)])
