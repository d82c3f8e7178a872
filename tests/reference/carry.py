"""What is known at each event: the carried vector with its ages, and the scores of it.

One patient's events come sorted by (event_time, event_id).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from reference.definitions import FORGET_AFTER, Event, Settings, chart, method_of
from reference.news2 import INPUTS, score_mews, score_news2, score_qsofa

CARRIED = (
    "heart_rate", "resp_rate", "spo2", "systolic_bp", "temperature",
    "consciousness", "on_oxygen", "spo2_scale",
)  # fmt: skip


class Carried(NamedTuple):
    """A value that is known, and the instant of the event that brought it."""

    value: Any
    since: int


class Scale(NamedTuple):
    """The SpO2 scale after an event: known since, and until when if nothing else happens."""

    value: int
    since: int
    until: int


def carry_forward(events: list[Event], settings: Settings) -> list[dict[str, Any]]:
    """Yield a row an event: carried values and ages [s], and all scores, by the columns' names."""
    scales = carry_scale(events)
    return [_row(events, i, scales[i], settings) for i in range(len(events))]


def latest(events: list[Event], at: int, name: str) -> tuple[Event, Any] | None:
    """Yield the latest event up to index ``at`` that has the field, less than 30 days old, and the value."""
    for event in reversed(events[: at + 1]):
        if events[at]["event_time"] - event["event_time"] >= FORGET_AFTER:
            return None
        if event[name] is not None:
            return event, event[name]
    return None


def carry_scale(events: list[Event]) -> list[Scale | None]:
    """Yield the scale known after each event.

    It goes 30 days after its event, with another encounter, and when its encounter is forgotten.
    """
    scale: Scale | None = None
    encounter: Carried | None = None
    known = []
    for event in events:
        now = event["event_time"]
        if scale and now >= scale.until:
            scale = None
        if encounter and now >= encounter.since + FORGET_AFTER:
            encounter = None
        if event["encounter_id"] is not None:
            if encounter and encounter.value != event["encounter_id"]:
                scale = None
            encounter = Carried(event["encounter_id"], now)
        if event["spo2_scale"] is not None:
            scale = Scale(event["spo2_scale"], now, 0)
        if scale:
            until = min(scale.since, encounter.since if encounter else scale.since) + FORGET_AFTER
            scale = scale._replace(until=until)
        known.append(scale)
    return known


def _row(events: list[Event], i: int, scale: Scale | None, settings: Settings) -> dict[str, Any]:
    now = events[i]["event_time"]
    vector: dict[str, Carried | None] = {
        name: _carried_vital(events, i, name, settings)
        for name in ("heart_rate", "resp_rate", "spo2", "systolic_bp", "temperature")
    }
    vector["heart_rate"] = vector["heart_rate"] or _carried_vital(events, i, "pulse_rate", settings)
    vector["consciousness"] = _younger(latest(events, i, "consciousness"), now, settings.consciousness_age)
    vector["on_oxygen"] = _younger(latest(events, i, "on_oxygen"), now, settings.on_oxygen_age)
    vector["spo2_scale"] = Carried(scale.value, scale.since) if scale else None
    row: dict[str, Any] = {}
    for name in CARRIED:
        carried = vector[name]
        is_number = carried is not None and name in _NUMBERS
        row[f"{name}_carried"] = (
            None if carried is None else carried.value / 100 if is_number else carried.value
        )
        row[f"{name}_age_s"] = None if carried is None else (now - carried.since) / 1_000_000
    return row | _scores(vector, _ward(events, i), settings)


_NUMBERS = ("heart_rate", "resp_rate", "spo2", "systolic_bp", "temperature")


def _younger(found: tuple[Event, Any] | None, now: int, maximum_age: int) -> Carried | None:
    if found is None or now - found[0]["event_time"] >= maximum_age:
        return None
    return Carried(found[1], found[0]["event_time"])


def _carried_vital(events: list[Event], i: int, name: str, settings: Settings) -> Carried | None:
    found = latest(events, i, name)
    age = settings.maximum_age(name, method_of(found[0], name)) if found else 0
    return _younger(found, events[i]["event_time"], age)


def _ward(events: list[Event], i: int) -> str | None:
    found = latest(events, i, "ward")
    return found[1] if found else None


def _scores(vector: dict[str, Carried | None], ward: str | None, settings: Settings) -> dict[str, Any]:
    """Yield every score of the vector; an input that is not known counts as what the ward assumes."""
    kept = {name: carried.value if (carried := vector[name]) else None for name in INPUTS}
    charted = {n: chart(n, v) if n in _NUMBERS and v is not None else v for n, v in kept.items()}
    assumptions = {**settings.assumptions.get(None, {}), **settings.assumptions.get(ward, {})}
    assumed = [name for name in INPUTS if charted[name] is None and assumptions.get(name) is not None]
    charted |= {name: assumptions[name] for name in assumed}
    scale = vector["spo2_scale"]
    heart_rate, systolic = kept["heart_rate"], kept["systolic_bp"]
    return {
        **score_news2(charted, scale.value if scale else 1),
        "assumed": assumed,
        "shock_index": None if heart_rate is None or systolic is None else heart_rate / systolic,
        **score_qsofa(charted),
        "mews": score_mews(charted),
    }
