"""Payloads that are meant to hurt: endless, deep, huge, and the files of a JSON test suite."""

from __future__ import annotations

from pathlib import Path

GOOD = b'{"event_id":"e","patient_id":"p","event_time":"2026-05-01T00:00:00Z","spo2":97}'
"""An event to stand between them."""

EXTREME: tuple[bytes, ...] = (
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"\0" * 1000,
    b"\xff" * 1000,
    b"9" * 1_000_000,
    b'"' + b"\\" * 100_001,
    b'{"event_id":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b"{" + b'"a":1,' * 100_000 + b'"a":1}',
    '{"event_id":"\ufffe\U0010ffff"}'.encode(),
)
"""None of them is an event."""


def huge_event(digit: str) -> bytes:
    """Yield an event whose numbers and texts go on for a million digits."""
    fraction = digit * 1_000_000
    fields = (
        f'"spo2":97.{fraction},"heart_rate":"{fraction}x","pulse_rate":"70.{fraction}","ward":"{fraction}",'
        f'"alert":{{"code":"x","text":"{fraction}"}},"padding":"{fraction}"'
    )
    return GOOD.replace(b'"spo2":97', fields.encode())


def json_test_suite(shared_data: Path) -> list[Path]:
    """Yield the suite's files: y_ is JSON, n_ is none, i_ is as a parser likes."""
    return sorted((shared_data / "jsontestsuite" / "test_parsing").glob("*.json"))
