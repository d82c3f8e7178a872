"""Gold's files read: one ``.sql`` a table, which carries its own description.

Front matter names the table, its grain, its key and its scope (how it is restricted when few keys changed)::

    /*---
    table: gold_patient_hour
    grain: patient and hour with events or seconds in a severity
    key: patient_id, hour
    scope: patient_hour
    ---*/

Each column of the last SELECT ends its own line with a comment, ``-- TYPE: what it means [UNIT]``,
``TYPE!`` where it is never null.  The column's name is the line's last word before the comment.  A line
with ``{vital}`` stands for one line a vital of the dictionary (with ``{title}`` and ``{unit}``); so do
lines with ``{severity}``, ``{origin}``, ``{alert_type}``, ``{priority}``, ``{carried}``, ``{input}`` (of NEWS2) and
``{column}`` (the nullable ones of silver_observations).  Every other character is what both engines run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, cast

from vitalake.domain.alert_types import ALERT_TYPES
from vitalake.domain.tables import Column, ColumnType, Table
from vitalake.domain.vitals import CARRIED, NEWS2_INPUTS, PRIORITIES, SEVERITIES, VITALS
from vitalake.silver.tables import CONTEXT, MEASURED, SCORED

Scope = Literal["patient_hour", "patient", "patient_day", "hour", "day"]

ORDER: Final = (
    "gold_monitored_time",
    "gold_patient_hour",
    "gold_patient_risk_snapshot",
    "gold_severity_distribution",
    "gold_alert_summary",
    "gold_alert_frequency",
    "gold_threshold_breaches",
    "gold_vital_severity_association",
    "gold_data_quality",
)
"""The tables in the order in which they are computed: each reads Silver and those before it."""

SHARED: Final = ("latest_observations", "alert_links")
"""Intermediate results over Silver that are read often: computed once over the same rows."""

CURRENT: Final = ("current_patient_risk", "overdue_observations")
"""Views over Gold that depend on an instant: :func:`current_view`."""

NEWEST: Final = "(select max(unix_micros(as_of)) from gold_patient_risk_snapshot)"
"""The instant of the newest event, as SQL over Gold: a lake of the past has its own now."""

STAMPS: Final = (
    Column("updated_at", "timestamp", "When this row was last computed", required=True),
    Column("batch", "bigint", "The batch up to which the row reflects the lake", required=True),
)
"""What every Gold table carries besides its own columns."""

ORIGINS: Final = ("physiological", "device", "technical")

_FRONT = re.compile(r"\A/\*---\n(.*?)\n---\*/\n", re.DOTALL)
_COLUMN = re.compile(
    r"(\w+),?\s*--\s*(string|int|bigint|double|boolean|timestamp|date|strings)(!?):\s*(.+?)(?:\s\[([^]]+)])?\s*$"
)
_NULLABLE: Final = tuple(
    column
    for column in (*CONTEXT, *MEASURED, *SCORED)
    if not column.required and not column.name.endswith("_age_s")
)
_TYPES: Final = {column.name: column.type for column in SCORED}
_SENT: Final = {"heart_rate": "coalesce(heart_rate, pulse_rate)"}
"""What carries a NEWS2 input, where that is more than the field of its name."""
_REPEATED: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "vital": tuple({"vital": v.name, "title": v.title, "unit": v.unit} for v in VITALS),
    "severity": tuple({"severity": name} for name in SEVERITIES),
    "origin": tuple({"origin": name} for name in ORIGINS),
    "alert_type": tuple({"alert_type": name} for name in ALERT_TYPES),
    "priority": tuple({"priority": name} for name in PRIORITIES),
    "carried": tuple({"carried": name, "carried_type": _TYPES[f"{name}_carried"]} for name in CARRIED),
    "input": tuple(
        {"input": name, "component": name.removeprefix("on_"), "sent": _SENT.get(name, name)}
        for name in NEWS2_INPUTS
    ),
    "column": tuple({"column": column.name} for column in _NULLABLE),
}


@dataclass(frozen=True)
class GoldTable:
    """One Gold table: what it is, how it is restricted, and the SELECT that makes it."""

    table: Table
    scope: Scope
    sql: str

    @property
    def name(self) -> str:
        """The table's name in the lake."""
        return self.table.name

    @property
    def select(self) -> str:
        """The SELECT, every column in its declared type: engines differ in what a sum or a count yields."""
        own = self.table.columns[: -len(STAMPS)]
        return _typed_select(own, self.sql)


@dataclass(frozen=True)
class Shared:
    """An intermediate result that is read often."""

    name: str
    sql: str


@cache
def gold_tables() -> tuple[GoldTable, ...]:
    """Yield Gold's tables in the order in which they are computed."""
    return tuple(read_table(source(name)) for name in ORDER)


def gold_table(name: str) -> GoldTable:
    """Yield one Gold table by its name."""
    return next(gold for gold in gold_tables() if gold.name == name)


@cache
def shared_results() -> tuple[Shared, ...]:
    """Yield the intermediate results that are read often."""
    return tuple(_read_shared(source(name)) for name in SHARED)


def current_view(name: str, now_us: int | str = NEWEST) -> str:
    """Yield the SELECT of a view of CURRENT at an instant: µs since 1970, or SQL for them."""
    return _body(source(name)).replace("{now_us}", str(now_us))


def source(name: str) -> str:
    """Yield the text of a Gold file, as it lies in the package."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def mentions(sql: str, name: str) -> bool:
    """Tell whether a SELECT names a table or view.

    >>> mentions("select n from gold_beds_kept", "gold_beds")
    False
    """
    return re.search(rf"\b{name}\b", sql) is not None


def read_table(text: str) -> GoldTable:
    """Yield the table that a Gold file describes.

    >>> gold = read_table('''/*---
    ... table: gold_beds
    ... grain: ward
    ... key: ward
    ... scope: hour
    ... ---*/
    ... select
    ...   ward, -- string!: The ward
    ...   count(*) as beds -- bigint!: Beds in use
    ... from somewhere group by all''')
    >>> gold.table.names, gold.table.key
    (('ward', 'beds', 'updated_at', 'batch'), ('ward',))
    """
    front = read_front(text)
    body = _body(text)
    partition = front.get("partition", "")
    table = Table(
        front["table"],
        front["grain"],
        (*_columns(body), *STAMPS),
        key=_words(front["key"]),
        partition_by=_words(partition),
    )
    return GoldTable(table, cast("Scope", front["scope"]), body)


def _read_shared(text: str) -> Shared:
    return Shared(read_front(text)["shared"], _body(text))


def read_select(text: str) -> tuple[tuple[Column, ...], str]:
    """Yield the columns that a file's SELECT describes, and the SELECT with each in its declared type."""
    body = _body(text)
    columns = _columns(body)
    return columns, _typed_select(columns, body)


def read_front(text: str) -> dict[str, str]:
    """Yield the front matter's entries."""
    found = _FRONT.match(text)
    lines = found.group(1).splitlines() if found else []
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def expand(text: str) -> str:
    """Yield SQL with each line that names ``{vital}``, ``{severity}``, ... written out once for each.

    >>> print(expand("  sum({priority}_n) as {priority},"))
      sum(low_n) as low,
      sum(medium_n) as medium,
      sum(high_n) as high,
    """
    return "\n".join(written for line in text.splitlines() for written in _expand_line(line))


def _expand_line(line: str) -> Iterator[str]:
    for word, rows in _REPEATED.items():
        if f"{{{word}}}" in line:
            for row in rows:
                written = line
                for name, value in row.items():
                    written = written.replace(f"{{{name}}}", value)
                yield from _expand_line(written)
            return
    yield line


def _body(text: str) -> str:
    return expand(_FRONT.sub("", text)).strip()


def _columns(body: str) -> tuple[Column, ...]:
    found = [match for match in map(_COLUMN.search, body.splitlines()) if match]
    return tuple(
        Column(name, cast("ColumnType", kind), doc, unit, required=bool(required))
        for name, kind, required, doc, unit in (match.groups() for match in found)
    )


def _typed_select(columns: tuple[Column, ...], sql: str) -> str:
    return f"select {', '.join(map(_typed, columns))} from (\n{sql}\n) as computed"


def _typed(column: Column) -> str:
    # Instants and lists are what they should be on both engines; `timestamp` would lose its zone on DuckDB.
    if column.type in ("timestamp", "strings"):
        return column.name
    return f"cast({column.name} as {column.type}) as {column.name}"


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
