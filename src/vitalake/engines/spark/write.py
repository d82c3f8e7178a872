"""How the Spark engine writes: statements of creation and of one-commit replacement, and errors told plainly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException

from vitalake.domain.tables import Column, Table
from vitalake.engines.disk import code_in, error_of
from vitalake.engines.spark.read import declared, names, sql_type
from vitalake.errors import LakeError, SourceAway, Unavailable, UserError, VitalakeError

_PROPERTIES: Final = {"delta.enableDeletionVectors": "false"}  # the embedded engine reads the tables too

_AGAIN: Final = "Run the command again; VITALAKE_DEBUG=1 shows all of the error"

_MISTAKE: Final = re.compile(
    r"^vitalake\.(?:errors\.UserError|sources\.splitter\.\w+): (?P<told>.+)$", re.MULTILINE
)
"""Where the text of a Spark error ends the traceback of a worker that found a source wrong."""

_SILENT: Final = re.compile(r"\borg\.apache\.kafka\.common\.errors\.TimeoutException\b")
"""How a Spark error says that no broker answered in time."""

_STATISTICS: Final = ("patient_id", "event_time", "hour", "batch", "updated_batch", "seq")
"""Columns whose range goes to the log, so that readers skip files; Delta's own choice is the first 32."""


@contextmanager
def told_plainly(what: str) -> Iterator[None]:
    """Turn what Spark raises into one of our errors, without its text: it may quote data.

    What a worker of ours found wrong with a source is told in its own words.
    """
    try:
        yield
    except (PySparkException, Py4JError, ConnectionError) as error:
        raise _plain(what, error) from error


def _plain(what: str, error: PySparkException | Py4JError | ConnectionError) -> VitalakeError:
    """Yield the error by what Spark says of it, if Spark is still there to be asked."""
    try:
        if not isinstance(error, Py4JNetworkError | ConnectionError):
            return _as_said(what, error)
    except (Py4JError, ConnectionError):  # asked for its words, it is gone too
        pass
    return Unavailable(f"{what}: Spark's process has ended", "Is there enough memory? Run again to go on")


def _as_said(what: str, error: PySparkException | Py4JError) -> VitalakeError:
    words = _words(error)
    if mistake := _MISTAKE.search(words):
        return UserError(mistake["told"])
    if _SILENT.search(words):
        hint = "Is the address right, the broker running, and its security that of the options?"
        return SourceAway(f"{what}: Kafka does not answer", hint)
    return error_of(what, code_in(words)) or LakeError(f"{what} ({_named(error)})", _AGAIN)


def _named(error: PySparkException | Py4JError) -> str:
    """Yield what Spark calls the error, else the class of what caused it."""
    if isinstance(error, PySparkException):
        return error.getCondition() or type(error).__name__
    *_, cause = [None, *_causes(error)]
    return type(error).__name__ if cause is None else str(cause.getClass().getSimpleName())


def _words(error: PySparkException | Py4JError) -> str:
    """Yield all that Spark says of the error and of what caused it."""
    return "\n".join([str(error), *(str(cause.getMessage()) for cause in _causes(error))])


def _causes(error: PySparkException | Py4JError) -> Iterator[Any]:
    """Yield the JVM's error and what caused it, the first cause last; nothing where the JVM is a server's."""
    cause = getattr(error, "java_exception" if isinstance(error, Py4JJavaError) else "_origin", None)
    while cause is not None:
        yield cause
        cause = cause.getCause()


def create_statement(relation: str, table: Table, properties: Mapping[str, str]) -> str:
    """Yield the statement that creates the empty table, with descriptions, unless it is there."""
    columns = ", ".join(_column(column) for column in table.columns)
    parts = f" partitioned by ({', '.join(table.partition_by)})" if table.partition_by else ""
    skipped_by = ",".join(name for name in table.names if name in _STATISTICS)
    known = {**_PROPERTIES, "delta.dataSkippingStatsColumns": skipped_by, **properties}
    listed = ", ".join(f"{literal(name)} = {literal(value)}" for name, value in known.items() if value)
    return (
        f"create table if not exists {relation} ({columns}) using delta{parts}"
        f" comment {literal(f'One row a {table.grain}')} tblproperties ({listed})"
    )


def merge_statement(
    relation: str, table: Table, rows: str, *, touched: str, on: Sequence[str], dates: Sequence[str]
) -> str:
    """Yield the one statement that deletes what equals a row of ``touched`` and inserts ``rows``.

    ``on`` are the columns of ``touched``.  Where the partition is among them, only the partitions ``dates`` are read.
    """
    key = [*table.key, *(name for name in table.partition_by if name in on)]
    stale = (
        f"select {names(table.columns)}, true as is_gone from {relation} as stored"
        f" left semi join `{touched}` as touched on {_same('stored', 'touched', on)}"
        f" left anti join `{rows}` as fresh on {_same('stored', 'fresh', key)}"
        f" where {_within('stored', table, dates)}"
    )
    assigned = ", ".join(f"target.`{name}` = source.`{name}`" for name in table.names)
    return (
        f"merge into {relation} as target"
        f" using (select {declared(table.columns)}, false as is_gone from `{rows}` union all {stale}) as source"
        f" on {_same('target', 'source', key)} and {_within('target', table, dates)}"
        " when matched and source.is_gone then delete"
        f" when matched then update set {assigned}"
        f" when not matched and not source.is_gone then insert ({names(table.columns)})"
        f" values ({names(table.columns, 'source')})"
    )


def _same(left: str, right: str, columns: Sequence[str]) -> str:
    return " and ".join(f"{left}.`{name}` = {right}.`{name}`" for name in columns)


def _within(relation: str, table: Table, dates: Sequence[str]) -> str:
    return f"{relation}.`{table.partition_by[0]}` in ({', '.join(dates)})" if dates else "true"


def _column(column: Column) -> str:
    comment = (column.arrow.metadata or {}).get(b"comment", b"").decode()
    required = " not null" if column.required else ""
    return f"`{column.name}` {sql_type(column)}{required} comment {literal(comment)}"


def literal(text: str) -> str:
    """Yield an SQL text literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
