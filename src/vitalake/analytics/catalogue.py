"""The nine questions: one ``.sql`` a part of an answer, which carries its own description.

Files are named by the question's number and the part's letter and name: ``4a_patients.sql``.  Front matter says what
the part answers (``asks``, in the first part alone), its caption, its grain, the tables that it ``reads`` and the
``order`` of its rows; a part ``for: picture`` feeds a figure and is not printed; columns to ``hide`` only
order the rows, and the column ``row`` names one.  Columns are described as in Gold.  ``{current_patient_risk}``, or
another view of Gold that depends on an instant, stands for that view at the lake's newest event.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import groupby
from typing import Final

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.tables import Column, Table
from vitalake.errors import UserError
from vitalake.gold.definitions import CURRENT, current_view, gold_tables, read_front, read_select
from vitalake.gold.records import RECORDS
from vitalake.silver.tables import LAKE_BATCHES, SILVER_TABLES

FOLDER: Final = "questions"


@dataclass(frozen=True)
class Part:
    """One table of an answer: ``shown`` where people read it, else what a picture is drawn from."""

    name: str
    caption: str
    grain: str
    columns: tuple[Column, ...]
    reads: tuple[Table, ...]
    order: str
    sql: str
    shown: bool
    hidden: tuple[str, ...]
    row_header: str

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """The columns that people read: not those that only order the rows."""
        return tuple(column for column in self.columns if column.name not in self.hidden)

    @property
    def shown_names(self) -> list[str]:
        """The names of the columns that people read."""
        return [column.name for column in self.shown_columns]

    @property
    def select(self) -> str:
        """The SELECT that both engines run, in the order of the answer."""
        return f"{self.sql}\norder by {self.order}"


@dataclass(frozen=True)
class Question:
    """One of the nine questions, by its number."""

    number: int
    asks: str
    parts: tuple[Part, ...]

    @property
    def reads(self) -> tuple[Table, ...]:
        """The tables that its parts read, each once."""
        return tuple(dict.fromkeys(table for part in self.parts for table in part.reads))

    def part(self, name: str) -> Part:
        """Yield one of its parts."""
        return next(part for part in self.parts if part.name == name)


@cache
def questions() -> tuple[Question, ...]:
    """Yield the questions in order."""
    return tuple(
        _read_question(int(number), list(names))
        for number, names in groupby(_names(), key=lambda name: name[0])
    )


def question(number: int) -> Question:
    """Yield a question by its number; a UserError where there is none."""
    found = [each for each in questions() if each.number == number]
    if not found:
        raise UserError(f"There is no question {number}", f"They are numbered 1 to {len(questions())}")
    return found[0]


def source(name: str) -> str:
    """Yield the text of a part's file."""
    return _folder().joinpath(name).read_text(encoding="utf-8")


def _folder() -> Traversable:
    return files(__package__).joinpath(FOLDER)


def _names() -> list[str]:
    return sorted(entry.name for entry in _folder().iterdir() if entry.name.endswith(".sql"))


def _read_question(number: int, names: list[str]) -> Question:
    return Question(
        number,
        read_front(source(names[0]))["asks"],
        tuple(read_part(name, source(name)) for name in names),
    )


def read_part(name: str, text: str) -> Part:
    """Yield the part that a file's text describes.

    >>> read_part("4a_patients.sql", source("4a_patients.sql")).name
    'patients'
    """
    front = read_front(text)
    columns, sql = read_select(text)
    return Part(
        name=name.removesuffix(".sql").partition("_")[2],
        caption=front["caption"],
        grain=front["grain"],
        columns=columns,
        reads=tuple(_tables()[each.strip()] for each in front["reads"].split(",")),
        order=front["order"],
        sql=_with_views(sql),
        shown=front.get("for") != "picture",
        hidden=tuple(name.strip() for name in front.get("hide", "").split(",")),
        row_header=front.get("row", columns[0].name),
    )


def _with_views(sql: str) -> str:
    for name in CURRENT:
        if (named := f"{{{name}}}") in sql:
            sql = sql.replace(named, f"(\n{current_view(name)}\n)")
    return sql


@cache
def _tables() -> dict[str, Table]:
    gold = (each.table for each in gold_tables())
    return {table.name: table for table in (BRONZE_EVENTS, LAKE_BATCHES, *SILVER_TABLES, *gold, *RECORDS)}
