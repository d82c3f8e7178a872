"""The one place that reads the clock; everything else is told the time."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Yield the present instant in UTC."""
    return datetime.now(UTC)


def now_ms() -> int:
    """Yield the present instant in milliseconds since 1970, as Delta's log counts."""
    return int(now().timestamp() * 1000)
