"""What all pictures share: one style file, colours that people of any colour vision tell apart, axes of time.

Severities and priorities rise from light to dark, so that they read in grey too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.resources import as_file, files
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from vitalake.analytics.words import words

SEVERITY_COLOURS: Final[Mapping[str, str]] = {
    "high": "#8c1d13",
    "medium": "#e0602b",
    "low_medium": "#f7b267",
    "low": "#bfdcec",
    "unknown": "#8f8f8f",
}
"""Colours of severities, the gravest first."""

PRIORITY_COLOURS: Final[Mapping[str, str]] = {"high": "#8c1d13", "medium": "#e0602b", "low": "#f7c78a"}
"""Colours of priorities, the highest first."""

POINT_COLOURS: Final = ("#ffffff", "#fdf0d5", "#f9cf9c", "#efa07a")
"""Backgrounds of what scores 0, 1, 2 and 3 points of NEWS2."""

BLUE: Final = "#0072B2"
GREY: Final = "#6b6b6b"
PALE: Final = "#cccccc"

_ZEROS: Final = ["", "%Y", "%b", "%-d %b", "%H:%M", "%H:%M"]
"""How a tick at the start of a month, day, hour, ... is written."""


@contextmanager
def styled() -> Iterator[None]:
    """Draw and save in the one style."""
    with as_file(files(__package__).joinpath("vitalake.mplstyle")) as path, mpl.rc_context(fname=path):
        yield


def canvas(width: float, height: float, *grid: int, **options: Any) -> tuple[Figure, Any]:
    """Yield a figure of a size in inches, and its axes: one, or a grid of rows and columns."""
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(*grid, **options)


def time_axis(ax: Axes, first: datetime, last: datetime, margin: timedelta = timedelta(0)) -> None:
    """Make the x axis one of UTC time from first to last, a margin on both sides, which says its days once."""
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, zero_formats=_ZEROS, show_offset=False)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(formatter)
    ax.set_xlim(first - margin, last + margin)  # type: ignore[arg-type]
    ax.set_xlabel(f"{days(first, last)}, UTC")


def days(first: datetime, last: datetime) -> str:
    """Yield the days of a period, its end not counting.

    >>> days(datetime(2026, 1, 5), datetime(2026, 1, 6)), days(datetime(2026, 1, 5), datetime(2026, 1, 7))
    ('5 Jan 2026', '5 Jan 2026 to 6 Jan 2026')
    """
    named = [f"{day.day} {day:%b %Y}" for day in (first, max(first, last - timedelta(microseconds=1)))]
    return named[0] if named[0] == named[1] else " to ".join(named)


def stacked_bars(
    ax: Axes, labels: Sequence[str], series: Mapping[str, Sequence[float]], colours: Mapping[str, str]
) -> list[float]:
    """Draw horizontal bars stacked in the order of ``colours``, the first label on top; yield their ends."""
    ends = [0.0] * len(labels)
    for name, colour in colours.items():
        values = series[name]
        ax.barh(range(len(labels)), values, left=ends, color=colour, label=words(name), height=0.72)
        ends = [end + value for end, value in zip(ends, values, strict=True)]
    ax.set_yticks(range(len(labels)), labels)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    return ends


def say_empty(ax: Axes, what: str) -> None:
    """Say in the middle of an axis that there is nothing to show."""
    ax.text(0.5, 0.5, what, transform=ax.transAxes, ha="center", va="center", color=GREY)
    ax.set_axis_off()
