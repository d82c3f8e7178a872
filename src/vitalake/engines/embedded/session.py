"""A DuckDB connection that reads the portable SQL of vitalake as Spark does."""

from __future__ import annotations

from typing import Final

import duckdb

_SETTINGS: Final = (
    "set TimeZone = 'UTC'",
    "set default_null_order = 'NULLS_FIRST_ON_ASC_LAST_ON_DESC'",  # Spark's own
    "set enable_progress_bar = false",
)
_MACROS: Final = (
    "create or replace temp macro unix_micros(instant) as epoch_us(instant)",
    "create or replace temp macro timestamp_micros(micros) as make_timestamptz(cast(micros as bigint))",
    "create or replace temp macro explode(list) as unnest(list)",
)
"""Functions that Spark has and DuckDB knows by another name."""


def connect() -> duckdb.DuckDBPyConnection:
    """Yield a fresh in-memory connection: UTC, Spark's order of nulls, the names that both engines share."""
    connection = duckdb.connect(":memory:")
    for statement in (*_SETTINGS, *_MACROS):
        connection.execute(statement)
    return connection
