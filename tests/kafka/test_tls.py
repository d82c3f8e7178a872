"""A broker that encrypts, with a certificate by a CA of the hospital's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from services.brokers import encrypted_broker, make_certificates, trusting

from vitalake.cli import main
from vitalake.errors import UserError
from vitalake.kafka.address import KafkaAddress
from vitalake.kafka.connection import Connection
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
    """A folder as of make_certificates."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def encrypted(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which a broker shows its certificate and wants a password."""
    with encrypted_broker(tmp_path_factory.mktemp("encrypted"), certificates) as address:
        yield address


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
