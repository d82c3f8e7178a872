"""What a user asks of a lake in SQL: the tables as views, reading only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import duckdb
import pyarrow as pa

from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import UserError

_QUOTES_NO_ROW: Final = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
)
"""Errors about the query's own text, or the machine."""


def query_tables(lake: EmbeddedLake, tables: Iterable[Table], query: str) -> pa.Table:
    """Yield what one SELECT (or SHOW, DESCRIBE) returns; a UserError where it can't run or is none."""
    for table in tables:
        lake.open(table)
    text = query.strip().rstrip(";")
    try:
        # As a subquery it can only read; the line break ends a comment at its end.
        return lake.duckdb.sql(f"select * from (\n{text}\n)").to_arrow_table()
    except _QUOTES_NO_ROW as error:
        first, *_ = str(error).split("\n\n")
        raise UserError(f"The query can't run: {' '.join(first.split())}", "Give one SELECT") from None
    except duckdb.Error as error:
        kind, *_ = str(error).split(":")
        message = f"The query can't run: {kind}; the rest is not shown, for it may quote a patient's data"
        raise UserError(message, "Correct the query") from None
