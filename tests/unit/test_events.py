from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat

from vitalake.publish.events import (
    HEADERS,
    Keyed,
    alert_events,
    quarantine_events,
    run_event,
    stage_event,
    stalled_event,
)
from vitalake.silver.tables import SILVER_ALERT_CHANGES, SILVER_QUARANTINE

RAISED_AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
ALERT_ID = "8906cfc6-4a58-53e2-ba7d-4a8fab675916"


def change(**told: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(SILVER_ALERT_CHANGES.names),
        "seq": 1,
        "revision": 1,
        "change": "raised",
        "batch": 1,
        "alert_id": ALERT_ID,
        "patient_id": "Zoë",
        "origin": "physiological",
        "alert_type": "tachycardia",
        "state": "active",
        "priority": "high",
        "started_at": RAISED_AT - timedelta(seconds=10),
        "raised_at": RAISED_AT,
        "extreme_value": 151.0,
        "limit_value": 150.0,
        "margin": 1.0,
        "policy_version": "abc",
        **told,
    }


def events_of(*changes: dict[str, Any], now: datetime = RAISED_AT, backfill: bool = False) -> list[Keyed]:
    rows = pa.Table.from_pylist(list(changes), schema=SILVER_ALERT_CHANGES.schema)
    return list(alert_events(rows, "lake-1", now, backfill))


def every_kind() -> list[Keyed]:
    quarantined = dict.fromkeys(SILVER_QUARANTINE.names) | {
        "source": "kafka://h:9092/t",
        "partition": 1,
        "offset": 7,
        "ingest_time": RAISED_AT,
        "batch": 2,
        "payload": b"secret",
        "reason": "not_json",
        "detail": "line 1",
    }
    rows = pa.Table.from_pylist([quarantined], schema=SILVER_QUARANTINE.schema)
    return [
        *events_of(change(), change(change="cleared", revision=2, state="cleared", cleared_at=RAISED_AT)),
        *quarantine_events(rows, "lake-1"),
        run_event("lake-1", "run-1", "completed", RAISED_AT, {"rows": 3}),
        stage_event("lake-1", "run-1", "refine", "failed", RAISED_AT, {"error": "no"}),
        stalled_event("lake-1", RAISED_AT, {}),
    ]


def test_an_alert_event_tells_the_whole_change() -> None:
    (keyed,) = events_of(change(), now=RAISED_AT + timedelta(seconds=2))
    data = keyed.event.pop("data")
    assert keyed.key == "Zoë"
    assert keyed.event == {
        "specversion": "1.0",
        "id": "15ed6b90-3ff8-5134-bfa4-b12818dadf73",
        "source": "/vitalake/lakes/lake-1",
        "type": "vitalake.alert.raised",
        "subject": ALERT_ID,
        "time": "2026-01-02T03:04:05.678901Z",
        "datacontenttype": "application/json",
    }
    assert set(data) == {*SILVER_ALERT_CHANGES.names, "delay_s", "notify"}
    assert data["raised_at"] == "2026-01-02T03:04:05.678901Z"
    assert (data["delay_s"], data["notify"], data["margin"], data["ward"]) == (2.0, True, 1.0, None)


@pytest.mark.parametrize(
    ("late_by", "backfill", "notify"),
    [
        (timedelta(0), False, True),
        (timedelta(minutes=15), False, True),
        (timedelta(minutes=15, microseconds=1), False, False),
        (timedelta(0), True, False),
    ],
)
def test_nobody_is_paged_for_what_is_past(late_by: timedelta, backfill: bool, notify: bool) -> None:
    (keyed,) = events_of(change(), now=RAISED_AT + late_by, backfill=backfill)
    assert keyed.event["data"]["notify"] is notify


def test_the_instant_is_that_of_the_latest_step() -> None:
    later = RAISED_AT + timedelta(hours=1)
    (escalated,) = events_of(change(change="escalated", revision=2, escalated_at=later), now=later)
    assert escalated.event["time"] == "2026-01-02T04:04:05.678901Z"
    assert escalated.event["data"]["delay_s"] == 0


def test_ids_name_what_is_told_and_nothing_else() -> None:
    first, again, next_revision, other = events_of(
        change(),
        change(seq=9, batch=9),
        change(revision=2),
        change(alert_id="6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    )
    assert first.event["id"] == again.event["id"]
    assert len({keyed.event["id"] for keyed in (first, next_revision, other)}) == 3
    assert [keyed.event["id"] for keyed in every_kind()] == [keyed.event["id"] for keyed in every_kind()]
    assert len({keyed.event["id"] for keyed in every_kind()}) == len(every_kind())


def test_a_quarantined_message_goes_out_without_its_payload() -> None:
    (told,) = (keyed for keyed in every_kind() if keyed.event["type"] == "vitalake.message.quarantined")
    assert b"secret" not in told.value
    assert told.event["data"]["reason"] == "not_json"
    assert told.event["data"]["offset"] == 7


@pytest.mark.parametrize("keyed", every_kind(), ids=lambda keyed: keyed.event["type"])
def test_every_event_obeys_the_schema_of_cloudevents(keyed: Keyed, shared_data: Path) -> None:
    schema = json.loads((shared_data / "cloudevents" / "cloudevents.schema.json").read_text())
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(
        json.loads(keyed.value)
    )


@pytest.mark.parametrize("keyed", every_kind(), ids=lambda keyed: keyed.event["type"])
def test_the_cloudevents_library_reads_every_event(keyed: Keyed) -> None:
    headers = {name: value for name, value in HEADERS if isinstance(value, bytes)}
    message = KafkaMessage(headers=headers, key=keyed.key.encode(), value=keyed.value)
    read = from_structured_event(message, JSONFormat())
    assert read.get_id() == keyed.event["id"]
    assert read.get_type() == keyed.event["type"]
    assert read.get_data() == keyed.event["data"]
