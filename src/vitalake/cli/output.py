"""What commands print: tables for people, JSON for programs. Both go to stdout, everything else to stderr."""

from __future__ import annotations

import base64
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch
from pathlib import Path
from typing import Any, Final

Row = Mapping[str, Any]

_WIDE: Final = 100_000
"""Columns of a page that is no terminal: nothing is cut."""


@dataclass(frozen=True)
class Column:
    """A column of a printed table: its heading, and what it shows of a row."""

    title: str
    value: Callable[[Row], Any]
    style: Callable[[Row], str] | None = None
    right: bool = False


def field(name: str, title: str | None = None) -> Column:
    """Yield the column that shows one field of a row."""
    return Column(title or name, lambda row: row[name])


def discard_stdout() -> None:
    """Let what is still printed go nowhere."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


@contextmanager
def _to_its_reader() -> Iterator[None]:
    """Print; where nobody reads stdout any more the command goes on, and ends as it would have."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()


@_to_its_reader()
def print_json(value: Any) -> None:
    """Print a value as JSON that any reader takes: no NaN, times in RFC 3339."""
    print(json.dumps(_finite(value), ensure_ascii=False, indent=2, default=as_json))


@_to_its_reader()
def print_rows(rows: Iterable[Row], columns: Sequence[Column] | None = None, *, title: str = "") -> None:
    """Print rows as a table; without ``columns`` each field of the first row is one."""
    from rich.table import Table
    from rich.text import Text

    listed = list(rows)
    columns = columns if columns is not None else [field(name) for name in (listed[0] if listed else ())]
    if not columns:
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        numeric = all(isinstance(column.value(row), int | float | None) for row in listed)
        right = column.right or (numeric and bool(listed))
        table.add_column(column.title, justify="right" if right else "left", no_wrap=True)
    for row in listed:
        cells = (
            (display(column.value(row)), column.style(row) if column.style else "") for column in columns
        )
        table.add_row(*(Text(text, style) for text, style in cells))
    print_title(title, before="\n")
    _console().print(table)


@_to_its_reader()
def print_facts(facts: Mapping[str, Any], *, title: str = "") -> None:
    """Print names and values, one pair a line."""
    width = max(map(len, facts), default=0)
    print_title(title)
    for name, value in facts.items():
        number = isinstance(value, int) and not isinstance(value, bool)
        print(f"{name:<{width}}  {f'{value:,}' if number else display(value)}")


@_to_its_reader()
def print_text(text: str = "") -> None:
    """Print a line as it is."""
    print(text)


@singledispatch
def display(value: Any) -> str:
    """Yield a value as people read it.

    >>> display(None), display(1234567), display(36.6), display(True), display([])
    ('-', '1234567', '36.6', 'yes', '-')
    """
    return str(value)


@display.register
def _(value: None) -> str:  # noqa: ARG001 - its type says all
    return "-"


@display.register
def _(value: bool) -> str:
    return "yes" if value else "no"


@display.register
def _(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else "-"


@display.register
def _(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")


@display.register
def _(value: bytes) -> str:
    return value.decode(errors="backslashreplace")


@display.register(list)
def _(value: list[Any]) -> str:
    return ", ".join(map(display, value)) or "-"


def as_json(value: Any) -> Any:
    """Yield what JSON writes for a value that is none of its own types.

    >>> as_json(datetime.fromisoformat("2026-01-01T00:00:00Z")), as_json(b"a"), as_json(bytes([255]))
    ('2026-01-01T00:00:00Z', 'a', {'base64': '/w=='})
    """
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    return str(value)


def _finite(value: Any) -> Any:
    """Yield the value without NaN and infinities, which JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@_to_its_reader()
def print_title(title: str, before: str = "") -> None:
    """Print a heading; nothing where it is empty."""
    if title:
        _console().print(f"{before}{title}", style="bold", markup=False)


def _console() -> Any:
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise  # noqa: PLE0704 - rich calls it where it handles one

    return Output(
        highlight=False, width=None if sys.stdout.isatty() else _WIDE, soft_wrap=not sys.stdout.isatty()
    )
