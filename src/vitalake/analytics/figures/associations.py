"""Pictures of what goes with severity and comes before critical alerts."""

from __future__ import annotations

from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vitalake.analytics.figures.picture import Picture, Rows, Tables
from vitalake.analytics.figures.style import BLUE, GREY, canvas, say_empty
from vitalake.analytics.statistics import spearman
from vitalake.analytics.words import SHORT, plain

_HIGH: Final = "#8c1d13"
_LOW: Final = "#009E73"


# Correlation with severity


def draw_correlations(tables: Tables) -> Figure:
    """Draw each vital's correlation with NEWS2 of the other inputs."""
    rows = [row for row in tables["vitals"] if row["strength"]]
    figure, ax = canvas(8.4, 1.3 + 0.4 * max(len(rows), 3))
    if not rows:
        say_empty(ax, "too few readings to correlate yet")
        return figure
    _draw_intervals(ax, rows, "r", "value (Pearson, 95 % interval)")
    ranked = rank_correlations(tables)
    marks = (
        ("value, by ranks (Spearman)", [ranked.get(row["vital"]) for row in rows], "o", "none", BLUE, 0.0),
        ("distance above the normal band", [row["high_r"] for row in rows], "^", _HIGH, _HIGH, -0.22),
        ("distance below it", [row["low_r"] for row in rows], "v", _LOW, _LOW, 0.22),
    )
    for label, values, marker, face, edge, offset in marks:
        known = [(value, place + offset) for place, value in enumerate(values) if value is not None]
        ax.plot(
            [value for value, _ in known],
            [place for _, place in known],
            marker,
            markerfacecolor=face,
            markeredgecolor=edge,
            markersize=8 if face == "none" else 5.5,
            label=label,
        )
    ax.set_xlim(-1, 1)
    _finish(ax, rows, "Correlation with NEWS2 of the other inputs")
    figure.legend(loc="outside upper right", ncols=2)
    return figure


def rank_correlations(tables: Tables) -> dict[str, float | None]:
    """Yield Spearman's correlation by vital, from the counted readings."""
    vitals = dict.fromkeys(row["vital"] for row in tables["readings"])
    return {vital: _ranked([row for row in tables["readings"] if row["vital"] == vital]) for vital in vitals}


def _ranked(rows: Rows) -> float | None:
    return spearman(
        [row["charted"] for row in rows], [row["others"] for row in rows], [row["readings"] for row in rows]
    )


def _draw_intervals(ax: Axes, rows: Rows, name: str, label: str) -> None:
    known = [(place, row) for place, row in enumerate(rows) if row[name] is not None]
    places = [place for place, _ in known]
    ax.hlines(
        places, [row[f"{name}_from"] for _, row in known], [row[f"{name}_to"] for _, row in known], color=BLUE
    )
    ax.plot([row[name] for _, row in known], places, "o", color=BLUE, markersize=4.5, label=label)


def _finish(ax: Axes, rows: Rows, title: str) -> None:
    ax.axvline(0, color=GREY, linewidth=1)
    ax.set_yticks(range(len(rows)), [SHORT[row["vital"]] for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlabel(title)


def _correlations_caption(tables: Tables) -> str:
    counted = ", ".join(f"{row['n']:,} of {plain(row['vital'])}" for row in tables["vitals"]) or "0"
    return (
        f"n = {counted}: one reading a patient-hour, against NEWS2 without the vital's own points. Readings of one "
        "patient resemble each other, so the intervals are narrower than they should be."
    )


def _correlations_alternative(tables: Tables) -> str:
    told = [
        f"{SHORT[row['vital']]} r = {row['r']:+.2f} ({row['r_from']:+.2f} to {row['r_to']:+.2f})"
        for row in tables["vitals"]
        if row["r"] is not None and row["r_from"] is not None
    ]
    return f"Correlation of each vital with NEWS2 of the other inputs: {'; '.join(told) or 'none yet'}."


# Before critical alerts


def draw_before(tables: Tables) -> Figure:
    """Draw how readings before critical alerts differ from the rest: by effect size, and by share outside the band."""
    rows = [row for row in tables["vitals"] if row["effect"] is not None]
    figure, (effects, shares) = canvas(8.4, 1.3 + 0.36 * max(len(rows), 4), 1, 2, sharey=True)
    if not rows:
        say_empty(effects, "no reading before a critical alert yet")
        shares.set_axis_off()
        return figure
    _draw_intervals(effects, rows, "effect", "difference (95 % interval)")
    _finish(effects, rows, "Before less the rest, standard deviations")
    banded = [(place, row) for place, row in enumerate(rows) if row["before_outside_pct"] is not None]
    places = [place for place, _ in banded]
    rest = [row["rest_outside_pct"] for _, row in banded]
    before = [row["before_outside_pct"] for _, row in banded]
    shares.hlines(places, rest, before, color="#cccccc", linewidth=3)
    shares.plot(rest, places, "o", color=GREY, label="the rest")
    shares.plot(before, places, "o", color=_HIGH, label="before a critical alert")
    shares.set_xlim(-2, 102)
    shares.set_xlabel("Outside the normal band, % of readings")
    figure.legend(loc="outside upper right", ncols=3)
    return figure


def _before_caption(tables: Tables) -> str:
    counted = ", ".join(f"{row['before_n']:,} of {plain(row['vital'])}" for row in tables["vitals"]) or "0"
    rest = max((row["rest_n"] for row in tables["vitals"]), default=0)
    return (
        f"n = {counted} before, up to {rest:,} of the rest: one reading a patient-hour. Before: 15 to 60 min before a "
        "high-priority alert whose type does not look at the vital."
    )


def _before_alternative(tables: Tables) -> str:
    told = [
        f"{SHORT[row['vital']]} {row['effect']:+.2f} standard deviations (n = {row['before_n']})"
        for row in tables["vitals"]
        if row["effect"] is not None
    ]
    return f"Readings before critical alerts less the rest: {'; '.join(told) or 'none yet'}."


CORRELATIONS: Final = Picture(
    "correlations",
    "Correlation with severity",
    draw_correlations,
    _correlations_caption,
    _correlations_alternative,
)
BEFORE: Final = Picture(
    "before_critical_alerts", "Before critical alerts", draw_before, _before_caption, _before_alternative
)
