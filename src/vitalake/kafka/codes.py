"""What librdkafka's error codes mean to us.

The client's own codes are documented constants, though they begin with an underscore.
"""
# ruff: noqa: SLF001

from __future__ import annotations

from typing import Final

from confluent_kafka import KafkaError

REFUSED: Final = frozenset(
    {KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._SSL}
)
"""Credentials or certificates are wrong."""

FORBIDDEN: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
"""The cluster's ACLs say no."""

NO_TOPIC: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})
"""There is no such topic."""

WRONG_SETTING: Final = frozenset({KafkaError._INVALID_ARG, KafkaError._NOT_CONFIGURED})
"""A setting has a wrong name or value."""

SILENT: Final = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._RESOLVE,
        KafkaError._WAIT_COORD,
    }
)
"""Nobody answered; why, another error may say."""

FENCED: Final = frozenset({KafkaError._FENCED, KafkaError.PRODUCER_FENCED})
"""Another producer took this transactional id."""

FATAL: Final = KafkaError._FATAL
"""The client can do no more; why, it says when it is asked again."""

LOST: Final = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})
"""The partition does not hold the offset that was asked for."""

END_OF_PARTITION: Final = KafkaError._PARTITION_EOF
"""No error: everything that is there was read."""
