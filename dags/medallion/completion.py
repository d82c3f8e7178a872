"""How a run ended, told to other systems: one event a run on ``vitalake.pipeline``.

Its ``id`` depends on the lake, the run and how it ended, so that a task that is tried again repeats the same event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from vitalake.cli.kafka import read_brokers, read_options
from vitalake.cli.settings import read_settings
from vitalake.kafka.connection import Connection, Options
from vitalake.publish.events import Keyed, run_event
from vitalake.publish.send import send_events
from vitalake.publish.topics import PIPELINE

CONNECTION: Final = "vitalake_kafka"
"""The Airflow connection, if it is there, whose extra holds the client's settings (``security.protocol``, ...)."""


def event_of(
    airflow_run: str, status: str, when: datetime, told: Iterable[Mapping[str, Any] | None]
) -> Keyed | None:
    """Yield the event that a run ``completed`` or ``failed``, with all that its tasks told.

    None where no task knew the lake: then there is none.
    """
    facts: dict[str, Any] = {}
    for each in told:
        facts |= {name: value for name, value in (each or {}).items() if value is not None}
    facts.pop("ended_at", None)
    lake_id = facts.pop("lake_id", None)
    return None if lake_id is None else run_event(lake_id, airflow_run, status, when, facts)


def send(brokers: str, event: Keyed) -> None:
    """Send the event and wait until Kafka has it."""
    connection = Connection(read_brokers(brokers), {**read_options(read_settings()), **_secrets()})
    send_events(connection, PIPELINE, [event])


def _secrets() -> Options:
    try:
        extra = BaseHook.get_connection(CONNECTION).extra_dejson
    except AirflowNotFoundException:
        return {}
    return {name: value for name, value in extra.items() if name != "bootstrap.servers"}
