"""A lake in a local folder: DuckDB reads and computes, delta-rs keeps the log."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pyarrow as pa
from deltalake.transaction import AddAction
from duckdb import DuckDBPyConnection

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.engines.embedded.faults import told_plainly
from vitalake.engines.embedded.files import write_files
from vitalake.engines.embedded.log import DeltaFolder
from vitalake.engines.embedded.read import declared, select_rows
from vitalake.engines.embedded.replace import replace_rows
from vitalake.engines.embedded.session import connect
from vitalake.engines.engine import Refiner
from vitalake.engines.folder import OURS, hold_stage, require_room
from vitalake.silver.tables import LAKE_BATCHES
from vitalake.silver.watermark import Watermark


class EmbeddedLake:
    """The embedded engine on one folder (implements :class:`vitalake.engines.engine.Engine`)."""

    name = "embedded"

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._folders: dict[str, DeltaFolder] = {}
        self._pins: Mapping[str, int] = {}
        self._last_batch = 0
        self._committed: dict[str, int] = {}

    @cached_property
    def duckdb(self) -> DuckDBPyConnection:
        """What computes; not begun where only the log is read."""
        return connect()

    def folder(self, table: Table) -> DeltaFolder:
        """Yield the Delta table's folder, its log kept open."""
        return self._folders.setdefault(table.name, DeltaFolder(self.path, table))

    def exists(self, table: Table) -> bool:
        """Tell whether the table is in the lake."""
        return self.folder(table).open() is not None

    @contextmanager
    def lock(self, stage: str) -> Iterator[None]:
        """Hold a stage of the lake, as long as this process lives at most."""
        with hold_stage(self.path, stage):
            self._committed.clear()  # another process may have had the stage
            for folder in self._folders.values():
                folder.doubt()
            yield

    def require_room(self) -> None:
        """Raise a UserError where a new lake has no room: its folder holds other things."""
        require_room(self.path, begun=not self.exists(LAKE_BATCHES))

    def create(self, table: Table, properties: Mapping[str, str]) -> None:
        """Create the empty table with Delta properties, unless it is there."""
        self.folder(table).create(properties)

    def properties(self, table: Table) -> Mapping[str, str]:
        """Yield the table's Delta properties; none where there is no table."""
        delta = self.folder(table).open()
        return {} if delta is None else dict(delta.metadata().configuration)

    def set_properties(self, table: Table, properties: Mapping[str, str]) -> None:
        """Set Delta properties of a table."""
        delta = self.folder(table).open() or self.folder(table).create()
        with told_plainly(f"Can't write {self.folder(table).path}"):
            delta.alter.set_table_properties(dict(properties), raise_if_not_exists=False)

    def beside(self, name: str) -> EmbeddedLake:
        """Yield a second lake that belongs to this one: its own tables, the same Bronze."""
        lake = EmbeddedLake(self.path / OURS / name)
        lake._folders[BRONZE_EVENTS.name] = self.folder(BRONZE_EVENTS)
        return lake

    def discard(self) -> None:
        """Delete the lake; only of one that is beside another."""
        with told_plainly(f"Can't delete {self.path}"):
            shutil.rmtree(self.path)
        self._folders = {
            name: folder for name, folder in self._folders.items() if folder.path.parent != self.path
        }  # Bronze is another lake's
        self._committed.clear()

    def read(self, table: Table) -> pa.Table:
        """Yield all rows of a table."""
        return self.rows(select_rows(self.folder(table))).cast(table.schema)

    def committed(self, table: Table) -> int:
        """Yield the last batch that was appended to the table, 0 for none."""
        if table.name not in self._committed:  # read once: a stage has one writer
            self._committed[table.name] = self.folder(table).transaction(f"vitalake.{table.name}") or 0
        return self._committed[table.name]

    def refiner(self, rules: Rules, *, watermark: Watermark, settled: int) -> Refiner:
        """Start refining from the states settled up to a batch."""
        from vitalake.engines.embedded.refine import EmbeddedRefiner  # noqa: PLC0415 - kernels are slow to import

        return EmbeddedRefiner(self, rules, watermark=watermark, settled=settled)

    def open(self, table: Table, where: str = "true") -> None:
        """Register the temporary view ``table.name`` over its rows that satisfy ``where``."""
        version = self._pins.get(table.name)
        if version is not None and "batch" in table.names:
            where = f"({where}) and batch <= {self._last_batch}"
        self.view(table.name, select_rows(self.folder(table), where, version=version))

    @contextmanager
    def pinned(self, versions: Mapping[str, int], batch: int) -> Iterator[None]:
        """Let ``open`` show the tables named as of a version, and batches up to one, while the block runs."""
        self._pins, self._last_batch = versions, batch
        try:
            yield
        finally:
            self._pins = {}

    def view(self, name: str, select: str) -> None:
        """Register a temporary view."""
        self._drop(name)
        with told_plainly(f"Can't read {self.path}"):
            self.duckdb.execute(f'create temp view "{name}" as {select}')

    def materialise(self, name: str, select: str) -> None:
        """Compute ``select`` once and register its rows as ``name``."""
        rows = self.rows(select)
        self.register(name, rows)

    def register(self, name: str, rows: pa.Table) -> None:
        """Register rows in memory as the view ``name``."""
        self._drop(name)
        self.duckdb.register(name, rows)

    def _drop(self, name: str) -> None:
        self.duckdb.unregister(name)
        self.duckdb.execute(f'drop view if exists temp."{name}"')

    def rows(self, select: str) -> pa.Table:
        """Yield what ``select`` returns."""
        with told_plainly(f"Can't read {self.path}"):
            return self.duckdb.sql(select).to_arrow_table()

    def append(self, table: Table, rows: pa.Table, batch: int) -> None:
        """Append rows in one commit, once a batch (a repeated batch is skipped)."""
        if self.committed(table) < batch:
            self.commit(table, self.write(table, rows), batch)

    def write(self, table: Table, rows: pa.Table) -> list[AddAction]:
        """Write rows as files, which are no part of the table before they are committed."""
        folder = self.folder(table)
        with told_plainly(f"Can't write {folder.path}"):
            return write_files(folder.path, table, rows.select(table.names))

    def commit(self, table: Table, files: list[AddAction], batch: int) -> None:
        """Append files in one commit, as a batch that is not in the table yet."""
        self.folder(table).commit(files, app=f"vitalake.{table.name}", version=batch)
        self._committed[table.name] = batch

    def log(self, table: Table, rows: pa.Table) -> None:
        """Append rows in one commit, every time."""
        self.folder(table).commit(self.write(table, rows))

    def replace(self, table: Table, rows: str, touched: str, batch: int) -> None:
        """Delete the rows whose columns equal a row of ``touched``, insert ``rows``: one commit over the files hit."""
        replace_rows(self, table, rows, touched, batch)

    def overwrite(self, table: Table, rows: str, batch: int) -> None:
        """Replace the whole table by the view ``rows`` in one commit."""
        folder = self.folder(table)
        columns = ", ".join(declared(column) for column in table.columns)
        order = ", ".join(f'"{name}"' for name in table.key)
        written = self.rows(f'select {columns} from "{rows}" order by {order}').cast(table.schema)
        removes = [folder.relative(path) for path in folder.files()]
        if not written.num_rows and not removes:
            return
        with told_plainly(f"Can't write {folder.path}"):
            adds = write_files(folder.path, table, written)
        folder.commit(adds, removes, app=f"vitalake.{table.name}.replace", version=batch)

    def version(self, table: Table) -> int | None:
        """Yield the table's Delta version, None if there is no such table."""
        if table.name in self._pins:
            return self._pins[table.name]
        return self.folder(table).version
