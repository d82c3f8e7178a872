"""The road agrees with a slow reference that was written from the specification alone, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from comparing import assert_same
from reference.definitions import DeviceWord, Settings
from reference.policy import DEFAULT
from reference.road import reference_lake
from roads import INGESTED, refined, rows_of
from strategies.histories import as_payloads, history
from strategies.odd import odd_payloads

from vitalake.domain.device_alarms import built_in
from vitalake.domain.policy_file import preset
from vitalake.silver.tables import (
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_OBSERVATIONS,
    SILVER_QUARANTINE,
    SILVER_VITAL_WINDOWS,
)

HISTORIES = 300
POSITION = ("source", "partition", "offset")


def _many(first: int, count: int) -> list[bytes | None]:
    """Yield the histories of many patients, one after the other."""
    payloads: list[bytes | None] = []
    for seed in range(first, first + count):
        messages = [
            {**m, "patient_id": f"{m['patient_id']}-{seed}"} for m in history(seed, patients=1, events=30)
        ]
        payloads += as_payloads(messages)
        payloads += odd_payloads(seed, 1)
    return payloads


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    payloads = _many(0, HISTORIES)
    lake = refined(tmp_path_factory.mktemp("lake"), [payloads])
    tables = (SILVER_ALERTS, SILVER_OBSERVATIONS, SILVER_QUARANTINE, SILVER_DUPLICATES, SILVER_VITAL_WINDOWS)
    actual = {table.name: rows_of(lake, table) for table in tables}
    words = {
        code: DeviceWord(alert_type=meaning.alert_type, priority=meaning.priority)
        for code, meaning in built_in().meanings.items()
    }
    return actual, reference_lake(
        payloads,
        INGESTED,
        settings=Settings(device_words=words),
        policy=replace(DEFAULT, version=preset().version),
    )


@pytest.mark.parametrize(
    ("table", "ignore"),
    [
        (SILVER_OBSERVATIONS, ("source", "batch")),
        (SILVER_QUARANTINE, ("source", "batch")),
        (SILVER_DUPLICATES, ("source", "first_source", "batch")),
        (SILVER_VITAL_WINDOWS, ()),
        (SILVER_ALERTS, ("batch",)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_silver_is_what_the_reference_says(both: Any, table: Any, ignore: tuple[str, ...]) -> None:
    actual, expected = both
    key = ("partition", "offset") if "offset" in table.key else table.key
    if table is SILVER_ALERTS:
        key = ("patient_id", "origin", "alert_type", "subject", "started_at")
    assert_same(actual[table.name], expected[table.name], key=key, ignore=ignore)
