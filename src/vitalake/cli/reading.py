"""Rows of a lake as Python values."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pyarrow as pa

from vitalake.engines.engine import Engine

_NAIVE = pa.timestamp("us")


def read_rows(engine: Engine, select: str) -> list[dict[str, Any]]:
    """Yield the rows that a SELECT returns, instants in UTC."""
    return to_rows(engine.rows(select))


def to_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Yield the table's rows, instants in UTC.

    Arrow would import pandas to convert instants with a zone, which costs a command half a second.
    """
    instants = [field.name for field in table.schema if pa.types.is_timestamp(field.type) and field.type.tz]
    naive = pa.schema([pa.field(f.name, _NAIVE) if f.name in instants else f for f in table.schema])
    rows: list[dict[str, Any]] = table.cast(naive).to_pylist()
    for row in rows:
        row.update({name: row[name].replace(tzinfo=UTC) for name in instants if row[name] is not None})
    return rows
