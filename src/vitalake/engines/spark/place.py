"""Where a lake's tables are: folders of one folder, or tables of a catalog's schema."""

from __future__ import annotations

import shutil
import uuid
import weakref
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.tables import Table
from vitalake.engines.folder import OURS, hold_stage, require_room

CHECKPOINTS: Final = "vitalake_checkpoints"
"""The volume of a schema's lake in which streams keep how far they are."""

_STAGING: Final = "vitalake_staging"

_ABSENT: Final = frozenset(
    {"DELTA_MISSING_DELTA_TABLE", "DELTA_TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND"}
)
"""How Spark says that there is no such table."""


class Place(Protocol):
    """What differs between a folder and a schema."""

    def name(self, table: Table) -> str:
        """Yield the table as SQL names it."""

    def exists(self, spark: SparkSession, table: Table) -> bool:
        """Tell whether the table is there."""

    def version(self, spark: SparkSession, table: Table) -> int:
        """Yield the Delta version of a table that is there."""

    def save(self, writer: DataFrameWriter, table: Table) -> None:
        """Write to the table, in one commit."""

    def stage(self, rows: DataFrame, name: str) -> DataFrame:
        """Compute rows once; yield them as stored, in the place of the last ones of that name."""

    def lock(self, stage: str) -> AbstractContextManager[None]:
        """Hold a stage of the lake."""

    def require_room(self, *, begun: bool) -> None:
        """Raise a UserError where a new lake, unless it was ``begun`` there, has no room."""

    def workroom(self, spark: SparkSession, stage: str) -> AbstractContextManager[None]:
        """Give a stage that is held room for what it computes on the way; leave nothing, nor what a crash left."""

    def checkpoints(self, spark: SparkSession) -> str:
        """Yield the folder for the checkpoints of streams."""

    def beside(self, name: str) -> Place:
        """Yield a place that belongs to this one: its own tables, the same Bronze."""

    def discard(self, spark: SparkSession, tables: Iterable[str]) -> None:
        """Delete tables, all that this place has; only of one that is beside another."""


class Folder:
    """Tables are folders; what is computed on the way lies as Parquet below ``.vitalake``."""

    def __init__(self, path: Path, bronze: Path | None = None) -> None:
        self.path = path.resolve()
        self._bronze = bronze or self.path
        self._rooms = self.path / OURS / "staging"
        self._room = self._own = self._rooms / str(uuid.uuid4())
        self._staged: dict[str, Path] = {}
        self._clear = weakref.finalize(self, shutil.rmtree, self._own, ignore_errors=True)

    def __str__(self) -> str:
        """The folder."""
        return str(self.path)

    def name(self, table: Table) -> str:
        """Yield the table as SQL names it."""
        return f"delta.{_quoted(self._folder(table))}"

    def save(self, writer: DataFrameWriter, table: Table) -> None:
        """Write to the table, in one commit."""
        writer.save(str(self._folder(table)))

    def exists(self, spark: SparkSession, table: Table) -> bool:  # noqa: ARG002 - the folder tells
        """Tell whether the table has a log."""
        return any(self._entries(table))

    def version(self, spark: SparkSession, table: Table) -> int:  # noqa: ARG002 - the folder tells
        """Yield the number of the log's last entry: to ask Spark takes a job."""
        return max(map(int, self._entries(table)))

    def _entries(self, table: Table) -> Iterator[str]:
        """Yield the number of each entry of the table's log."""
        return (entry.stem for entry in self._folder(table).glob("_delta_log/*.json") if entry.stem.isdigit())

    def _folder(self, table: Table) -> Path:
        return (self._bronze if table == BRONZE_EVENTS else self.path) / table.name

    def stage(self, rows: DataFrame, name: str) -> DataFrame:
        """Compute rows once; yield them as stored."""
        path = self._room / f"{name}-{uuid.uuid4()}"
        rows.write.parquet(str(path))
        # With its schema, for to find that out takes a job each time the rows are read.
        stored = rows.sparkSession.read.schema(rows.schema).parquet(str(path))
        before = self._staged.get(name)
        self._staged[name] = path
        if before is not None:
            shutil.rmtree(before, ignore_errors=True)
        return stored

    def lock(self, stage: str) -> AbstractContextManager[None]:
        """Hold a stage of the lake, as long as this process lives at most."""
        return hold_stage(self.path, stage)

    def require_room(self, *, begun: bool) -> None:
        """Raise a UserError where the folder holds other things."""
        require_room(self.path, begun=begun)

    @contextmanager
    def workroom(self, spark: SparkSession, stage: str) -> Iterator[None]:  # noqa: ARG002 - files need none
        """Use a folder of the stage's own, empty before and after."""
        if self._room != self._own:  # a stage that is held beside another shares its room
            yield
            return
        self._room = self._rooms / stage
        shutil.rmtree(self._room, ignore_errors=True)
        try:
            yield
        finally:
            shutil.rmtree(self._room, ignore_errors=True)
            self._room = self._own

    def checkpoints(self, spark: SparkSession) -> str:  # noqa: ARG002 - the folder is there
        """Yield a folder below ``.vitalake``."""
        return str(self.path / OURS / "checkpoints")

    def beside(self, name: str) -> Folder:
        """Yield a place below ``.vitalake``: its own tables, the same Bronze."""
        return Folder(self.path / OURS / name, self._bronze)

    def discard(self, spark: SparkSession, tables: Iterable[str]) -> None:  # noqa: ARG002 - the folder is all
        """Delete the folder."""
        shutil.rmtree(self.path)


class Schema:
    """Tables of a catalog's schema (``catalog.schema``), as on Databricks."""

    def __init__(self, schema: str, prefix: str = "") -> None:
        self.schema = schema
        self._prefix = prefix
        self._room = ""
        self._staged: dict[str, str] = {}

    def __str__(self) -> str:
        """The schema."""
        return self.schema

    def name(self, table: Table) -> str:
        """Yield the table as SQL names it."""
        return self._name(table.name if table == BRONZE_EVENTS else self._prefix + table.name)

    def exists(self, spark: SparkSession, table: Table) -> bool:
        """Tell whether Spark knows the table; not by Delta's details, which cost a job."""
        try:
            spark.sql(f"show tblproperties {self.name(table)}").collect()
        except AnalysisException as error:
            if error.getCondition() in _ABSENT:
                return False
            raise
        return True

    def version(self, spark: SparkSession, table: Table) -> int:
        """Yield the version that Delta's history says is the last one."""
        (row,) = spark.sql(f"describe history {self.name(table)} limit 1").collect()
        return int(row["version"])

    def save(self, writer: DataFrameWriter, table: Table) -> None:
        """Write to the table, in one commit."""
        writer.saveAsTable(self.name(table))

    def stage(self, rows: DataFrame, name: str) -> DataFrame:
        """Compute rows once; yield them as stored."""
        kept = self._name(f"{_STAGING}_{self._room}_{name}_{uuid.uuid4().hex}")
        rows.write.format("delta").saveAsTable(kept)
        before = self._staged.get(name)
        self._staged[name] = kept
        if before is not None:
            rows.sparkSession.sql(f"drop table {before}")
        return rows.sparkSession.table(kept)

    def require_room(self, *, begun: bool) -> None:
        """Do nothing: a schema may hold other tables as well."""

    @contextmanager
    def lock(self, stage: str) -> Iterator[None]:  # noqa: ARG002 - nothing to hold
        """Do nothing: a job runs once at a time, and Delta refuses the second commit of a batch."""
        yield

    @contextmanager
    def workroom(self, spark: SparkSession, stage: str) -> Iterator[None]:
        """Use tables of the stage's own, none before and after."""
        if self._room:
            yield
            return
        self._room = stage
        self._drop_staged(spark)
        try:
            yield
        finally:
            self._drop_staged(spark)
            self._room = ""

    def _drop_staged(self, spark: SparkSession) -> None:
        listed = f"show tables in {self._name()} like '{_STAGING}_{self._room}_*'"
        for row in spark.sql(listed).collect():
            spark.sql(f"drop table {self._name(row.tableName)}")
        self._staged.clear()

    def checkpoints(self, spark: SparkSession) -> str:
        """Yield a volume of the schema, made where it is not there (Unity Catalog)."""
        spark.sql(f"create volume if not exists {self._name(CHECKPOINTS)}")
        return "/".join(("/Volumes", *self.schema.split("."), CHECKPOINTS))

    def beside(self, name: str) -> Schema:
        """Yield the tables of the schema that begin with ``name``, and its Bronze."""
        return Schema(self.schema, f"{name}_")

    def discard(self, spark: SparkSession, tables: Iterable[str]) -> None:
        """Drop the tables."""
        for table in tables:
            spark.sql(f"drop table if exists {self._name(self._prefix + table)}")

    def _name(self, *table: str) -> str:
        return ".".join(f"`{part}`" for part in (*self.schema.split("."), *table))


def _quoted(path: Path) -> str:
    return "`" + str(path).replace("`", "``") + "`"
