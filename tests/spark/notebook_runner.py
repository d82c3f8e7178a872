"""Runs a notebook in Databricks' source format on the session at hand, as a job would run it."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitalake.engines.spark.session import open_session

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
HEADER = "# Databricks notebook source"
BETWEEN = "# COMMAND ----------"
MAGIC = "# MAGIC "


class Exit(Exception):
    """A notebook ended itself, saying something."""


class Widgets:
    """Parameters: those given, else the defaults that the notebook declares."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)
        self._values: dict[str, str] = {}

    def text(self, name: str, default: str, _label: str = "") -> None:
        self._values[name] = self._given.get(name, default)

    def dropdown(self, name: str, default: str, choices: list[str], _label: str = "") -> None:
        self.text(name, default)
        assert self._values[name] in choices, f"{name} is none of {choices}"

    def get(self, name: str) -> str:
        return self._values[name]


class Notebook:
    """``dbutils.notebook``."""

    def exit(self, said: str) -> None:
        raise Exit(said)


class Secrets:
    """``dbutils.secrets`` over a mapping of scope and key."""

    def __init__(self, kept: Mapping[tuple[str, str], str]) -> None:
        self._kept = kept

    def get(self, scope: str, key: str) -> str:
        return self._kept[scope, key]


class Utilities:
    """What notebooks call ``dbutils``."""

    def __init__(self, parameters: Mapping[str, str], secrets: Mapping[tuple[str, str], str]) -> None:
        self.widgets = Widgets(parameters)
        self.notebook = Notebook()
        self.secrets = Secrets(secrets)


def run_notebook(
    path: Path,
    parameters: Mapping[str, str],
    *,
    secrets: Mapping[tuple[str, str], str] | None = None,
    shown: list[Any] | None = None,
) -> str | None:
    """Run a notebook's cells; yield what it exits with. What it displays is added to ``shown``."""
    spark = open_session()
    shown = [] if shown is None else shown

    def display(rows: Any) -> None:
        shown.append(rows.toArrow() if hasattr(rows, "toArrow") else rows)

    names = {
        "__name__": "__main__",
        "spark": spark,
        "dbutils": Utilities(parameters, secrets or {}),
        "display": display,
        "displayHTML": shown.append,
    }
    try:
        for number, cell in enumerate(read_cells(path), start=1):
            run_cell(cell, f"{path.name}, cell {number}", names)
    except Exit as ended:
        return str(ended)
    return None


def read_cells(path: Path) -> list[str]:
    """Yield the source of each cell."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"{HEADER}\n"), f"{path} is no notebook"
    return [cell.strip() for cell in text.removeprefix(HEADER).split(BETWEEN)]


def run_cell(cell: str, where: str, names: dict[str, Any]) -> None:
    """Run Python, show what SQL returns, pass over text."""
    if not cell.startswith(MAGIC):
        linecache.cache[where] = (len(cell), None, cell.splitlines(keepends=True), where)
        exec(compile(cell, where, "exec"), names)
        return
    lines = [line.removeprefix(MAGIC.strip()).removeprefix(" ") for line in cell.splitlines()]
    kind, body = lines[0].split(maxsplit=1)[0], "\n".join(lines)
    if kind == "%sql":
        names["display"](names["spark"].sql(body.removeprefix("%sql")))
    else:
        assert kind == "%md", f"{where}: {kind} is not known here"
