"""Broken messages: for each reason of quarantine, how a good payload becomes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Final

from vitalake.sources.simulator.settings import BROKEN_YEAR

Break = Callable[[bytes], bytes]


def _without(key: str, payload: bytes) -> bytes:
    return payload.replace(f'"{key}"'.encode(), f'"{key}_"'.encode())


def _with(key: str, value: object, payload: bytes) -> bytes:
    return json.dumps(json.loads(payload) | {key: value}).encode()


def _local_time(payload: bytes) -> bytes:
    event = json.loads(payload)
    return json.dumps(event | {"event_time": event["event_time"][:19]}).encode()


def _only_names(payload: bytes) -> bytes:
    event = json.loads(payload)
    return json.dumps(
        {key: event[key] for key in ("event_id", "patient_id", "event_time")} | {"status": "ok"}
    ).encode()


BREAKS: Final[dict[str, Break]] = {
    "not_utf8": lambda payload: payload[:-1] + ',"note":"38 °C"}'.encode("latin-1"),
    "not_json": lambda payload: payload[: len(payload) * 2 // 3],
    "not_object": lambda payload: b"[" + payload + b"]",
    "missing_event_id": partial(_without, "event_id"),
    "missing_patient_id": partial(_without, "patient_id"),
    "missing_event_time": partial(_without, "event_time"),
    "bad_event_id": partial(_with, "event_id", ""),
    "bad_patient_id": partial(_with, "patient_id", 4711),
    "bad_event_time": _local_time,
    "future_event_time": partial(_with, "event_time", f"{BROKEN_YEAR}-12-31T23:59:59Z"),
    "nothing_measured": _only_names,
}
"""How to break a message, by the reason for which it then goes to quarantine."""
