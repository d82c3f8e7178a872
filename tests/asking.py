"""Questions asked of tables given as plain rows, on the SQL that the embedded engine runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from vitalake.analytics.ask import Answer, answer
from vitalake.analytics.catalogue import question
from vitalake.domain.tables import Table
from vitalake.engines.embedded.session import connect

Rows = Sequence[Mapping[str, Any]]

FILLED = {
    "string": "x",
    "int": 0,
    "bigint": 0,
    "double": 0.0,
    "boolean": False,
    "timestamp": datetime(2026, 1, 5, tzinfo=UTC),
    "date": date(2026, 1, 5),
    "strings": (),
}
"""What stands in a required column of which a test says nothing."""


def asked(number: int, **tables: Rows) -> Answer:
    """Yield the answer to a question where the named tables have these rows, and the others none."""
    wanted = question(number)
    with connect() as connection:
        for table in wanted.reads:
            connection.register(table.name, filled(table, tables.pop(table.name, ())))
        assert not tables, "the question does not read them"
        return answer(lambda select: connection.sql(select).to_arrow_table(), wanted)


def filled(table: Table, rows: Rows) -> pa.Table:
    """Yield a table's rows; required columns that a row lacks hold what FILLED says, others are null."""
    assert all(set(row) <= set(table.names) for row in rows)
    empty = {column.name: FILLED[column.type] if column.required else None for column in table.columns}
    return pa.Table.from_pylist([{**empty, **row} for row in rows], schema=table.schema)
