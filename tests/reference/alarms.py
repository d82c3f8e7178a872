"""Physiological alarms: the definition, evaluated over a patient's whole history up to his time.

For each rule time is cut into segments in which nothing changes.  Of a priority p, ``s_p`` is the start of a
run of segments whose values lie beyond p's limit; p is reached when its delay is over within the run, or at
the run's first value charted by hand.  Where priorities are reached and values are back, there the episodes
are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from reference.definitions import MINUTE, Event, Settings, moment
from reference.policy import DEFAULT, PRIORITIES, SCORES, Limits, Policy, Rule
from reference.signals import InForce, latest_steps, scale_steps, steps_of
from reference.steps import Piece, side_by_side, value_at


class Segment(NamedTuple):
    """A stretch of time [start, end), the value and the limits in force in it (None: there are none)."""

    start: int
    end: int
    reading: InForce | None
    limits: Limits | None


class Reached(NamedTuple):
    """A priority (its rank) that was reached: since when its condition held, when, and its limit then."""

    at: int
    rank: int
    limit: int


class End(NamedTuple):
    """How an episode ended."""

    at: int
    by: str
    event: Event | None


def raise_episodes(
    events: list[Event],
    scored: list[dict[str, Any]],
    until: int,
    settings: Settings,
    policy: Policy = DEFAULT,
) -> list[dict[str, Any]]:
    """Yield one patient's episodes (rows of silver_alerts) that have been raised up to his time ``until``."""
    places = {name: latest_steps(events, name) for name in ("ward", "bed", "device_id")}
    scale, oxygen = scale_steps(events), latest_steps(events, "on_oxygen", settings.on_oxygen_age)
    rows = []
    for rule in policy.rules:
        signal = steps_of(rule.looks_at, events, scored, settings)
        contexts = [] if "always" in rule.limits and not policy.by_ward else [scale, oxygen, places["ward"]]
        segments = list(_segments(rule, side_by_side([signal, *contexts], until), policy))
        for row in _episodes(rule, segments, until):
            known = {name: value_at(steps, row["raised_at"]) for name, steps in places.items()}
            rows.append(_complete(row, events[0]["patient_id"], known, policy.version))
    return rows


def _segments(rule: Rule, pieces: list[Piece], policy: Policy) -> Iterator[Segment]:
    """Cut time into segments; what is the same everywhere needs no scale, oxygen or ward."""
    for start, end, (reading, *contexts) in pieces:
        scale, on_oxygen, ward = contexts or (None, None, None)
        here = rule if ward is None else policy.by_ward.get(ward, {}).get(rule.alert_type, rule)
        context = "scale_1" if scale != 2 else "scale_2_on_oxygen" if on_oxygen else "scale_2"
        yield Segment(start, end, reading, here.limits.get("always", here.limits.get(context)))


def is_beyond(rule: Rule, segment: Segment, priority: str) -> bool:
    """Tell whether the condition of the priority holds in the segment."""
    if segment.reading is None or segment.limits is None or priority not in segment.limits.limit:
        return False
    return rule.side * segment.reading.value > rule.side * segment.limits.limit[priority]


def is_back(rule: Rule, segment: Segment) -> bool:
    """Tell whether a value lies within the lowest limit by the hysteresis, or no limit applies any more."""
    if segment.reading is None:
        return False
    if segment.limits is None:
        return True
    lowest = segment.limits.limit[segment.limits.lowest]
    return rule.side * segment.reading.value <= rule.side * lowest - segment.limits.hysteresis


def runs_of(rule: Rule, segments: list[Segment], priority: str) -> list[list[Segment]]:
    """Yield the longest runs of segments in which the condition of the priority holds without a break."""
    grouped = groupby(segments, key=lambda segment: is_beyond(rule, segment, priority))
    return [list(run) for holds, run in grouped if holds]


def reached_in(rule: Rule, run: list[Segment], priority: str) -> Reached | None:
    """Yield when the priority is reached in a run of its condition, None where it is not."""
    rank, since = PRIORITIES.index(priority), run[0].start
    for segment in run:
        assert segment.limits is not None
        assert segment.reading is not None
        due = max(segment.start, since + segment.limits.delay[priority])
        if rule.looks_at not in SCORES and segment.reading.charted_by_hand:
            due = segment.start
        if due < segment.end:
            return Reached(due, rank, segment.limits.limit[priority])
    return None


def _episodes(rule: Rule, segments: list[Segment], until: int) -> Iterator[dict[str, Any]]:
    found = [reached_in(rule, run, p) for p in PRIORITIES for run in runs_of(rule, segments, p)]
    reached = sorted((r for r in found if r and r.at <= until), key=lambda r: (r.at, -r.rank))
    cleared_before = -1 << 62
    for raised in reached:
        if raised.at < cleared_before:
            continue
        raising = _segment_at(segments, raised.at)
        end = _end_of(rule, segments, raising)
        cleared_before = end.at if end else until + 1
        later = [r for r in reached if raised.at < r.at < cleared_before]
        yield _episode(rule, segments, raised, later, end)


def _segment_at(segments: list[Segment], instant: int) -> Segment:
    return next(segment for segment in segments if segment.start <= instant < segment.end)


def _end_of(rule: Rule, segments: list[Segment], raising: Segment) -> End | None:
    """Yield how an episode raised in the segment ends, None where it goes on."""
    assert raising.reading is not None
    for segment in segments:
        if segment.start <= raising.start:
            continue
        if segment.reading is None:
            return End(segment.start, "expiry", None)
        if is_back(rule, segment):
            if segment.reading.missing > raising.reading.missing and rule.looks_at in SCORES[:2]:
                return End(segment.start, "expiry", None)
            return End(segment.start, "recovery", segment.reading.event)
    return None


def _episode(
    rule: Rule, segments: list[Segment], raised: Reached, later: list[Reached], end: End | None
) -> dict[str, Any]:
    raising = _segment_at(segments, raised.at)
    assert raising.limits is not None
    assert raising.reading is not None
    started = next(run[0].start for run in runs_of(rule, segments, raising.limits.lowest) if raising in run)
    peak, escalated_at = raised, None
    for reached in later:
        if reached.rank > peak.rank:
            peak, escalated_at = reached, reached.at
    values = [
        segment.reading.value
        for segment in segments
        if segment.reading and segment.end > started and (end is None or segment.start < end.at)
    ]
    extreme = rule.side * max(rule.side * value for value in values)
    measured = rule.looks_at != "consciousness"
    return {
        "alert_type": rule.alert_type,
        "priority": PRIORITIES[peak.rank],
        "started_at": started,
        "raised_at": raised.at,
        "escalated_at": escalated_at,
        "cleared_at": end.at if end else None,
        "cleared_by": end.by if end else None,
        "extreme_value": extreme / 100 if measured else None,
        "limit_value": peak.limit / 100 if measured else None,
        "margin": max(0, rule.side * (extreme - peak.limit)) / 100 if measured else None,
        "raising_event_id": raising.reading.event["event_id"],
        "clearing_event_id": end.event["event_id"] if end and end.event else None,
    }


def _complete(row: dict[str, Any], patient_id: str, known: dict[str, Any], version: str) -> dict[str, Any]:
    """Yield the row with what every physiological episode has."""
    described = {"patient_id": patient_id, "origin": "physiological", "subject": None, **row, **known}
    return finish_episode({**described, "alert_code": None, "alert_text": None, "policy_version": version})


def finish_episode(row: dict[str, Any]) -> dict[str, Any]:
    """Yield the row with its state, duration and date, instants as UTC datetimes."""
    measured = row["cleared_by"] in ("recovery", "device_end")
    times = {name: moment(row[name]) for name in ("started_at", "raised_at", "escalated_at", "cleared_at")}
    raised_at = times["raised_at"]
    assert raised_at is not None
    return {
        **row,
        **times,
        "state": "active" if row["cleared_at"] is None else "cleared",
        "duration_s": (row["cleared_at"] - row["started_at"]) / 1_000_000 if measured else None,
        "event_date": raised_at.date(),
    }


def patient_time(newest: int, watermark: int | None, grace: int = 2 * MINUTE) -> int:
    """Yield a patient's time: the later of his own newest event and the watermark less the grace."""
    return newest if watermark is None else max(newest, watermark - grace)
