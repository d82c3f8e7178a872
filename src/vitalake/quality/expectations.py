"""What must hold before Gold is merged, read from one YAML file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import yaml

from vitalake.domain.tables import Table
from vitalake.domain.vitals import VITALS
from vitalake.errors import UserError

_ENTRIES: Final = frozenset(
    {"name", "description", "table", "expect", "sql", "for_each", "warn_above", "fail_above"}
)


@dataclass(frozen=True)
class Expectation:
    """A demand on the data: ``sql`` selects one number, greater for worse; the limits make it a verdict."""

    name: str
    description: str
    sql: str
    warn_above: float | None
    fail_above: float | None


def packaged() -> str:
    """Yield the text of the expectations that come with vitalake."""
    return files(__package__).joinpath("expectations.yaml").read_text(encoding="utf-8")


def read_expectations(text: str, tables: Sequence[Table]) -> tuple[Expectation, ...]:
    """Yield the expectations of a YAML text, those ``for_each`` table or vital written out.

    >>> [read_expectations("[{name: any, description: Some rows, table: t, expect: n > 0}]", ())[0].sql]
    ['select count(*) from t where not coalesce(n > 0, false)']
    """
    entries = yaml.safe_load(text)
    if not isinstance(entries, list):
        message = "The expectations are no list"
        raise UserError(message, "Write a list of them, each with a name, a description and what it expects")
    expectations = tuple(each for entry in entries for each in _written_out(_checked(entry), tables))
    repeated = _first_repeated(each.name for each in expectations)
    if repeated:
        message = f"Two expectations are named {repeated}"
        raise UserError(message, "Give each its own name")
    return expectations


def _checked(entry: Any) -> Mapping[str, Any]:
    name = entry.get("name") if isinstance(entry, dict) else None
    if not name or not entry.get("description"):
        message = f"An expectation lacks its name or description: {entry}"
        raise UserError(message, "Each needs both")
    unknown = set(entry) - _ENTRIES
    judged = "sql" in entry or {"table", "expect"} <= set(entry)
    if unknown or not judged:
        what = f"unknown entry {min(unknown)}" if unknown else "neither sql nor table and expect"
        message = f"Expectation {name}: {what}"
        raise UserError(message, f"Its entries are {', '.join(sorted(_ENTRIES))}")
    return dict(entry)


def _written_out(entry: Mapping[str, Any], tables: Sequence[Table]) -> Iterator[Expectation]:
    sql = entry.get("sql") or _count_violations(entry["table"], entry["expect"])
    for suffix, words in _cases(entry.get("for_each"), tables):
        written = sql
        for word, value in words.items():
            written = written.replace(f"{{{word}}}", value)
        yield Expectation(
            name=entry["name"] + suffix,
            description=entry["description"],
            sql=" ".join(written.split()),
            warn_above=entry.get("warn_above"),
            fail_above=entry.get("fail_above", 0),
        )


def _count_violations(table: str, predicate: str) -> str:
    """Yield how many rows do not satisfy the predicate; not to know is not to satisfy it."""
    return f"select count(*) from {table} where not coalesce({predicate.strip()}, false)"


def _cases(for_each: str | None, tables: Sequence[Table]) -> Iterator[tuple[str, Mapping[str, str]]]:
    if for_each == "vital":
        for vital in VITALS:
            yield f":{vital.name}", {"vital": vital.name, "low": str(vital.low), "high": str(vital.high)}
    elif for_each == "table":
        for table in tables:
            nulls = " or ".join(f"{column.name} is null" for column in table.columns if column.required)
            words = {"table": table.name, "key": ", ".join(table.key), "any_required_null": nulls or "false"}
            yield f":{table.name}", words
    else:
        yield "", {}


def _first_repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
