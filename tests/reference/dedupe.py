"""Repeats: of one patient, event time and event id the first in bronze order stays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from reference.definitions import FIELDS, Event


class Parsed(NamedTuple):
    """An event and the message it came in (any object that names a bronze position)."""

    event: Event
    message: Any


class Sorted(NamedTuple):
    """What becomes of events: kept, repeats (each with what it repeats) and conflicts, in bronze order."""

    kept: list[Parsed]
    repeats: list[tuple[Parsed, Parsed]]
    conflicts: list[Parsed]


def sort_out(events: Iterable[Parsed]) -> Sorted:
    """Yield the events (in bronze order) sorted into kept, repeats and conflicting duplicates."""
    first: dict[tuple[str, int, str], Parsed] = {}
    result = Sorted([], [], [])
    for parsed in events:
        event = parsed.event
        earlier = first.setdefault((event["patient_id"], event["event_time"], event["event_id"]), parsed)
        if earlier is parsed:
            result.kept.append(parsed)
        elif all(event[name] == earlier.event[name] for name in FIELDS):
            result.repeats.append((parsed, earlier))
        else:
            result.conflicts.append(parsed)
    return result
