"""Instants on the command line."""

from __future__ import annotations

from datetime import datetime

from vitalake.errors import UserError


def read_instant(text: str) -> datetime:
    """Yield the instant that an RFC 3339 text names.

    >>> read_instant("2026-01-05T00:00:00Z").isoformat()
    '2026-01-05T00:00:00+00:00'
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text} is no time", "Say it like 2026-01-05T00:00:00Z") from None
