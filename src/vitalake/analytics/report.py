"""The report: all nine answers on one self-contained, accessible HTML page that asks nothing of the network."""

from __future__ import annotations

import shlex
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import singledispatch
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from vitalake.analytics.ask import Answer, Ask, answer
from vitalake.analytics.catalogue import questions
from vitalake.analytics.figures.chart import CHART
from vitalake.analytics.figures.gallery import PICTURES
from vitalake.analytics.figures.picture import Picture, Tables, render
from vitalake.analytics.figures.style import days
from vitalake.analytics.words import written_unit
from vitalake.domain.tables import Column

_MOST_ROWS: Final = 12
"""Rows of a table on the page; ``vitalake ask`` tells the rest."""

_RISK: Final = 3
_BURDEN: Final = 4
_RELIABILITY: Final = 9
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Shown:
    """A picture on the page: its image as a data address, its words."""

    title: str
    image: str
    alternative: str
    caption: str


def answer_all(ask: Ask) -> list[Answer]:
    """Yield the answers to all questions."""
    return [answer(ask, question) for question in questions()]


def riskiest(answers: Sequence[Answer]) -> str:
    """Yield the patient at highest risk, whose chart the report shows."""
    patients = next(each for each in answers if each.question.number == _RISK).rows["patients"]
    return str(patients[0]["patient_id"])


def render_report(
    answers: Sequence[Answer], chart: Tables, *, lake: str, made_at: datetime, folder: str | None = None
) -> str:
    """Yield the page; of a lake in a ``folder``, which the command line can read, it names commands."""
    pages = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.filters |= {"cell": cell, "heading": heading, "numeric": is_numeric, "quoted": shlex.quote}
    template = files(__package__).joinpath("report.html.j2").read_text(encoding="utf-8")
    return pages.from_string(template).render(
        lake=lake,
        folder=folder,
        made_at=made_at,
        version=version("vitalake"),
        facts=_facts(answers),
        answers=answers,
        pictures={each.question.number: _pictures(each) for each in answers},
        chart=show(CHART, chart),
        chart_after=_RISK,
        most_rows=_MOST_ROWS,
    )


def show(picture: Picture, tables: Tables) -> Shown:
    """Yield a picture as the page shows it."""
    image = b64encode(render(picture, tables, "svg", captioned=False)).decode()
    return Shown(
        picture.title,
        f"data:image/svg+xml;base64,{image}",
        picture.alternative(tables),
        picture.caption(tables),
    )


def _pictures(each: Answer) -> list[Shown]:
    return [show(picture, each.rows) for picture in PICTURES[each.question.number]]


def _facts(answers: Sequence[Answer]) -> dict[str, str]:
    """Yield what the head of the page tells: period, patients, who is critical, burden, reliability."""
    rows = {each.question.number: each.rows for each in answers}
    hours = [row["hour"] for row in rows[_RELIABILITY]["hours"]]
    wards = rows[_RISK]["wards"]
    patients = sum(ward["patients"] + ward["not_seen"] for ward in wards)
    critical = sum(ward["critical"] for ward in wards)
    alarmed = rows[_BURDEN]["patients"]
    return {
        "Period (UTC)": days(min(hours), max(hours) + _HOUR) if hours else "–",
        "Patients": f"{patients:,}",
        "At critical risk now": f"{critical:,}",
        "Alert episodes": f"{sum(row['episodes'] for row in alarmed):,}",
        "Patient-hours with all NEWS2 inputs": _share(rows[_RELIABILITY]["measures"]),
    }


def _share(measures: Sequence[Mapping[str, Any]]) -> str:
    share = next(row["share_pct"] for row in measures if row["place"] == 4)  # noqa: PLR2004 - its place in the SQL
    return "–" if share is None else f"{share:.0f} %"


def heading(column: Column) -> str:
    """Yield a column's heading with its unit.

    >>> (
    ...     heading(Column("share_pct", "double", "The share", "%")),
    ...     heading(Column("n", "bigint", "Of how many")),
    ... )
    ('share, %', 'n')
    """
    name = (
        column.name.removesuffix("_pct").removesuffix("_episodes").replace("_", " ").replace("news2", "NEWS2")
    )
    unit = written_unit(column.unit)
    name = name.removesuffix(f" {unit}")
    return f"{name}, {unit}" if unit else name


def is_numeric(column: Column) -> bool:
    """Tell whether a column's values stand to the right."""
    return column.type in ("int", "bigint", "double")


@singledispatch
def cell(value: Any, column: Column | None = None) -> str:  # noqa: ARG001 - only doubles have a unit
    """Yield a value as the page writes it.

    >>> cell(None), cell(1234), cell(True), cell(12.345, Column("share_pct", "double", "", "%"))
    ('–', '1,234', 'yes', '12.3')
    """
    return str(value)


@cell.register
def _(value: None, column: Column | None = None) -> str:  # noqa: ARG001
    return "–"


@cell.register
def _(value: bool, column: Column | None = None) -> str:  # noqa: ARG001
    return "yes" if value else "no"


@cell.register
def _(value: int, column: Column | None = None) -> str:  # noqa: ARG001
    return f"{value:,}".replace("-", "−")


@cell.register
def _(value: float, column: Column | None = None) -> str:
    unit = column.unit if column else None
    digits = _DIGITS.get(unit, 0 if abs(value) >= _LARGE else None)
    text = f"{value:,.4g}" if digits is None else f"{value:,.{digits}f}"
    return text.replace("-", "−")


@cell.register
def _(value: datetime, column: Column | None = None) -> str:  # noqa: ARG001
    return f"{value:%Y-%m-%d %H:%M}"


_DIGITS: Final[Mapping[str | None, int]] = {
    "%": 1,
    "h": 1,
    "min": 1,
    "/d": 1,
    "1": 2,
    "/(100.d)": 1,
    "/10*4": 1,
}
"""Decimals by unit; other doubles have four digits that count."""
_LARGE: Final = 10_000
