"""What runs came to: the tables of two lakes compared, and the events that told of the runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from comparing import assert_same
from roads import lawful, rows_of
from services.subscriber import all_events

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.gold.definitions import gold_tables
from vitalake.kafka.connection import Connection
from vitalake.publish.topics import PIPELINE
from vitalake.sources.messages import STAMPED_BY_INGEST

ARRIVAL: Final = ("updated_at", "batch", "delay_p50_s", "delay_p99_s")
"""What Gold says of when things came and were computed."""
BY_ARRIVAL: Final = ("silver_quarantine", "silver_duplicates")
"""Tables whose rows Gold counts in the hour of their arrival."""


def assert_same_tables(path: Path, expected: Path) -> None:
    """Fail unless both lakes hold the same, but for what tells of arrival."""
    lake, other = EmbeddedLake(path), EmbeddedLake(expected)
    bronze = [rows_of(each, BRONZE_EVENTS) for each in (lake, other)]
    assert_same(*bronze, key=BRONZE_EVENTS.key, ignore=STAMPED_BY_INGEST)
    assert lawful(lake) == lawful(other)
    for gold in gold_tables():
        assert_same(*(_gold(each, gold.table) for each in (lake, other)), key=gold.table.key, ignore=ARRIVAL)


def _gold(lake: EmbeddedLake, table: Table) -> list[dict[str, Any]]:
    return [row for row in rows_of(lake, table) if row.get("table_name") not in BY_ARRIVAL]


def events_of(brokers: str, *runs: str) -> list[dict[str, Any]]:
    """Yield what the broker has told of these runs, in order."""
    return [event for event in all_events(Connection(brokers), PIPELINE) if event["subject"] in runs]
