"""A patient's NEWS2 chart: what was measured over the bands in which it scores, the score, the alerts.

Laid out as the RCP's observation chart: one strip an input, in its order, shaded by the points that a value scores.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from vitalake.analytics.figures.picture import Picture, Rows, Tables
from vitalake.analytics.figures.style import (
    BLUE,
    GREY,
    POINT_COLOURS,
    PRIORITY_COLOURS,
    canvas,
    say_empty,
    time_axis,
)
from vitalake.analytics.words import axis_title, words
from vitalake.domain.bands import Bands
from vitalake.domain.news2 import (
    HEART_RATE,
    HIGH_FROM,
    MEDIUM_FROM,
    RESP_RATE,
    SPO2_SCALE_1,
    SPO2_SCALE_2_ON_AIR,
    SPO2_SCALE_2_ON_OXYGEN,
    SYSTOLIC_BP,
    TEMPERATURE,
)
from vitalake.domain.vitals import BY_NAME, CONSCIOUSNESS, SCORE_HOLD_US

_SPAN: Final = timedelta(hours=24)
_LEAST_SPAN: Final = timedelta(minutes=10)
_MOST_ALERTS: Final = 8
_DENSE: Final = 300
"""More monitored values than these are drawn as a line alone."""
_STRIPS: Final = ("resp_rate", "spo2", "systolic_bp", "heart_rate", "temperature")
_LEAST: Final = {"resp_rate": (8, 28), "spo2": (88, 100), "systolic_bp": (50, 180), "heart_rate": (45, 130)}
"""The least that a strip shows of its vital; 35 to 39 for the temperature."""
_BANDS: Final = {
    "resp_rate": RESP_RATE,
    "systolic_bp": SYSTOLIC_BP,
    "heart_rate": HEART_RATE,
    "temperature": TEMPERATURE,
}


def draw_chart(tables: Tables) -> Figure:
    """Draw the last 24 h of one patient's observations and alerts."""
    rows = _lately(tables["observations"])
    if not rows:
        figure, ax = canvas(8.4, 2)
        say_empty(ax, "no observation yet")
        return figure
    first, last = rows[0]["event_time"], rows[-1]["event_time"]
    alerts = _alerts(tables["alerts"], first)
    heights = [2.0, *[1.25] * len(_STRIPS), 1.0, 0.3 + 0.24 * max(len(alerts), 1)]
    figure, axes = canvas(
        8.4, 1.1 + sum(heights) * 0.85, len(heights), 1, sharex=True, gridspec_kw={"height_ratios": heights}
    )
    _draw_score(axes[0], rows)
    for ax, vital in zip(axes[1:-2], _STRIPS, strict=True):
        _draw_vital(ax, vital, rows)
    _draw_consciousness(axes[-2], rows)
    _draw_alerts(axes[-1], alerts, first, last)
    span = max(last - first, _LEAST_SPAN)
    time_axis(axes[-1], first, first + span, margin=span / 80)
    handles = [Patch(facecolor=POINT_COLOURS[p], edgecolor=GREY, label=f"{p}") for p in (1, 2, 3)]
    figure.legend(
        handles=handles,
        loc="outside upper right",
        ncols=3,
        title="points",
        title_fontsize=9,
        handlelength=1.2,
    )
    return figure


def _lately(rows: Rows) -> Rows:
    return [row for row in rows if row["event_time"] > rows[-1]["event_time"] - _SPAN]


def _draw_score(ax: Axes, rows: Rows) -> None:
    times = [row["event_time"] for row in rows]
    scores = [row["news2_score"] for row in rows]
    uppers = [row["news2_upper"] for row in rows]
    top = max([9, *(upper for upper in uppers if upper is not None)]) + 1
    for low, high, points in ((MEDIUM_FROM, HIGH_FROM, 2), (HIGH_FROM, top, 3)):
        ax.axhspan(low - 0.5, high - 0.5, color=POINT_COLOURS[points], linewidth=0)
    known = [0 if score is None else score for score in scores]
    ceiling = [score if upper is None else upper for score, upper in zip(known, uppers, strict=True)]
    ax.fill_between(
        times, known, ceiling, step="post", color=GREY, alpha=0.35, linewidth=0, label="may be up to"
    )
    for start, end in _spells(times):
        ax.step(times[start:end], known[start:end], where="post", color="black", linewidth=1.5)
    ax.set_ylim(-0.5, top - 0.5)
    ax.set_ylabel("NEWS2,\npoints")
    if ceiling != known:
        ax.legend(loc="upper left")


def _spells(times: list[datetime]) -> list[tuple[int, int]]:
    """Yield the runs of rows between which a score was forgotten."""
    hold = timedelta(microseconds=SCORE_HOLD_US)
    cuts = [place for place in range(1, len(times)) if times[place] - times[place - 1] > hold]
    return list(zip([0, *cuts], [*cuts, len(times)], strict=True))


def _draw_vital(ax: Axes, vital: str, rows: Rows) -> None:
    sent = [row for row in rows if row[vital] is not None]
    values = [row[vital] for row in sent]
    if vital == "systolic_bp":
        values += [row["diastolic_bp"] for row in sent if row["diastolic_bp"] is not None]
    low, high = _LEAST.get(vital, (35, 39))
    margin = 0.04 * (high - low)
    low, high = min([low, *values]) - margin, max([high, *values]) + margin
    _shade(ax, _bands(vital, rows), vital, low, high)
    for method, mark, size in (("monitor", ".", 2.5), ("spot", "o", 4), ("manual", "o", 4)):
        chosen = [row for row in sent if row["method"] == method]
        line = "-" if method == "monitor" else "none"
        marker = "" if len(chosen) > _DENSE else mark
        ax.plot(
            [row["event_time"] for row in chosen],
            [row[vital] for row in chosen],
            color=BLUE,
            marker=marker,
            markersize=size,
            linestyle=line,
            linewidth=0.9,
        )
    if vital == "systolic_bp":
        both = [row for row in sent if row["diastolic_bp"] is not None]
        ax.vlines(
            [row["event_time"] for row in both],
            [row["diastolic_bp"] for row in both],
            [row[vital] for row in both],
            color=BLUE,
            linewidth=0.5,
            alpha=0.5,
        )
    ax.set_ylim(low, high)
    ax.set_ylabel(axis_title(vital).replace(", ", ",\n"))
    ax.grid(axis="y", visible=False)


def _bands(vital: str, rows: Rows) -> Bands:
    if vital != "spo2":
        return _BANDS[vital]
    last = rows[-1]
    if last["spo2_scale_carried"] != 2:  # noqa: PLR2004 - the scale's name
        return SPO2_SCALE_1
    return SPO2_SCALE_2_ON_OXYGEN if last["on_oxygen_carried"] else SPO2_SCALE_2_ON_AIR


def _shade(ax: Axes, bands: Bands, vital: str, low: float, high: float) -> None:
    """Colour the background by points; a band ends half a charted step beyond its highest value."""
    half = BY_NAME[vital].resolution / 2
    start = low
    for highest, points in bands.bands:
        end = min(highest + half, high)
        if end > start:
            ax.axhspan(start, end, color=POINT_COLOURS[points], linewidth=0)
            start = end


def _draw_consciousness(ax: Axes, rows: Rows) -> None:
    sent = [row for row in rows if row["consciousness"] is not None]
    levels = [len(CONSCIOUSNESS) - CONSCIOUSNESS.index(row["consciousness"]) for row in sent]
    ax.axhspan(0.5, len(CONSCIOUSNESS) - 0.5, color=POINT_COLOURS[3], linewidth=0)
    ax.plot([row["event_time"] for row in sent], levels, "o", color=BLUE, markersize=4)
    on = [row["event_time"] for row in rows if row["on_oxygen"]]
    if on:
        ax.plot(on, [len(CONSCIOUSNESS) + 1] * len(on), "s", color=GREY, markersize=3.5)
    names = [*reversed(CONSCIOUSNESS), "O₂"]
    ax.set_yticks(range(1, len(names) + 1), names, fontsize=7)
    ax.set_ylim(0.5, len(names) + 0.5)
    ax.set_ylabel("ACVPU,\noxygen")
    ax.grid(axis="y", visible=False)


def _alerts(rows: Rows, first: datetime) -> dict[str, Rows]:
    """Yield the episodes of the span by type, the types that came first."""
    lately = [row for row in rows if row["cleared_at"] is None or row["cleared_at"] > first]
    kinds = list(dict.fromkeys((row["alert_type"], row["origin"]) for row in lately))[:_MOST_ALERTS]
    return {
        words(kind) + ("" if origin == "physiological" else f" ({origin})"): [
            row for row in lately if (row["alert_type"], row["origin"]) == (kind, origin)
        ]
        for kind, origin in kinds
    }


def _draw_alerts(ax: Axes, alerts: dict[str, Rows], first: datetime, last: datetime) -> None:
    for place, rows in enumerate(alerts.values()):
        for row in rows:
            start, end = max(row["started_at"], first), min(row["cleared_at"] or last, last)
            ax.barh(
                place,
                max(end - start, (last - first) / 400),
                left=start,
                color=PRIORITY_COLOURS[row["priority"]],
                height=0.62,
            )
    ax.set_yticks(range(len(alerts)), list(alerts), fontsize=8)
    ax.set_ylim(max(len(alerts), 1) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    if not alerts:
        ax.set_yticks([])
        ax.text(0.5, 0.5, "no alert", transform=ax.transAxes, ha="center", va="center", color=GREY)


def _caption(tables: Tables) -> str:
    rows = _lately(tables["observations"]) if tables["observations"] else []
    who = rows[-1]["patient_id"] if rows else "nobody"
    return (
        f"Patient {who}: n = {len(rows):,} observations of the last 24 h. Shading: NEWS2 points that a value scores"
        f"{_scale_note(rows)}; for the score, the bands medium and high. Bars: alert episodes "
        "by priority, darker is higher."
    )


def _scale_note(rows: Rows) -> str:
    if rows and rows[-1]["spo2_scale_carried"] == 2:  # noqa: PLR2004 - the scale's name
        return " (SpO₂ on scale 2)"
    return ""


def _alternative(tables: Tables) -> str:
    rows = _lately(tables["observations"]) if tables["observations"] else []
    if not rows:
        return "No observation yet."
    scores = [row["news2_score"] for row in rows if row["news2_score"] is not None]
    alerts = _alerts(tables["alerts"], rows[0]["event_time"])
    told = ", ".join(f"{name} {len(episodes)}" for name, episodes in alerts.items()) or "none"
    course = (
        f"the score went from {scores[0]} to {scores[-1]}, at most {max(scores)}"
        if scores
        else "no score yet"
    )
    return (
        f"NEWS2 chart of patient {rows[-1]['patient_id']} over the last 24 h: {course}. Alert episodes: {told}. "
        "Vitals are drawn over the bands in which they score."
    )


CHART: Final = Picture("news2_chart", "A patient's NEWS2 chart", draw_chart, _caption, _alternative)
