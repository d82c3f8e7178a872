"""How the embedded engine reads a Delta table: DuckDB over the files that the log names."""

from __future__ import annotations

from typing import Final

from vitalake.domain.tables import Column, Table
from vitalake.engines.embedded.log import DeltaFolder

SQL_TYPES: Final[dict[str, str]] = {
    "string": "varchar",
    "binary": "blob",
    "int": "integer",
    "bigint": "bigint",
    "double": "double",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "date": "date",
    "strings": "varchar[]",
    "headers": "struct(key varchar, value blob)[]",
}


def quoted(text: str) -> str:
    """Yield an SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def select_rows(folder: DeltaFolder, where: str = "true", *, version: int | None = None) -> str:
    """Yield the SELECT of a table's rows, each column in its declared type; no rows where there is no table."""
    files = folder.files(version)
    table = folder.table
    if not files:
        columns = ", ".join(f'cast(null as {SQL_TYPES[c.type]}) as "{c.name}"' for c in table.columns)
        return f"select {columns} where false"
    columns = ", ".join(f'cast("{c.name}" as {SQL_TYPES[c.type]}) as "{c.name}"' for c in table.columns)
    return f"select {columns} from {parquet(table, files)} where {where}"


def parquet(table: Table, files: list[str], *, filename: bool = False) -> str:
    """Yield the table function that reads the files, partition columns from their folders."""
    listed = ", ".join(quoted(path) for path in files)
    options = "hive_partitioning=false"
    if table.partition_by:
        types = ", ".join(
            f"'{c.name}': {SQL_TYPES[c.type]}" for c in table.columns if c.name in table.partition_by
        )
        options = f"hive_partitioning=true, hive_types={{{types}}}"
    if filename:
        options += ", filename=true"
    return f"read_parquet([{listed}], {options})"


def declared(column: Column) -> str:
    """Yield the expression of a column in its declared type."""
    return f'cast("{column.name}" as {SQL_TYPES[column.type]}) as "{column.name}"'
