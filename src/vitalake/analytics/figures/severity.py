"""Pictures of severity: vitals by it, and who spends how long in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vitalake.analytics.figures.picture import Picture, Rows, Tables
from vitalake.analytics.figures.style import (
    GREY,
    SEVERITY_COLOURS,
    canvas,
    say_empty,
    stacked_bars,
    time_axis,
)
from vitalake.analytics.statistics import mean_of, quantile
from vitalake.analytics.words import SHORT, axis_title, plain, unit, words
from vitalake.domain.news2 import HIGH_FROM, MEDIUM_FROM

_BY_SEVERITY: Final = ("heart_rate", "spo2")
_MOST_WARDS: Final = 12

_BLUES: Final = LinearSegmentedColormap.from_list("blues", ["#dbe9f6", "#4292c6", "#08306b"])

GROUPS: Final = (
    ("0", 0, 0, SEVERITY_COLOURS["low"]),
    (f"1–{MEDIUM_FROM - 1}", 1, MEDIUM_FROM - 1, SEVERITY_COLOURS["low_medium"]),
    (f"{MEDIUM_FROM}–{HIGH_FROM - 1}", MEDIUM_FROM, HIGH_FROM - 1, SEVERITY_COLOURS["medium"]),
    (f"≥ {HIGH_FROM}", HIGH_FROM, 20, SEVERITY_COLOURS["high"]),
)
"""Bands of NEWS2 of the other inputs: label, lowest, highest, colour."""


# Heart rate and SpO2 by severity


def draw_vitals(tables: Tables) -> Figure:
    """Draw the quartiles of heart rate and SpO2 by NEWS2 of the other inputs."""
    figure, axes = canvas(8.4, 3.9, 1, len(_BY_SEVERITY))
    for ax, vital in zip(axes, _BY_SEVERITY, strict=True):
        _draw_boxes(ax, vital, _of(tables["readings"], vital))
    return figure


def _draw_boxes(ax: Axes, vital: str, rows: Rows) -> None:
    if not rows:
        say_empty(ax, f"no reading of {SHORT[vital]} yet")
        return
    boxes = [_box(label, rows, low, high) for label, low, high, _ in GROUPS]
    drawn = ax.bxp(
        [box for box in boxes if box],
        positions=[place for place, box in enumerate(boxes) if box],
        showfliers=False,
        patch_artist=True,
        widths=0.55,
        medianprops={"color": "black", "linewidth": 1.6},
        whiskerprops={"color": GREY},
        capprops={"color": GREY},
    )
    medians = [(place, box["med"]) for place, box in enumerate(boxes) if box]
    ax.plot(
        *zip(*medians, strict=True),
        "o",
        markerfacecolor="white",
        markeredgecolor="black",
        markersize=6,
        zorder=5,
    )
    colours = [group[3] for group, box in zip(GROUPS, boxes, strict=True) if box]
    for patch, colour in zip(drawn["boxes"], colours, strict=True):
        patch.set(facecolor=colour, edgecolor=GREY)
    ax.set_xlim(-0.6, len(GROUPS) - 0.4)
    counts = [_count(_within(rows, low, high)) for _, low, high, _ in GROUPS]
    labels = [f"{group[0]}\nn = {n:,}" for group, n in zip(GROUPS, counts, strict=True)]
    ax.set_xticks(range(len(GROUPS)), labels)
    ax.set_ylabel(axis_title(vital))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.set_xlabel("NEWS2 of the other inputs, points")
    ax.grid(axis="x", visible=False)


def _box(label: str, rows: Rows, low: int, high: int) -> dict[str, Any] | None:
    """Yield the five numbers of a box: quartiles, and the 5th and 95th percentile as whiskers."""
    chosen = _within(rows, low, high)
    if not chosen:
        return None
    values, counts = [row["charted"] for row in chosen], [row["readings"] for row in chosen]
    low5, q1, median, q3, high95 = (quantile(values, counts, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95))
    return {"label": label, "whislo": low5, "q1": q1, "med": median, "q3": q3, "whishi": high95}


def _vitals_caption(tables: Tables) -> str:
    counted = " and ".join(
        f"{_count(_of(tables['readings'], vital)):,} of {plain(vital)}" for vital in _BY_SEVERITY
    )
    return (
        f"Median, quartiles and 5th to 95th percentile; n = {counted}: one reading a patient-hour, the "
        "median of a monitor's, else the last charted. Severity is NEWS2 without the vital's own points: none explains "
        "itself."
    )


def _vitals_alternative(tables: Tables) -> str:
    told = [_medians(vital, _of(tables["readings"], vital)) for vital in _BY_SEVERITY]
    return "Box plots by NEWS2 of the other inputs. " + " ".join(told)


def _medians(vital: str, rows: Rows) -> str:
    found = []
    for label, low, high, _ in GROUPS:
        box = _box(label, rows, low, high)
        if box:
            found.append(f"{box['med']:g} at {label}")
    return f"Median {plain(vital)} in {unit(vital)}: {', '.join(found) or 'no reading'}."


# Heart rate against severity


def draw_heart_rate(tables: Tables) -> Figure:
    """Draw how often each heart rate met each NEWS2 of the other inputs, and the mean heart rate."""
    figure, ax = canvas(8.4, 4.2)
    rows = _of(tables["readings"], "heart_rate")
    if not rows:
        say_empty(ax, "no reading of heart rate yet")
        return figure
    others = np.array([row["others"] for row in rows])
    rates = np.array([row["charted"] for row in rows])
    counts = np.array([row["readings"] for row in rows])
    bins = (np.arange(-0.5, others.max() + 1.5), np.arange(5 * (rates.min() // 5), rates.max() + 6, 5))
    grid, _, _ = np.histogram2d(others, rates, bins=bins, weights=counts)
    share = 100 * grid / np.maximum(grid.sum(axis=1, keepdims=True), 1)
    image = ax.pcolormesh(
        *bins, np.where(grid > 0, share, np.nan).T, cmap=_BLUES, vmin=0, edgecolors="face", linewidth=0.4
    )
    figure.colorbar(image, ax=ax, label="Share of the readings at that score, %", pad=0.02)
    scores = sorted(set(others.tolist()))
    means = [mean_of(rates[others == score], counts[others == score]) for score in scores]
    ax.plot(scores, means, color="white", linewidth=4)
    ax.plot(scores, means, color="#D55E00", marker="o", markersize=4.5, label="mean heart rate")
    ax.legend(loc="upper left")
    ax.set_xlabel("NEWS2 of the other six inputs, points")
    ax.set_ylabel(axis_title("heart_rate"))
    ax.set_xticks(range(0, int(others.max()) + 1, max(1, int(others.max()) // 14 + 1)))
    ax.grid(visible=False)
    return figure


def _heart_rate_caption(tables: Tables) -> str:
    n = _count(_of(tables["readings"], "heart_rate"))
    return (
        f"n = {n:,} readings, one a patient-hour. Columns add up to 100 %: colour shows where the "
        "heart rates of a score lie, whatever the score's frequency."
    )


def _heart_rate_alternative(tables: Tables) -> str:
    rows = _of(tables["readings"], "heart_rate")
    ends = [
        f"{mean_of([row['charted'] for row in part], [row['readings'] for row in part]):.0f}/min at {label}"
        for label, low, high, _ in GROUPS
        if (part := _within(rows, low, high))
    ]
    return f"Mean heart rate by NEWS2 of the other inputs: {', '.join(ends) or 'no reading'}."


# Severity breakdown


def draw_breakdown(tables: Tables) -> Figure:
    """Draw the share of patient time in each severity, by hour and by ward."""
    wards = _ward_shares(tables["severities"])
    figure, (over_time, by_ward) = canvas(
        8.4, 3.2 + 0.16 * max(len(wards) - 4, 0), 1, 2, gridspec_kw={"width_ratios": [3, 2]}
    )
    if not wards:
        say_empty(over_time, "no time in any severity yet")
        by_ward.set_axis_off()
        return figure
    _draw_hours(over_time, tables["hours"])
    labels = [f"{ward}\n{total:,.0f} h" for ward, (total, _) in wards.items()]
    series = {name: [shares[name] for _, shares in wards.values()] for name in SEVERITY_COLOURS}
    stacked_bars(by_ward, labels, series, SEVERITY_COLOURS)
    by_ward.set_xlim(0, 100)
    by_ward.set_xlabel("Share of patient time, %")
    handles, names = by_ward.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=len(names), handlelength=1.2)
    return figure


def _draw_hours(ax: Axes, rows: Rows) -> None:
    hours = sorted({row["hour"] for row in rows})
    spent: dict[Any, dict[str, float]] = defaultdict(lambda: dict.fromkeys(SEVERITY_COLOURS, 0.0))
    for row in rows:
        spent[row["hour"]][row["severity"]] += row["patient_hours"]
    edges = [*hours, hours[-1] + timedelta(hours=1)]
    base = np.zeros(len(edges))
    totals = np.array([max(sum(spent[hour].values()), 1e-9) for hour in hours])
    for severity, colour in SEVERITY_COLOURS.items():
        share = 100 * np.array([spent[hour][severity] for hour in hours]) / totals
        top = base + np.append(share, share[-1])
        ax.fill_between(edges, base, top, step="post", color=colour, linewidth=0)
        base = top
    ax.set_ylim(0, 100)
    ax.set_ylabel("Share of patient time, %")
    time_axis(ax, edges[0], edges[-1])


def _ward_shares(rows: Rows) -> dict[str, tuple[float, dict[str, float]]]:
    """Yield hours and shares of severities by ward, those with most time, the gravest first."""
    spent: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(SEVERITY_COLOURS, 0.0))
    for row in rows:
        spent[row["ward"]][row["severity"]] += row["patient_hours"]
    totals = {ward: sum(hours.values()) for ward, hours in spent.items()}
    most = sorted((ward for ward in totals if totals[ward] > 0), key=lambda ward: -totals[ward])[:_MOST_WARDS]
    shares = {
        ward: (totals[ward], {name: 100 * hours / totals[ward] for name, hours in spent[ward].items()})
        for ward in most
    }
    return dict(sorted(shares.items(), key=lambda item: (-item[1][1]["high"], item[0])))


def _breakdown_caption(tables: Tables) -> str:
    total = sum(row["patient_hours"] for row in tables["severities"])
    wards = len({row["ward"] for row in tables["severities"]})
    shown = "" if wards <= _MOST_WARDS else f"; the {_MOST_WARDS} wards with most time are shown"
    return (
        f"n = {total:,.0f} patient-hours in {_counted(wards, 'ward')}{shown}. Unknown: too little is known to "
        "call it low."
    )


def _breakdown_alternative(tables: Tables) -> str:
    spent: dict[str, float] = defaultdict(float)
    for row in tables["severities"]:
        spent[row["severity"]] += row["patient_hours"]
    total = sum(spent.values())
    shares = (
        [f"{words(name)} {100 * spent[name] / total:.1f} %" for name in SEVERITY_COLOURS] if total else []
    )
    return f"Share of patient time in each severity: {', '.join(shares) or 'none yet'}; by hour and by ward."


def _counted(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def _of(rows: Rows, vital: str) -> Rows:
    return [row for row in rows if row["vital"] == vital]


def _within(rows: Rows, low: int, high: int) -> Sequence[Mapping[str, Any]]:
    return [row for row in rows if low <= row["others"] <= high]


def _count(rows: Rows) -> int:
    return sum(row["readings"] for row in rows)


VITALS_BY_SEVERITY: Final = Picture(
    "vitals_by_severity",
    "Heart rate and SpO₂ by severity",
    draw_vitals,
    _vitals_caption,
    _vitals_alternative,
)
HEART_RATE: Final = Picture(
    "heart_rate_and_severity",
    "Heart rate against severity",
    draw_heart_rate,
    _heart_rate_caption,
    _heart_rate_alternative,
)
BREAKDOWN: Final = Picture(
    "severity_breakdown", "Severity breakdown", draw_breakdown, _breakdown_caption, _breakdown_alternative
)
