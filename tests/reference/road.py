"""The whole road: messages in bronze order to the tables of Silver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from reference.alarms import patient_time, raise_episodes
from reference.carry import carry_forward
from reference.dedupe import Parsed, sort_out
from reference.definitions import DAY, Event, Settings, micros, moment
from reference.devices import device_episodes
from reference.parse_event import columns_of, parse_event
from reference.policy import DEFAULT, Policy
from reference.windows import summarise

Rows = list[dict[str, Any]]
INGESTED = datetime(2027, 1, 1, tzinfo=UTC)
"""When payloads came where nobody says so: later than any event of `strategies`."""


@dataclass(frozen=True)
class Message:
    """A row of bronze: what came, from where and when."""

    payload: bytes | None
    ingest_time: datetime
    source: str = "reference"
    partition: int = 0
    offset: int = 0
    batch: int = 1
    source_time: datetime | None = None

    @property
    def receipt(self) -> int:
        """When it was received: by the source where that says so, else by the lake."""
        return micros(self.source_time or self.ingest_time)

    @property
    def provenance(self) -> dict[str, Any]:
        """The columns that trace a row to its bytes."""
        names = ("source", "partition", "offset", "ingest_time", "batch")
        return {name: getattr(self, name) for name in names}


def as_messages(payloads: Sequence[bytes | None], ingest_time: datetime = INGESTED) -> list[Message]:
    """Yield payloads as messages of one source and batch, the offset counting them."""
    return [Message(payload, ingest_time, offset=i) for i, payload in enumerate(payloads)]


def reference_lake(
    messages: Sequence[bytes | Message | None],
    ingest_time: datetime = INGESTED,
    *,
    settings: Settings | None = None,
    policy: Policy = DEFAULT,
    watermark: datetime | None = None,
) -> dict[str, Rows]:
    """Yield the rows of each silver table, of messages in bronze order.

    Payloads alone take ``ingest_time``.  All batches reached the ends of their sources (``at_end``), unless a
    ``watermark`` is given.  silver_alerts holds the physiological and device episodes.  Left out are
    updated_batch, alert_id and revision, and a quarantined message's detail.
    """
    settings = settings or Settings()
    bronze = [
        m if isinstance(m, Message) else Message(m, ingest_time, offset=i) for i, m in enumerate(messages)
    ]
    judged = [
        (message, parse_event(message.payload, micros(message.ingest_time), settings)) for message in bronze
    ]
    sorted_out = sort_out(Parsed(event, message) for message, event in judged if isinstance(event, dict))
    reasons = {id(message): reason for message, reason in judged if isinstance(reason, str)}
    reasons |= {id(parsed.message): "conflicting_duplicate" for parsed in sorted_out.conflicts}
    mark = micros(watermark) if watermark else find_watermark(sorted_out.kept)
    lake: dict[str, Rows] = {
        "silver_observations": [],
        "silver_quarantine": [
            {**m.provenance, "payload": m.payload, "reason": reasons[id(m)]}
            for m in bronze
            if id(m) in reasons
        ],
        "silver_duplicates": [
            _duplicate(repeat.message, first.message) for repeat, first in sorted_out.repeats
        ],
        "silver_vital_windows": [],
        "silver_alerts": [],
    }
    ordered = sorted(sorted_out.kept, key=_event_order)
    for _, group in groupby(ordered, key=lambda parsed: parsed.event["patient_id"]):
        _add_patient(lake, list(group), mark, settings, policy)
    return lake


def find_watermark(kept: list[Parsed]) -> int | None:
    """Yield the greatest event time, no event counting for later than its receipt."""
    return max((min(parsed.event["event_time"], parsed.message.receipt) for parsed in kept), default=None)


def _event_order(parsed: Parsed) -> tuple[str, int, str]:
    event = parsed.event
    return event["patient_id"], event["event_time"], event["event_id"]


def _add_patient(
    lake: dict[str, Rows], history: list[Parsed], mark: int | None, settings: Settings, policy: Policy
) -> None:
    """Add one patient's rows, his events being in order."""
    events: list[Event] = [parsed.event for parsed in history]
    scored = carry_forward(events, settings)
    until = patient_time(events[-1]["event_time"], mark, settings.grace)
    lake["silver_observations"] += [
        {**columns_of(p.event), **scores, **p.message.provenance, "event_date": _date(p.event)}
        for p, scores in zip(history, scored, strict=True)
    ]
    lake["silver_vital_windows"] += summarise(events, settings)
    alerts = raise_episodes(events, scored, until, settings, policy)
    alerts += device_episodes(events, until, settings, policy.version)
    lake["silver_alerts"] += sorted(alerts, key=alert_order)


def alert_order(row: dict[str, Any]) -> tuple[Any, ...]:
    """Yield what names an episode: patient, origin, type, subject and start."""
    return row["patient_id"], row["origin"], row["alert_type"], row["subject"] or "", row["started_at"]


def _date(event: Event) -> Any:
    start = moment(event["event_time"] // DAY * DAY)
    assert start is not None
    return start.date()


def _duplicate(repeat: Message, first: Message) -> dict[str, Any]:
    return {
        **repeat.provenance,
        "first_source": first.source,
        "first_partition": first.partition,
        "first_offset": first.offset,
    }
