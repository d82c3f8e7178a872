"""How clients are made, what they may be told, and what their errors mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

from vitalake.errors import TopicMissing, Unavailable, UserError, VitalakeError
from vitalake.kafka import codes

Options = Mapping[str, str | int | float | bool]
"""Settings of librdkafka by their own names: TLS and SASL above all (``security.protocol``, ...)."""

LOGGER: Final = logging.getLogger("vitalake.kafka")
LOGGER.addHandler(logging.NullHandler())  # heard only where the application listens

DEADLINE_S: Final = 10.0
"""How long a call waits for a broker before it gives up."""

_OURS: Final = frozenset(
    {
        "auto.offset.reset",
        "bootstrap.servers",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "error_cb",
        "isolation.level",
        "logger",
        "metadata.broker.list",
        "transactional.id",
    }
)
"""What the promises of delivery rest on."""


@dataclass
class Connection:
    """One cluster and how to talk to it; remembers why a broker last refused us."""

    brokers: str
    options: Options = field(default_factory=dict, repr=False)  # may hold a password
    deadline_s: float = DEADLINE_S
    refusal: KafkaError | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Refuse options that are not the user's to set."""
        if taken := sorted(_OURS.intersection(self.options)):
            raise UserError(f"The Kafka setting {taken[0]} can't be changed", "Leave it out of the settings")

    def configure(self, **ours: Any) -> dict[str, Any]:
        """Yield a client's configuration: the user's options, then ours (underscores stand for dots)."""
        return {
            "socket.keepalive.enable": True,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 1000,
            **self.options,
            "bootstrap.servers": self.brokers,
            "error_cb": self._notice,
            "logger": LOGGER,
            **{name.replace("_", "."): value for name, value in ours.items()},
        }

    def _notice(self, error: KafkaError) -> None:
        if error.code() in codes.REFUSED:
            self.refusal = error

    @contextmanager
    def translating(self, what: str) -> Iterator[None]:
        """Turn a client's error in the body into one of ours; ``what`` says what was being done."""
        try:
            yield
        except KafkaException as error:
            raise self.translate(error.args[0], what) from error

    def translate(self, error: KafkaError, what: str) -> VitalakeError:
        """Yield our error for a client's."""
        cause = self.refusal if self.refusal is not None and error.code() in codes.SILENT else error
        code, where, detail = cause.code(), f"Kafka at {self.brokers}", f"{cause.name()}: {cause.str()}"
        doing = f"while vitalake {what}: {detail}"
        if code in codes.REFUSED:
            return UserError(
                f"{where} refused the connection ({doing})",
                "Check security.protocol, sasl.* and ssl.* in the Kafka settings",
            )
        if code in codes.FORBIDDEN:
            return UserError(f"{where} forbids it ({doing})", "Ask for the access in its ACLs")
        if code in codes.NO_TOPIC:
            return TopicMissing(
                f"{where} has no such topic (while vitalake {what})", "Check the name, or create it first"
            )
        if code in codes.WRONG_SETTING:
            return UserError(f"A Kafka setting is wrong ({detail})", "See librdkafka's list of settings")
        return Unavailable(
            f"{where} does not answer ({doing})",
            "Check the address and that the broker runs; nothing is lost, try again",
        )
