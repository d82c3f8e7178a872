"""A lake in memory: what the curate stage asks of an engine, over Arrow tables and one DuckDB session."""

from collections.abc import Mapping

import pyarrow as pa

from vitalake.domain.tables import Table
from vitalake.engines.embedded.session import connect


class MemoryLake:
    """Holds each table as one Arrow table; a commit is an assignment."""

    name = "memory"

    def __init__(self):
        self.tables = {}
        self.commits = []
        self.duckdb = connect()

    def properties(self, _table: Table) -> Mapping[str, str]:
        return {}

    def open(self, table: Table, where: str = "true") -> None:
        self.register("opened", self.tables.get(table.name, table.schema.empty_table()))
        # A view would be re-read after `opened` has moved on.
        rows = self.rows(f"select * from opened where {where}").cast(table.schema)
        self.register(table.name, rows)

    def view(self, name: str, select: str) -> None:
        self._drop(name)
        self.duckdb.execute(f'create temp view "{name}" as {select}')

    def materialise(self, name: str, select: str) -> None:
        self.register(name, self.rows(select))

    def register(self, name: str, rows: pa.Table) -> None:
        self._drop(name)
        self.duckdb.register(name, rows)

    def _drop(self, name: str) -> None:
        self.duckdb.unregister(name)
        self.duckdb.execute(f'drop view if exists temp."{name}"')

    def rows(self, select: str) -> pa.Table:
        return self.duckdb.sql(select).to_arrow_table()

    def log(self, table: Table, rows: pa.Table) -> None:
        self._put(table, pa.concat_tables([self.tables.get(table.name, table.schema.empty_table()), rows]))

    def replace(self, table: Table, rows: str, touched: str, _batch: int) -> None:
        keys = self.duckdb.sql(f"select * from {touched} limit 0").columns
        on = " and ".join(f"stored.{key} = touched.{key}" for key in keys)
        self.register("before", self.tables.get(table.name, table.schema.empty_table()))
        names = ", ".join(table.names)
        kept = f"select stored.* from before as stored anti join {touched} as touched on {on}"
        self._put(table, self.rows(f"select {names} from ({kept}) union all select {names} from {rows}"))

    def overwrite(self, table: Table, rows: str, _batch: int) -> None:
        self._put(table, self.rows(f"select {', '.join(table.names)} from {rows}"))

    def version(self, table: Table) -> int | None:
        return self.commits.count(table.name) - 1 if table.name in self.tables else None

    def _put(self, table: Table, rows: pa.Table) -> None:
        self.tables[table.name] = rows.cast(table.schema)
        self.commits.append(table.name)

    def content(self, table: Table) -> list[dict]:
        """Yield a Gold table's rows in key order, without what differs from run to run."""
        rows = self.tables.get(table.name, table.schema.empty_table()).drop_columns(["updated_at", "batch"])
        return rows.sort_by([(key, "ascending") for key in table.key]).to_pylist()
