"""A lake on Spark and Delta: SQL and DataFrames only, so that a session through Spark Connect does as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self
from weakref import WeakKeyDictionary

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.utils import is_remote

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.engines.engine import Refiner
from vitalake.engines.spark.place import Folder, Place, Schema
from vitalake.engines.spark.read import declared, select_nothing, select_rows, translate
from vitalake.engines.spark.session import open_session, prepare
from vitalake.engines.spark.write import create_statement, literal, merge_statement, told_plainly
from vitalake.errors import UserError
from vitalake.silver.tables import LAKE_BATCHES
from vitalake.silver.watermark import Watermark

_MANY: Final = 1000
"""More partitions than this are not named one by one."""

_OFFSETS: Final = pa.schema([("source", pa.string()), ("partition", pa.int32()), ("next", pa.int64())])
_VIEWS: Final[WeakKeyDictionary[SparkSession, dict[str, str]]] = WeakKeyDictionary()
"""The temporary views of each session: lakes that share one share its views."""


class SparkLake:
    """The scale-out engine on one folder or schema (implements :class:`vitalake.engines.engine.Engine`).

    A batch's appends carry Delta's application transaction, so Spark itself skips a repeated one.
    """

    name = "spark"

    def __init__(self, spark: SparkSession, place: Place) -> None:
        self.spark = prepare(spark)
        self.place = place
        self._there: set[str] = set()
        self._pins: Mapping[str, int] = {}
        self._last_batch = 0
        self._views = _VIEWS.setdefault(spark, {})

    @classmethod
    def in_folder(cls, path: Path, spark: SparkSession | None = None) -> Self:
        """Yield the lake in a folder, on a session of this machine unless one is given."""
        return cls(spark or open_session(), Folder(path))

    @classmethod
    def in_schema(cls, schema: str, spark: SparkSession | None = None) -> Self:
        """Yield the lake in a catalog's schema (``catalog.schema``)."""
        return cls(spark or open_session(), Schema(schema))

    @classmethod
    def at(cls, where: str, spark: SparkSession | None = None) -> Self:
        """Yield the lake at a folder (a path with a slash) or in a schema (``catalog.schema``).

        Raises:
            UserError: it is not named.
        """
        if not where.strip():
            raise UserError("No lake is named", "Set the parameter lake to CATALOG.SCHEMA, or to a folder")
        return cls.in_folder(Path(where), spark) if "/" in where else cls.in_schema(where, spark)

    @property
    def own(self) -> bool:
        """Tell whether Spark belongs to this process, and ends with it; not so behind Spark Connect."""
        return not is_remote()

    def require_room(self) -> None:
        """Raise a UserError where a new lake has no room: its folder holds other things."""
        self.place.require_room(begun=not self.exists(LAKE_BATCHES))

    @contextmanager
    def lock(self, stage: str) -> Iterator[None]:
        """Hold a stage of the lake."""
        with self.place.lock(stage), self.place.workroom(self.spark, stage):
            yield

    def exists(self, table: Table) -> bool:
        """Tell whether the table is in the lake."""
        if table.name not in self._there:
            with told_plainly(f"Can't look for {table.name}"):
                if not self.place.exists(self.spark, table):
                    return False
            self._there.add(table.name)
        return True

    def create(self, table: Table, properties: Mapping[str, str]) -> None:
        """Create the empty table with Delta properties, unless it is there."""
        with told_plainly(f"Can't create {table.name}"):
            self.spark.sql(create_statement(self.place.name(table), table, properties))
        self._there.add(table.name)

    def properties(self, table: Table) -> Mapping[str, str]:
        """Yield the table's Delta properties; none where there is no table."""
        if not self.exists(table):
            return {}
        # Not as `show tblproperties` has them: a value that looks like a secret is hidden there.
        (row,) = self.rows(f"describe detail {self.place.name(table)}").to_pylist()
        return dict(row["properties"])

    def set_properties(self, table: Table, properties: Mapping[str, str]) -> None:
        """Set Delta properties of a table."""
        listed = ", ".join(f"{literal(name)} = {literal(value)}" for name, value in properties.items())
        with told_plainly(f"Can't write {table.name}"):
            self.spark.sql(f"alter table {self.place.name(table)} set tblproperties ({listed})")

    def beside(self, name: str) -> SparkLake:
        """Yield a second lake that belongs to this one: its own tables, the same Bronze."""
        return SparkLake(self.spark, self.place.beside(name))

    def discard(self) -> None:
        """Delete the lake; only of one that is beside another."""
        with told_plainly(f"Can't delete {self.place}"):
            self.place.discard(self.spark, self._there - {BRONZE_EVENTS.name})
        self._there.clear()

    def read(self, table: Table) -> pa.Table:
        """Yield all rows of a table."""
        if not self.exists(table):
            return table.schema.empty_table()
        return self.rows(select_rows(self.place.name(table), table)).cast(table.schema)

    def committed(self, table: Table) -> int:
        """Yield the last batch that has rows in the table, 0 for none: Spark shows nobody its transactions."""
        if not self.exists(table):
            return 0
        (row,) = self.rows(f"select max(batch) as batch from {self.place.name(table)}").to_pylist()
        return row["batch"] or 0

    def version(self, table: Table) -> int | None:
        """Yield the table's Delta version, None if there is no such table."""
        if not self.exists(table):
            return None
        if table.name in self._pins:
            return self._pins[table.name]
        with told_plainly(f"Can't read the history of {table.name}"):
            return self.place.version(self.spark, table)

    def refiner(self, rules: Rules, *, watermark: Watermark, settled: int) -> Refiner:
        """Start refining from the states settled up to a batch."""
        from vitalake.engines.spark.refine import SparkRefiner  # noqa: PLC0415 - kernels are slow to import

        return SparkRefiner(self, rules, watermark=watermark, settled=settled)

    def open(self, table: Table, where: str = "true") -> None:
        """Register the temporary view ``table.name`` over its rows that satisfy ``where``."""
        version = self._pins.get(table.name)
        relation = self.place.name(table)
        if version is not None:
            relation = f"{relation} version as of {version}"
            where = f"({where}) and batch <= {self._last_batch}" if "batch" in table.names else where
        self.view(
            table.name, select_rows(relation, table, where) if self.exists(table) else select_nothing(table)
        )

    @contextmanager
    def pinned(self, versions: Mapping[str, int], batch: int) -> Iterator[None]:
        """Let ``open`` show the tables named as of a version, and batches up to one, while the block runs."""
        self._pins, self._last_batch = versions, batch
        try:
            yield
        finally:
            self._pins = {}

    def view(self, name: str, select: str) -> None:
        """Register a temporary view: what it reads is found by name when it is read, so the same one stays."""
        if self._views.get(name) == select:
            return
        with told_plainly(f"Can't define {name}"):
            self.spark.sql(f"create or replace temporary view `{name}` as {translate(select)}")
        self._views[name] = select

    def materialise(self, name: str, select: str) -> None:
        """Compute ``select`` once and register its rows as ``name``."""
        self.stage(name, self.sql(select))

    def stage(self, name: str, rows: DataFrame) -> None:
        """Compute rows once, to a table beside the lake's (nothing is to be cached on serverless)."""
        with told_plainly(f"Can't compute {name}"):
            self._show(name, self.place.stage(rows, name))

    def register(self, name: str, rows: pa.Table) -> None:
        """Register rows in memory as the view ``name``."""
        # Spark Connect sees no columns where there are no rows.
        columns = None if rows.num_rows else from_arrow_schema(rows.schema)
        self._show(name, self.spark.createDataFrame(rows, columns))

    def _show(self, name: str, rows: DataFrame) -> None:
        rows.createOrReplaceTempView(name)
        self._views.pop(name, None)

    def sql(self, select: str) -> DataFrame:
        """Yield what ``select`` returns, not computed yet."""
        with told_plainly("Can't read the lake"):
            return self.spark.sql(translate(select))

    def rows(self, select: str) -> pa.Table:
        """Yield what ``select`` returns."""
        with told_plainly("Can't read the lake"):
            return self.spark.sql(translate(select)).toArrow()

    def append(self, table: Table, rows: pa.Table, batch: int) -> None:
        """Append rows in one commit, once a batch; no rows are no commit."""
        if rows.num_rows:
            self.add(table, self.spark.createDataFrame(rows), batch)

    def log(self, table: Table, rows: pa.Table) -> None:
        """Append rows in one commit, every time."""
        self.add(table, self.spark.createDataFrame(rows))

    def add(self, table: Table, rows: DataFrame, batch: int | None = None) -> None:
        """Append rows in one commit, marked with the batch where there is one."""
        self._create_missing(table)
        writer = rows.select(*table.names).write.format("delta").mode("append")
        if batch is not None:
            writer = writer.option("txnAppId", f"vitalake.{table.name}").option("txnVersion", batch)
        with told_plainly(f"Can't write {table.name}"):
            self.place.save(writer, table)

    def _create_missing(self, table: Table) -> bool:
        """Create the empty table unless it is there; tell whether it was not."""
        missing = not self.exists(table)
        if missing:
            self.create(table, {})
        return missing

    def take(
        self,
        messages: DataFrame,
        known: Mapping[tuple[str, int], int],
        batch: int,
        at: datetime,
        *,
        new_sources: bool = False,
    ) -> None:
        """Commit to Bronze, as one batch, what of a stream's messages lies past the known offsets, or has none.

        The offsets make it once, whatever the stream's checkpoint repeats.  The batch leaves no transaction: an empty
        one would forbid the next.
        """
        offsets = [{"source": s, "partition": p, "next": n} for (s, p), n in known.items()]
        self.register("known_offsets", pa.Table.from_pylist(offsets, schema=_OFFSETS))
        messages.createOrReplaceTempView("streamed")
        stamp = f"timestamp'{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"
        fresh = self.sql(f"""
            select streamed.*, {stamp} as ingest_time, cast({stamp} as date) as ingest_date,
              cast({batch} as bigint) as batch
            from streamed left join known_offsets using (source, partition)
            where next is null {"" if new_sources else "or offset >= next"}
        """)
        self.add(BRONZE_EVENTS, fresh.drop("next"))

    def replace(self, table: Table, rows: str, touched: str, batch: int) -> None:  # noqa: ARG002 - merging again is harmless
        """Delete the rows whose columns equal a row of ``touched``, insert ``rows``: one MERGE."""
        if self._create_missing(table):
            self._overwrite(table, rows)  # as good where there is nothing, and quicker
            return
        on = self.sql(f"select * from `{touched}`").columns
        (part,) = [name for name in table.partition_by if name in on] or ["null"]
        dates = self.rows(f"select distinct {part} as part from `{touched}` limit {_MANY + 1}")["part"]
        if not len(dates):
            return
        listed = [f"date'{date}'" for date in dates.to_pylist()]
        if part == "null" or len(listed) > _MANY:
            listed = []
        statement = merge_statement(self.place.name(table), table, rows, touched=touched, on=on, dates=listed)
        with told_plainly(f"Can't write {table.name}"):
            self.spark.sql(statement)

    def overwrite(self, table: Table, rows: str, batch: int) -> None:  # noqa: ARG002 - writing again is harmless
        """Replace the whole table by the view ``rows`` in one commit."""
        self._create_missing(table)
        self._overwrite(table, rows)

    def _overwrite(self, table: Table, rows: str) -> None:
        fresh = self.sql(f"select {declared(table.columns)} from `{rows}`")
        with told_plainly(f"Can't write {table.name}"):
            self.place.save(fresh.write.format("delta").mode("overwrite"), table)
