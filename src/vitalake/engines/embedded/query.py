"""What a user asks of a lake in SQL: the tables as views, reading only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import duckdb
import pyarrow as pa

from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import UserError

_QUOTES_NO_ROW: Final[Mapping[type[duckdb.Error], str]] = {
    duckdb.ParserException: "Give one SELECT",
    duckdb.BinderException: "'describe TABLE' lists a table's columns",
    duckdb.CatalogException: "'show tables' lists the tables",
    duckdb.IOException: "Mend that and ask again",
    duckdb.OutOfMemoryException: "Ask for less at a time",
}
"""Errors about the query's own text, or the machine, and what to do."""


def query_tables(
    lake: EmbeddedLake, tables: Iterable[Table], query: str, views: Mapping[str, str] | None = None
) -> pa.Table:
    """Yield what one SELECT (or SHOW, DESCRIBE) returns; a UserError where it can't run or is none.

    ``views`` are SELECTs over the tables by their names.
    """
    for table in tables:
        lake.open(table)
    for name, select in (views or {}).items():
        lake.view(name, select)
    text = query.strip().rstrip(";")
    try:
        if len(lake.duckdb.extract_statements(text)) != 1:
            raise UserError("The query can't run: it is not one statement", "Give one SELECT")
        # As a subquery, which no bracket of its own can end, it only reads; the line break ends a comment at its end.
        return lake.duckdb.sql(f"select * from (\n{text}\n)").to_arrow_table()
    except tuple(_QUOTES_NO_ROW) as error:
        first, *_ = str(error).split("\n\n")
        hint = next(hint for kind, hint in _QUOTES_NO_ROW.items() if isinstance(error, kind))
        raise UserError(f"The query can't run: {' '.join(first.split())}", hint) from None
    except duckdb.Error as error:
        kind, *_ = str(error).split(":")
        message = f"The query can't run: {kind}; the rest is not shown, for it may quote a patient's data"
        raise UserError(message, "Correct the query") from None
