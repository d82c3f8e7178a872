"""Observations as a test writes them: one dict an event, what it leaves out is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from vitalake.domain.rules import Rules
from vitalake.silver.carry import Carried, carry, initial
from vitalake.silver.scores import Scored, score
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import NORMALISED
from vitalake.silver.timeline import Timeline, arrange

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
SCHEMA = pa.schema([column.arrow for column in NORMALISED])
PRESSURES = ("systolic_bp", "diastolic_bp", "mean_bp")

Event = Mapping[str, Any]


def observations(events: Sequence[Event]) -> pa.Table:
    """Yield normalised observations; ``at`` is seconds since START (or a timedelta)."""
    return pa.Table.from_pylist([_row(i, event) for i, event in enumerate(events)], schema=SCHEMA)


def _row(i: int, event: Event) -> dict[str, Any]:
    at = event.get("at", 0)
    since = at if isinstance(at, timedelta) else timedelta(seconds=at)
    row = {"patient_id": "P1", "event_id": f"e{i:03d}", "method": "monitor", "issues": []}
    row |= {name: value for name, value in event.items() if name != "at"}
    row["event_time"] = START + since
    if any(name in event for name in PRESSURES):
        row.setdefault("bp_method", "cuff")
    return row


def carried(events: Sequence[Event], rules: Rules | None = None) -> Carried:
    """Yield what is carried at each event, from nothing known before."""
    timeline = arrange(observations(events), StringPool())
    return carry(timeline, initial(len(timeline.patients)), rules or Rules())


def scored(events: Sequence[Event], rules: Rules | None = None) -> Scored:
    """Yield the scores of each event, from nothing known before."""
    rules, pool = rules or Rules(), StringPool()
    timeline: Timeline = arrange(observations(events), pool)
    return score(carry(timeline, initial(len(timeline.patients)), rules), rules, timeline, pool)


def columns(events: Sequence[Event], *names: str, rules: Rules | None = None) -> list[Any]:
    """Yield the scored columns ``names`` of the last event: the value, or a list of them."""
    row = scored(events, rules).columns.slice(len(events) - 1).to_pylist()[0]
    return row[names[0]] if len(names) == 1 else [row[name] for name in names]
