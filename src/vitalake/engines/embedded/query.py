"""What a user asks of a lake in SQL: the tables as views, reading only."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa

from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import UserError


def query_tables(lake: EmbeddedLake, tables: Iterable[Table], query: str) -> pa.Table:
    """Yield what one SELECT (or SHOW, DESCRIBE) returns; a UserError where it can't run or is none."""
    for table in tables:
        lake.open(table)
    text = query.strip().rstrip(";")
    try:
        # As a subquery it can only read; the line break ends a comment at its end.
        return lake.duckdb.sql(f"select * from (\n{text}\n)").to_arrow_table()
    except duckdb.Error as error:
        first, *_ = str(error).split("\n\n")
        raise UserError(f"The query can't run: {' '.join(first.split())}", "Give one SELECT") from None
