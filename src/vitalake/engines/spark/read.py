"""How the Spark engine reads: tables as SELECTs of declared types, and the SQL that both engines share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from vitalake.domain.tables import Column, Table

SQL_TYPES: Final[dict[str, str]] = {
    "strings": "array<string>",
    "headers": "array<struct<key: string, value: binary>>",
}
"""Spark's own names of the types that are not called as in the definitions."""

_IDENTIFIER: Final = re.compile(r'"(\w+)"')


def sql_type(column: Column) -> str:
    """Yield a column's type as Spark's SQL calls it."""
    return SQL_TYPES.get(column.type, column.type)


def translate(sql: str) -> str:
    """Yield SQL with identifiers in Spark's quotes.

    >>> translate('select max("offset") from t')
    'select max(`offset`) from t'
    """
    return _IDENTIFIER.sub(r"`\1`", sql)


def select_rows(relation: str, table: Table, where: str = "true") -> str:
    """Yield the SELECT of a table's rows, each column in its declared type."""
    return f"select {declared(table.columns)} from {relation} where {where}"


def select_nothing(table: Table) -> str:
    """Yield the SELECT of no rows with the table's columns."""
    return f"select {nulls(table.columns)} where false"


def nulls(columns: Iterable[Column]) -> str:
    """Yield the columns with nothing in them."""
    return ", ".join(f"cast(null as {sql_type(column)}) as `{column.name}`" for column in columns)


def declared(columns: Iterable[Column]) -> str:
    """Yield the columns in their declared types."""
    return ", ".join(f"cast(`{column.name}` as {sql_type(column)}) as `{column.name}`" for column in columns)


def names(columns: Iterable[Column], of: str = "") -> str:
    """Yield the names of columns, of one relation."""
    prefix = f"{of}." if of else ""
    return ", ".join(f"{prefix}`{column.name}`" for column in columns)


def ddl(columns: Iterable[Column]) -> str:
    """Yield a schema in which every column may be null."""
    return ", ".join(f"`{column.name}` {sql_type(column)}" for column in columns)


def struct_type(columns: Iterable[Column]) -> str:
    """Yield the type of a struct with these columns."""
    return f"struct<{', '.join(f'`{column.name}`: {sql_type(column)}' for column in columns)}>"
