"""Pictures of data quality: what is there, what is missing, what was wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from vitalake.analytics.figures.picture import Picture, Rows, Tables
from vitalake.analytics.figures.style import BLUE, GREY, canvas, say_empty, time_axis
from vitalake.analytics.words import SHORT
from vitalake.domain.vitals import VITALS

_HOUR: Final = timedelta(hours=1)


# Vitals in Gold, by hour


def draw_completeness(tables: Tables) -> Figure:
    """Draw the share of patients present with a valid value, by vital and hour."""
    figure, ax = canvas(8.4, 3.0)
    rows = tables["hours"]
    if not rows:
        say_empty(ax, "no patient-hour yet")
        return figure
    names = [vital.name for vital in VITALS]
    edges = _edges(rows)
    grid = np.full((len(names), len(edges) - 1), np.nan)
    for row in rows:
        grid[names.index(row["vital"]), (row["hour"] - edges[0]) // _HOUR] = row["completeness_pct"]
    image = ax.pcolormesh(
        edges,
        np.arange(len(names) + 1),
        grid,
        cmap="cividis",
        vmin=0,
        vmax=100,
        edgecolors="face",
        linewidth=0.4,
    )
    overall = {row["vital"]: row["completeness_pct"] for row in tables["vitals"]}
    labels = [f"{SHORT[name]}  {overall.get(name, 0):.0f} %" for name in names]
    ax.set_yticks(np.arange(len(names)) + 0.5, labels)
    ax.invert_yaxis()
    ax.grid(visible=False)
    time_axis(ax, edges[0], edges[-1])
    figure.colorbar(image, ax=ax, label="Patients with a value, %", pad=0.02)
    return figure


def _edges(rows: Rows) -> list[datetime]:
    """Yield the edges of all hours from the first to the last, also of those without a row."""
    hours = [row["hour"] for row in rows]
    first, last = min(hours), max(hours)
    return [first + n * _HOUR for n in range((last - first) // _HOUR + 2)]


def _completeness_caption(tables: Tables) -> str:
    n = max((row["patient_hours"] for row in tables["vitals"]), default=0)
    return (
        f"n = {n:,} patient-hours present. Dark: few of the patients present have a value in the hour. What is charted "
        "every few hours is carried in between, and shows as stripes here."
    )


def _completeness_alternative(tables: Tables) -> str:
    told = [f"{SHORT[row['vital']]} {row['completeness_pct']:.0f} %" for row in tables["vitals"]]
    return f"Share of patient-hours with a valid value, by vital and hour. Overall: {', '.join(told) or 'none yet'}."


# Nulls


def draw_nulls(tables: Tables) -> Figure:
    """Draw the share of nulls by attribute, and how many values of those sent were rejected."""
    rows = _attributes(tables)
    figure, (nulls, rejected) = canvas(
        8.4, 1.2 + 0.24 * max(len(rows), 4), 1, 2, sharey=True, gridspec_kw={"width_ratios": [5, 2]}
    )
    if not rows:
        say_empty(nulls, "no observation yet")
        rejected.set_axis_off()
        return figure
    places = range(len(rows))
    nulls.barh(
        places, [row["null_pct"] for row in rows], color="#9ecae1", height=0.7, label="of observations, null"
    )
    nulls.plot(
        [row["empty_hours_pct"] for row in rows],
        places,
        "D",
        color="#08306b",
        markersize=5,
        label="of patient-hours, without any value",
        linestyle="none",
    )
    nulls.set_yticks(places, [row["attribute"] for row in rows])
    nulls.set_xlim(0, 101.5)
    nulls.set_xlabel("Share, %")
    rejected.barh(places, [row["rejected_per_10000"] or 0 for row in rows], color="#D55E00", height=0.7)
    rejected.set_xlabel("Rejected of 10,000 sent")
    for ax in (nulls, rejected):
        ax.grid(axis="y", visible=False)
    nulls.invert_yaxis()
    figure.legend(loc="outside upper right", ncols=2)
    return figure


def _attributes(tables: Tables) -> Rows:
    return [row for row in tables["attributes"] if row["kind"] in ("measured", "context")]


def _nulls_caption(tables: Tables) -> str:
    n = max((row["row_count"] for row in tables["attributes"]), default=0)
    return (
        f"n = {n:,} observations, attributes as measured. A null is no fault by itself: a monitor sends what it has. "
        "Rejected: implausible or unusable, of the values that were sent."
    )


def _nulls_alternative(tables: Tables) -> str:
    told = [f"{row['attribute']} {row['null_pct']:.1f} %" for row in _attributes(tables)]
    return f"Share of observations in which an attribute is null: {', '.join(told) or 'none yet'}."


# Reliability


def draw_reliability(tables: Tables) -> Figure:
    """Draw the share of patients present with all seven NEWS2 inputs known at once, by hour."""
    figure, ax = canvas(8.4, 2.9)
    rows = tables["hours"]
    if not rows:
        say_empty(ax, "no patient-hour yet")
        return figure
    edges = [*(row["hour"] for row in rows), rows[-1]["hour"] + _HOUR]
    shares = [row["reliability_pct"] for row in rows]
    ax.fill_between(edges, [*shares, shares[-1]], step="post", color=BLUE, alpha=0.18, linewidth=0)
    ax.step(edges, [*shares, shares[-1]], where="post", color=BLUE)
    overall = _overall(tables)
    if overall is not None:
        ax.axhline(overall, color=GREY, linestyle="--", linewidth=1)
        ax.annotate(f" {overall:.0f} % overall", (edges[-1], overall), ha="right", va="bottom", color=GREY)
    ax.set_ylim(0, 105)
    ax.set_ylabel("Patients, %")
    time_axis(ax, edges[0], edges[-1])
    return figure


def _overall(tables: Tables) -> float | None:
    found = [row["share_pct"] for row in tables["measures"] if row["place"] == 4]  # noqa: PLR2004 - its place in the SQL
    return found[0] if found else None


def _reliability_caption(tables: Tables) -> str:
    n = sum(row["patient_hours"] for row in tables["hours"])
    return (
        f"n = {n:,} patient-hours present. An hour counts a patient as reliable where at some observation of it "
        "all seven inputs of NEWS2 were within their maximum ages."
    )


def _reliability_alternative(tables: Tables) -> str:
    shares = [row["reliability_pct"] for row in tables["hours"]]
    if not shares:
        return "No patient-hour yet."
    overall = _overall(tables) or 0
    return (
        f"Share of patients with all seven NEWS2 inputs known at once, by hour: {overall:.0f} % overall, "
        f"{min(shares):.0f} % in the worst hour, {max(shares):.0f} % in the best."
    )


COMPLETENESS: Final = Picture(
    "completeness",
    "Vitals populated in Gold",
    draw_completeness,
    _completeness_caption,
    _completeness_alternative,
)
NULLS: Final = Picture("null_percentages", "Null percentages", draw_nulls, _nulls_caption, _nulls_alternative)
RELIABILITY: Final = Picture(
    "reliability", "Reliability by hour", draw_reliability, _reliability_caption, _reliability_alternative
)
