"""Device alarms: the episodes that the words of bedside devices make, word by word in event order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reference.alarms import finish_episode
from reference.carry import latest
from reference.definitions import HOUR, Event, Settings, compare_form
from reference.policy import PRIORITIES

SILENCE = HOUR
"""Without a word for so long an episode is over."""

Thread = tuple[str | None, str, str | None]
"""What an episode is about: the device, the alert type and, of an `other`, the code as it compares."""


@dataclass
class Episode:
    """One episode: the event that raised it, its peak priority, its last word and its end."""

    raising: Event
    place: dict[str, Any]
    priority: str
    last_word: int
    escalated_at: int | None = None
    cleared_at: int | None = None
    cleared_by: str | None = None
    clearing_event_id: str | None = None


def device_episodes(
    events: list[Event], until: int, settings: Settings, version: str
) -> list[dict[str, Any]]:
    """Yield one patient's device episodes (rows of silver_alerts) up to his time ``until``."""
    threads: dict[Thread, list[tuple[int, Event]]] = {}
    for i, event in enumerate(events):
        if event["alert_code"] is not None:
            code = compare_form(event["alert_code"]) if event["alert_type"] == "other" else None
            threads.setdefault((event["device_id"], event["alert_type"], code), []).append((i, event))
    rows = []
    for thread, words in threads.items():
        rows += [_row(thread, episode, version) for episode in _episodes(events, words, until, settings)]
    return rows


def subject_of(thread: Thread) -> str | None:
    """Yield the device; of an `other` also, after a blank, the code as it compares (without blanks)."""
    device, _, code = thread
    return " ".join(part for part in (device, code) if part is not None) or None


def _episodes(
    events: list[Event], words: list[tuple[int, Event]], until: int, settings: Settings
) -> list[Episode]:
    episodes: list[Episode] = []
    for i, event in words:
        now, state = event["event_time"], event["alert_state"]
        last = episodes[-1] if episodes else None
        if last and last.cleared_at is None and now > last.last_word + SILENCE:
            _clear(last, last.last_word + SILENCE, "timeout", None)
        is_open = last is not None and last.cleared_at is None
        if state == "end" and not is_open:
            continue
        if state != "end":
            if last and (is_open or last.cleared_at == now):
                _go_on(last, event)
            else:
                last = _start(events, i, settings)
                episodes.append(last)
        if last and state in ("end", "point"):
            _clear(last, now, "device_end", event["event_id"])
    if episodes and episodes[-1].cleared_at is None and episodes[-1].last_word + SILENCE <= until:
        _clear(episodes[-1], episodes[-1].last_word + SILENCE, "timeout", None)
    return episodes


def priority_of(event: Event, settings: Settings) -> str:
    """Yield the device's priority, else the mapping's, else medium."""
    meaning = settings.device_meanings.get(compare_form(event["alert_code"]))
    return event["alert_priority"] or (meaning.priority if meaning else None) or "medium"


def _start(events: list[Event], i: int, settings: Settings) -> Episode:
    """Start an episode; its place is the one known after the raise's instant."""
    event = events[i]
    last = max(k for k, other in enumerate(events) if other["event_time"] == event["event_time"])
    place = {
        name: found[1] if (found := latest(events, last, name)) else None
        for name in ("ward", "bed", "device_id")
    }
    place["device_id"] = event["device_id"] or place["device_id"]
    return Episode(event, place, priority_of(event, settings), event["event_time"])


def _go_on(episode: Episode, event: Event) -> None:
    """Keep an open episode, or open again one that ended at this very instant."""
    now, priority = event["event_time"], event["alert_priority"] or episode.priority
    episode.last_word = now
    episode.cleared_at = episode.cleared_by = episode.clearing_event_id = None
    if PRIORITIES.index(priority) > PRIORITIES.index(episode.priority):
        episode.priority = priority
        if now > episode.raising["event_time"]:
            episode.escalated_at = now


def _clear(episode: Episode, at: int, by: str, event_id: str | None) -> None:
    episode.cleared_at, episode.cleared_by, episode.clearing_event_id = at, by, event_id


def _row(thread: Thread, episode: Episode, version: str) -> dict[str, Any]:
    event = episode.raising
    return finish_episode(
        {
            "patient_id": event["patient_id"],
            "origin": "device",
            "alert_type": thread[1],
            "subject": subject_of(thread),
            "priority": episode.priority,
            "started_at": event["event_time"],
            "raised_at": event["event_time"],
            "escalated_at": episode.escalated_at,
            "cleared_at": episode.cleared_at,
            "cleared_by": episode.cleared_by,
            "extreme_value": None,
            "limit_value": None,
            "margin": None,
            "raising_event_id": event["event_id"],
            "clearing_event_id": episode.clearing_event_id,
            **episode.place,
            "alert_code": event["alert_code"],
            "alert_text": event["alert_text"],
            "policy_version": version,
        }
    )
