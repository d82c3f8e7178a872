"""Pictures of alerts: who has them, which there are, how far beyond their limits they go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vitalake.analytics.figures.picture import Picture, Rows, Tables
from vitalake.analytics.figures.style import GREY, PALE, PRIORITY_COLOURS, canvas, say_empty, stacked_bars
from vitalake.analytics.words import unit, words
from vitalake.domain.alert_types import beyond_limit

_MOST_PATIENTS: Final = 15
_MOST_LIMITS: Final = 4
_NEAREST_BIN: Final = -5


# Patients by alerts


def draw_patients(tables: Tables) -> Figure:
    """Draw the patients with most episodes, by priority."""
    rows = [row for row in tables["patients"] if row["episodes"]][:_MOST_PATIENTS]
    figure, ax = canvas(8.4, 1.1 + 0.27 * max(len(rows), 4))
    if not rows:
        say_empty(ax, "no episode yet")
        return figure
    series = {name: [row[f"{name}_episodes"] for row in rows] for name in PRIORITY_COLOURS}
    ends = stacked_bars(ax, [_patient_label(row) for row in rows], series, PRIORITY_COLOURS)
    for place, (end, row) in enumerate(zip(ends, rows, strict=True)):
        told = f" {row['episodes']:,}" + (f"  ({row['per_day']:.1f} a day)" if row["per_day"] else "")
        ax.text(end, place, told, va="center", fontsize=8.5, color=GREY)
    ax.margins(x=0.16)
    ax.set_xlabel("Episodes, physiological and device")
    ax.legend(loc="lower right", title="priority")
    return figure


def _patient_label(row: Mapping[str, Any]) -> str:
    return f"{row['patient_id']}  ({row['ward']})" if row["ward"] else f"{row['patient_id']}"


def _patients_caption(tables: Tables) -> str:
    rows = [row for row in tables["patients"] if row["episodes"]]
    total = sum(row["episodes"] for row in rows)
    return (
        f"n = {total:,} episodes of {len(rows):,} patients; a device's that a rule tells too counts once, technical "
        f"ones not at all. The {min(len(rows), _MOST_PATIENTS)} patients with most; in brackets "
        "their burden a monitored day."
    )


def _patients_alternative(tables: Tables) -> str:
    rows = [row for row in tables["patients"] if row["episodes"]][:3]
    told = [f"{row['patient_id']} {row['episodes']} ({row['share_pct']:.0f} %)" for row in rows]
    return f"Bars of episodes by patient and priority. Most: {', '.join(told) or 'nobody'}."


# Alert types


def draw_types(tables: Tables) -> Figure:
    """Draw the episodes of each type by priority, each origin apart."""
    by_origin = _by_origin(tables["types"])
    sizes = [len(rows) for rows in by_origin.values()] or [3]
    figure, axes = canvas(
        8.4,
        1.0 + 0.55 * len(sizes) + 0.25 * sum(sizes),
        len(sizes),
        1,
        squeeze=False,
        sharex=True,
        gridspec_kw={"height_ratios": sizes},
    )
    if not by_origin:
        say_empty(axes[0][0], "no episode yet")
        return figure
    for (ax,), (origin, rows) in zip(axes, by_origin.items(), strict=True):
        _draw_origin(ax, origin, rows)
    axes[-1][0].set_xlabel("Episodes")
    axes[-1][0].margins(x=0.12)
    axes[0][0].legend(loc="lower right", title="priority")
    return figure


def _draw_origin(ax: Axes, origin: str, rows: Rows) -> None:
    series = {name: [row[f"{name}_episodes"] for row in rows] for name in PRIORITY_COLOURS}
    ends = stacked_bars(ax, [words(row["alert_type"]) for row in rows], series, PRIORITY_COLOURS)
    for place, (end, row) in enumerate(zip(ends, rows, strict=True)):
        same = f"  ({row['same_episodes']:,} told by a rule too)" if row["same_episodes"] else ""
        ax.text(end, place, f" {row['episodes']:,}{same}", va="center", fontsize=8.5, color=GREY)
    ax.set_title(f"{origin} (n = {sum(row['episodes'] for row in rows):,})")


def _by_origin(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["origin"]].append(row)
    return dict(found)


def _types_caption(tables: Tables) -> str:
    counts = [
        f"{sum(row['episodes'] for row in rows):,} {origin}"
        for origin, rows in _by_origin(tables["types"]).items()
    ]
    told = ", ".join(counts) or "no"
    return f"n = {told} episodes. Origins are never added up: a device's alarm may be a rule's too."


def _types_alternative(tables: Tables) -> str:
    first = {
        origin: ", ".join(f"{words(row['alert_type'])} {row['episodes']}" for row in rows[:3])
        for origin, rows in _by_origin(tables["types"]).items()
    }
    told = [f"{origin}: {named}" for origin, named in first.items()]
    return f"Bars of episodes by type, priority and origin. Most frequent, {'; '.join(told) or 'none yet'}."


# Thresholds


def draw_thresholds(tables: Tables) -> Figure:
    """Draw, for the limits with most episodes, episodes and time in hold by distance from the limit."""
    limits = [row for row in tables["limits"] if row["episodes"]][:_MOST_LIMITS]
    figure, axes = canvas(8.4, 4.4, 2, max(len(limits), 1), squeeze=False, sharex="col")
    if not limits:
        say_empty(axes[0][0], "no episode of a rule yet")
        axes[1][0].set_axis_off()
        return figure
    for column, limit in enumerate(limits):
        _draw_limit(axes[0][column], axes[1][column], limit, _margins(tables["margins"], limit))
    axes[0][0].set_ylabel("Episodes")
    axes[1][0].set_ylabel("Time in hold, h")
    return figure


def _draw_limit(above: Axes, below: Axes, limit: Mapping[str, Any], rows: Rows) -> None:
    places = [row["margin_bin"] for row in rows]
    beyond = [place >= 0 for place in places]
    colour = PRIORITY_COLOURS[str(limit["priority"])]
    above.bar(places, [row["episodes"] for row in rows], color=colour, width=0.9)
    below.bar(
        places,
        [row["minutes"] / 60 for row in rows],
        color=[colour if each else PALE for each in beyond],
        width=0.9,
    )
    for ax in (above, below):
        ax.axvline(-0.5, color="black", linewidth=1)
        ax.grid(axis="x", visible=False)
    above.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    vital = str(limit["vital"])
    alarm = str(limit["alert_type"])
    above.set_title(
        f"{words(alarm)}, {limit['priority']}\n{beyond_limit(alarm, limit['limit_value'])} {unit(vital)}",
        fontsize=9.5,
    )
    shown = [row for row in rows if row["margin_bin"] % 5 == 0]
    below.set_xticks(
        [row["margin_bin"] for row in shown], [f"{row['margin_from']:+g}".replace("-", "−") for row in shown]
    )
    below.set_xlim(_NEAREST_BIN - 0.6, 9.6)
    below.set_xlabel(f"Beyond the limit, {unit(vital)}")


def _margins(rows: Rows, limit: Mapping[str, Any]) -> Rows:
    keys = ("alert_type", "priority", "vital", "limit_value")
    return [
        row
        for row in rows
        if all(row[key] == limit[key] for key in keys) and row["margin_bin"] >= _NEAREST_BIN
    ]


def _thresholds_caption(tables: Tables) -> str:
    n = sum(row["episodes"] for row in tables["limits"])
    return (
        f"n = {n:,} episodes of rules on vitals; the limits with most. Above: episodes by how far their extreme went. "
        "Below: time that values in hold spent there, grey where it was short of the limit (the vertical line)."
    )


def _thresholds_alternative(tables: Tables) -> str:
    told = [
        f"{words(row['alert_type'])} {row['priority']} ({beyond_limit(row['alert_type'], row['limit_value'])}): "
        f"{row['near_episodes']} of {row['episodes']} within the first step"
        for row in tables["limits"][:_MOST_LIMITS]
        if row["episodes"]
    ]
    return f"Episodes by distance beyond their limit. {'; '.join(told) or 'None yet'}."


PATIENTS: Final = Picture(
    "patients_by_alerts", "Patients with most alerts", draw_patients, _patients_caption, _patients_alternative
)
TYPES: Final = Picture("alert_types", "Alert types", draw_types, _types_caption, _types_alternative)
THRESHOLDS: Final = Picture(
    "thresholds", "Alerts around their limits", draw_thresholds, _thresholds_caption, _thresholds_alternative
)
