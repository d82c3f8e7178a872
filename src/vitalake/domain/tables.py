"""What a table of the lake is: its columns, key and partitioning, defined once.

Arrow schemas, Delta schemas with comments, the docs' tables and the checks are all made from these definitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

ColumnType = Literal[
    "string", "binary", "int", "bigint", "double", "boolean", "timestamp", "date", "strings", "headers"
]

_ARROW: dict[str, pa.DataType] = {
    "string": pa.string(),
    "binary": pa.binary(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "strings": pa.list_(pa.string()),
    "headers": pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())])),
}


@dataclass(frozen=True)
class Column:
    """One column: its name, type (a SQL type both engines know), meaning and UCUM unit."""

    name: str
    type: ColumnType
    doc: str
    unit: str | None = None
    required: bool = False

    @property
    def arrow(self) -> pa.Field[pa.DataType]:
        """The Arrow field, its description in the metadata key ``comment`` (Delta's own place for it)."""
        text = f"{self.doc} [{self.unit}]" if self.unit else self.doc
        return pa.field(self.name, _ARROW[self.type], nullable=not self.required, metadata={"comment": text})


@dataclass(frozen=True)
class Table:
    """One Delta table: ``grain`` says what a row is, ``key`` which columns name it."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = field(default=())

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema in column order."""
        return pa.schema([column.arrow for column in self.columns])

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(column.name for column in self.columns)
