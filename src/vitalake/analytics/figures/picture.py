"""A picture: what it shows in words for those who don't see it, how many it counts, how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from matplotlib.figure import Figure

from vitalake.analytics.figures.style import GREY, styled
from vitalake.errors import UserError

Rows = Sequence[Mapping[str, Any]]
Tables = Mapping[str, Rows]
"""The rows of an answer's parts, by name."""

FORMATS: Final = ("png", "svg", "pdf")


@dataclass(frozen=True)
class Picture:
    """One picture of an answer.

    ``caption`` says what is seen and of how many (n); ``alternative`` tells the same as the picture in words.
    """

    name: str
    title: str
    draw: Callable[[Tables], Figure]
    caption: Callable[[Tables], str]
    alternative: Callable[[Tables], str]


def render(picture: Picture, tables: Tables, kind: str, *, captioned: bool) -> bytes:
    """Yield the picture as a file's bytes, the same for the same rows; ``captioned`` writes title and caption in it."""
    if kind not in FORMATS:
        raise UserError(
            f"A picture can't be a {kind or 'file without a suffix'}", f"Use one of: {', '.join(FORMATS)}"
        )
    file = BytesIO()
    with styled():
        figure = picture.draw(tables)
        if captioned:
            figure.suptitle(picture.title, x=0.01, ha="left", fontsize=12.5, fontweight="bold")
            figure.supxlabel(picture.caption(tables), x=0.01, ha="left", fontsize=8.5, color=GREY, wrap=True)
        figure.savefig(file, format=kind, metadata=_undated(kind))
    return file.getvalue()


def _undated(kind: str) -> dict[str, Any]:
    """Yield metadata that leaves the time of drawing out."""
    return {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
