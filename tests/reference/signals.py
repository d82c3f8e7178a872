"""What alarms look at: vitals as step functions of time, by holds and beats; scores; scale, oxygen, ward.

One patient's events come sorted by (event_time, event_id); an instant is judged once, after its last event.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any, NamedTuple

from reference.carry import carry_scale
from reference.definitions import (
    FORGET_AFTER,
    HOUR,
    MINUTE,
    PRESSURES,
    SCORE_HOLD,
    SECOND,
    VITALS,
    Event,
    Settings,
    chart,
    is_rejected,
    method_of,
)
from reference.policy import RANKS
from reference.steps import FOREVER, Piece, side_by_side


class InForce(NamedTuple):
    """A value in force [charted hundredths], the event that brought it, and what else an alarm asks of it."""

    value: int
    event: Event
    charted_by_hand: bool = False
    """Whether a spot or manual value: it needs no delay."""
    missing: int = 0
    """Of a score: how many of its inputs were not known."""


Instant = tuple[int, list[Event]]


def instants(events: list[Event]) -> list[Instant]:
    """Yield the instants with events, each with its events in order."""
    return [(time, list(group)) for time, group in groupby(events, key=lambda event: event["event_time"])]


def beat(valid_monitored: list[int]) -> int | None:
    """Yield the longest of the last three intervals between these instants, None where there is none.

    A gap of more than an hour is no interval, and what lies before it is forgotten.
    """
    intervals: list[int] = []
    for earlier, later in pairwise(valid_monitored):
        intervals = [] if later - earlier > HOUR else [*intervals, later - earlier]
    return max(intervals[-3:], default=None)


def monitored_hold(vital: str, known_beat: int | None) -> int:
    """Yield how long a monitored value holds [us]."""
    longest = HOUR if vital == "temperature" else 15 * MINUTE
    if known_beat is None:
        return HOUR if vital == "temperature" else 2 * MINUTE
    return min(max(3 * known_beat, 30 * SECOND), longest)


def has(event: Event, vital: str) -> bool:
    """Tell whether the event brought the vital, as a value or as one rejected."""
    return event[vital] is not None or is_rejected(event, vital)


def counting(group: list[Event], vital: str, *, arterial_in_hold: bool) -> Event | None:
    """Yield the event of an instant whose reading (or rejection) of the vital counts, None where none does.

    The greatest event id that has the vital; but a cuff reading is nothing beside an arterial value in hold,
    from before or from this instant.
    """
    readings = [event for event in group if has(event, vital)]
    arterial = [event for event in readings if vital in PRESSURES and event["bp_method"] == "arterial"]
    if arterial and arterial[-1][vital] is not None:
        return arterial[-1]
    if not arterial and arterial_in_hold and vital in PRESSURES:
        return None
    return readings[-1] if readings else None


def vital_steps(events: list[Event], vital: str, settings: Settings) -> list[Piece]:
    """Yield the vital as a step function of `InForce` values."""
    pieces: list[Piece] = []
    monitored: list[int] = []
    arterial_until = -FOREVER
    for now, group in instants(events):
        if any(e[vital] is not None and method_of(e, vital) == "monitor" for e in group):
            monitored = [*monitored[-4:], now]
        event = counting(group, vital, arterial_in_hold=now < arterial_until)
        if event is None:
            continue
        if pieces and pieces[-1].end > now:
            pieces[-1] = pieces[-1]._replace(end=now)
        arterial_until = min(arterial_until, now)
        if event[vital] is None:
            continue
        method = method_of(event, vital)
        by_hand = method != "monitor"
        hold = settings.maximum_age(vital, method) if by_hand else monitored_hold(vital, beat(monitored))
        pieces.append(Piece(now, now + hold, InForce(chart(vital, event[vital]), event, by_hand)))
        if vital in PRESSURES and event["bp_method"] == "arterial":
            arterial_until = now + hold
    return pieces


def heart_steps(events: list[Event], settings: Settings) -> list[Piece]:
    """Yield the heart rate where one is in hold, else the pulse rate."""
    both = [vital_steps(events, vital, settings) for vital in ("heart_rate", "pulse_rate")]
    pieces = side_by_side(both, FOREVER)
    return [Piece(p.start, p.end, p.what[0] or p.what[1]) for p in pieces if p.what[0] or p.what[1]]


def score_steps(events: list[Event], scored: list[dict[str, Any]], name: str) -> list[Piece]:
    """Yield a score, or the carried consciousness: each instant's last event's, to the next event or 12 h."""
    rows = dict(zip([event["event_time"] for event in events], zip(events, scored, strict=True), strict=True))
    times = [*rows, FOREVER]
    pieces = []
    for (now, (event, row)), following in zip(rows.items(), times[1:], strict=True):
        value = row["consciousness_carried"] if name == "consciousness" else row[name]
        if value is not None:
            number = RANKS[value] if name == "consciousness" else value * 100
            in_force = InForce(number, event, missing=row["news2_missing"])
            pieces.append(Piece(now, min(following, now + SCORE_HOLD), in_force))
    return pieces


def scale_steps(events: list[Event]) -> list[Piece]:
    """Yield the SpO2 scale in force."""
    known = dict(zip([event["event_time"] for event in events], carry_scale(events), strict=True))
    times = [*known, FOREVER]
    return [
        Piece(now, min(following, scale.until), scale.value)
        for (now, scale), following in zip(known.items(), times[1:], strict=True)
        if scale is not None
    ]


def latest_steps(events: list[Event], name: str, maximum_age: int = FORGET_AFTER) -> list[Piece]:
    """Yield the latest known value of a field, for so long as it may be carried."""
    known = {event["event_time"]: event[name] for event in events if event[name] is not None}
    times = [*known, FOREVER]
    return [
        Piece(now, min(following, now + maximum_age), value)
        for (now, value), following in zip(known.items(), times[1:], strict=True)
    ]


def steps_of(
    looks_at: str, events: list[Event], scored: list[dict[str, Any]], settings: Settings
) -> list[Piece]:
    """Yield what a rule looks at, as a step function of `InForce` values."""
    if looks_at in VITALS:
        return vital_steps(events, looks_at, settings)
    return heart_steps(events, settings) if looks_at == "heart" else score_steps(events, scored, looks_at)
