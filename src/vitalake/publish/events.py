"""CloudEvents 1.0 from rows of the lake; pure: the clock comes in.

An event's ``id`` depends on what it tells only, so that a repeat can be known.  Structured JSON, as the CloudEvents
Kafka binding has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import pyarrow as pa

from vitalake.domain.tables import Table
from vitalake.silver.tables import SILVER_ALERT_CHANGES

Headers = list[tuple[str, str | bytes | None]]

HEADERS: Final[Headers] = [("content-type", b"application/cloudevents+json; charset=UTF-8")]

NOTIFY_WITHIN: Final = timedelta(minutes=15)
"""An alert told later than this after its instant is for the record: nobody should be paged for it."""

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "urn:vitalake:event")

_INSTANTS: Final = ("raised_at", "escalated_at", "cleared_at")

Event = dict[str, Any]


@dataclass(frozen=True)
class Keyed:
    """An event and the Kafka key that keeps its order."""

    key: str
    event: Event

    @property
    def value(self) -> bytes:
        """The event as it is sent: compact JSON, UTF-8."""
        return json.dumps(self.event, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def read_event(value: bytes | None) -> Event | None:
    """Yield the event that a message holds; None where it is no JSON object, so none of ours."""
    try:
        event = json.loads(value or b"null")
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def alert_events(changes: pa.Table, lake_id: str, now: datetime, backfill: bool = False) -> Iterator[Keyed]:
    """Yield one event a row of ``silver_alert_changes``, in their order; key: the patient.

    ``data`` is the row with ``delay_s`` (``now`` less the instant of the change, in seconds) and ``notify``.
    """
    for row in _rows(changes, SILVER_ALERT_CHANGES):
        instant = max(row[name] for name in _INSTANTS if row[name] is not None)
        delay = now - instant
        told = {"delay_s": delay.total_seconds(), "notify": delay <= NOTIFY_WITHIN and not backfill}
        event = _event(
            lake_id,
            kind=f"alert.{row['change']}",
            identity=uuid5(UUID(row["alert_id"]), str(row["revision"])),
            subject=row["alert_id"],
            when=instant,
            data=row | told,
        )
        yield Keyed(row["patient_id"], event)


def quarantine_events(quarantined: pa.Table, lake_id: str) -> Iterator[Keyed]:
    """Yield one event a row of ``silver_quarantine``: reason and position, never the payload; key: the source."""
    columns = ["source", "partition", "offset", "ingest_time", "batch", "reason"]
    for row in quarantined.select(columns).to_pylist():
        position = f"{row['source']}/{row['partition']}/{row['offset']}"
        event = _event(
            lake_id,
            kind="message.quarantined",
            identity=uuid5(_NAMESPACE, f"{lake_id}/quarantine/{position}"),
            subject=position,
            when=row["ingest_time"],
            data=row,
        )
        yield Keyed(row["source"], event)


def run_event(lake_id: str, run_id: str, status: str, when: datetime, data: Mapping[str, Any]) -> Keyed:
    """Yield what tells that a run ``completed`` or ``failed``, with row counts and table versions in ``data``."""
    return _pipeline_event(lake_id, "run", status, run_id, when, {**data, "run_id": run_id})


def stage_event(
    lake_id: str, run_id: str, stage: str, status: str, when: datetime, data: Mapping[str, Any]
) -> Keyed:
    """Yield what tells that a stage of a run ``completed`` or ``failed``."""
    named = {**data, "run_id": run_id, "stage": stage}
    return _pipeline_event(lake_id, "stage", status, f"{run_id}/{stage}", when, named)


def stalled_event(lake_id: str, when: datetime, data: Mapping[str, Any]) -> Keyed:
    """Yield what tells that no source has sent anything since ``when``."""
    return _pipeline_event(lake_id, "feed", "stalled", when.astimezone(UTC).isoformat(), when, data)


def _pipeline_event(
    lake_id: str, what: str, status: str, subject: str, when: datetime, data: Mapping[str, Any]
) -> Keyed:
    identity = uuid5(_NAMESPACE, f"{lake_id}/{what}/{status}/{subject}")
    kind = f"{what}.{status}"
    return Keyed(
        lake_id, _event(lake_id, kind=kind, identity=identity, subject=subject, when=when, data=data)
    )


def source_of(lake_id: str) -> str:
    """Yield what a lake's events name as their source."""
    return f"/vitalake/lakes/{lake_id}"


def _event(
    lake_id: str, *, kind: str, identity: UUID, subject: str, when: datetime, data: Mapping[str, Any]
) -> Event:
    return {
        "specversion": "1.0",
        "id": str(identity),
        "source": source_of(lake_id),
        "type": f"vitalake.{kind}",
        "subject": subject,
        "time": told_time(when),
        "datacontenttype": "application/json",
        "data": {name: _plain(value) for name, value in data.items()},
    }


def told_time(instant: datetime) -> str:
    """Yield an instant as RFC 3339 in UTC, to the microsecond.

    Example:
        >>> told_time(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
        '2026-01-02T03:04:05.000000Z'
    """
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _plain(value: Any) -> Any:
    return told_time(value) if isinstance(value, datetime) else value


def _rows(rows: pa.Table, table: Table) -> Iterator[dict[str, Any]]:
    yield from rows.select(list(table.names)).to_pylist()
