"""The scores of one set of inputs, by the printed charts: NEWS2 and its bounds, qSOFA, MEWS, shock index.

Inputs are a dict of `INPUTS`; numbers are charted hundredths, None where unknown.
Sources: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017; Subbe 2001; Singer 2016.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

INPUTS = ("resp_rate", "spo2", "on_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature")
BANDS = ("low", "low_medium", "medium", "high")
GROUPS = {
    "high": "CRITICAL",
    "medium": "MODERATE",
    "low_medium": "MODERATE",
    "low": "STABLE",
    "unknown": "UNKNOWN",
}

Chart = tuple[tuple[float, int], ...]
"""Rows of (up to and including [charted units], points), rising; beyond the last row its points go on."""

_ABOVE = float("inf")
NEWS2: dict[str, Chart] = {
    "resp_rate": ((8, 3), (11, 1), (20, 0), (24, 2), (_ABOVE, 3)),
    "systolic_bp": ((90, 3), (100, 2), (110, 1), (219, 0), (_ABOVE, 3)),
    "heart_rate": ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (_ABOVE, 3)),
    "temperature": ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (_ABOVE, 2)),
}
SPO2_SCALE_1: Chart = ((91, 3), (93, 2), (95, 1), (_ABOVE, 0))
SPO2_SCALE_2_AIR: Chart = ((83, 3), (85, 2), (87, 1), (_ABOVE, 0))
SPO2_SCALE_2_OXYGEN: Chart = ((83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), (_ABOVE, 3))
MEWS: dict[str, Chart] = {
    "systolic_bp": ((70, 3), (80, 2), (100, 1), (199, 0), (_ABOVE, 2)),
    "heart_rate": ((40, 2), (50, 1), (100, 0), (110, 1), (129, 2), (_ABOVE, 3)),
    "resp_rate": ((8, 2), (14, 0), (20, 1), (29, 2), (_ABOVE, 3)),
    "temperature": ((34.9, 2), (38.4, 0), (_ABOVE, 2)),
}
MEWS_CONSCIOUSNESS = {"A": 0, "V": 1, "C": 1, "P": 2, "U": 3}

_COMPLETIONS: dict[str, tuple[Any, ...]] = {
    "resp_rate": (800, 1000, 1600, 2200, 2500),
    "spo2": (8300, 8500, 8700, 9100, 9200, 9300, 9400, 9600, 9700),
    "on_oxygen": (False, True),
    "systolic_bp": (9000, 9500, 10500, 12000, 22000),
    "heart_rate": (4000, 4500, 7000, 10000, 12000, 13100),
    "consciousness": ("A", "V"),
    "temperature": (3500, 3550, 3700, 3850, 3910),
}
"""What a missing input might be: at least one value of every band of the chart, on either scale."""


def points(chart: Chart, hundredths: int) -> int:
    """Yield the points of a charted value."""
    return next(score for up_to, score in chart if hundredths <= up_to * 100)


def components(inputs: Mapping[str, Any], scale: int) -> dict[str, int | None]:
    """Yield the seven component scores, None where the input is unknown."""
    return {name: None if inputs[name] is None else _component(name, inputs, scale) for name in INPUTS}


def _component(name: str, inputs: Mapping[str, Any], scale: int) -> int:
    value = inputs[name]
    if name == "on_oxygen":
        return 2 if value else 0
    if name == "consciousness":
        return 0 if value == "A" else 3
    if name == "spo2":
        if scale == 1:
            return points(SPO2_SCALE_1, value)
        return points(SPO2_SCALE_2_OXYGEN if inputs["on_oxygen"] else SPO2_SCALE_2_AIR, value)
    return points(NEWS2[name], value)


def band(scores: list[int]) -> str:
    """Yield the band of the component scores' sum: high, medium, low_medium (one of 3) or low."""
    total = sum(scores)
    if total >= 7:
        return "high"
    if total >= 5:
        return "medium"
    return "low_medium" if 3 in scores else "low"


def completions(inputs: Mapping[str, Any], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the inputs with the named ones filled in where missing, in all ways that score differently."""
    choices = [(inputs[name],) if inputs[name] is not None else _COMPLETIONS[name] for name in names]
    for filled in product(*choices):
        yield {**inputs, **dict(zip(names, filled, strict=True))}


_TOGETHER = (
    ("spo2", "on_oxygen"),
    ("resp_rate",),
    ("systolic_bp",),
    ("heart_rate",),
    ("consciousness",),
    ("temperature",),
)
"""Inputs by what scores together: oxygen decides on how an SpO2 of scale 2 scores."""


def bounds(inputs: Mapping[str, Any], scale: int) -> tuple[int, str]:
    """Yield the greatest total and the highest band over all completions."""
    return _bounds(
        tuple(_possible(names, tuple(inputs[name] for name in names), scale) for names in _TOGETHER)
    )


@lru_cache(maxsize=100_000)
def _possible(names: tuple[str, ...], values: tuple[Any, ...], scale: int) -> frozenset[tuple[int, ...]]:
    """Yield how inputs that score together may score."""
    inputs = dict(zip(names, values, strict=True))
    return frozenset(
        tuple(_component(name, filled, scale) for name in names) for filled in completions(inputs, names)
    )


@lru_cache(maxsize=100_000)
def _bounds(possible: tuple[frozenset[tuple[int, ...]], ...]) -> tuple[int, str]:
    """Yield the same from the scores that are possible, tried in every combination."""
    greatest, highest = 0, "low"
    for scores in product(*possible):
        flat = [score for group in scores for score in group]
        greatest = max(greatest, sum(flat))
        highest = max(highest, band(flat), key=BANDS.index)
    return greatest, highest


def score_news2(inputs: Mapping[str, Any], scale: int) -> dict[str, Any]:
    """Yield the NEWS2 columns of silver_observations."""
    parts = components(inputs, scale)
    known = [score for score in parts.values() if score is not None]
    upper, severity_upper = bounds(inputs, scale)
    severity = band(known)
    if severity == "low" and severity_upper != "low":
        severity = "unknown"
    return {
        **{f"news2_{name.removeprefix('on_')}": score for name, score in parts.items()},
        "news2_score": sum(known),
        "news2_missing": len(INPUTS) - len(known),
        "news2_max_component": max(known, default=None),
        "news2_upper": upper,
        "severity": severity,
        "severity_upper": severity_upper,
        "risk_group": GROUPS[severity],
    }


def score_qsofa(inputs: Mapping[str, Any]) -> dict[str, int]:
    """Yield qsofa, the points of what is known, and qsofa_missing."""
    resp, systolic, consciousness = inputs["resp_rate"], inputs["systolic_bp"], inputs["consciousness"]
    met = [
        None if resp is None else resp >= 2200,
        None if systolic is None else systolic <= 10000,
        None if consciousness is None else consciousness != "A",
    ]
    return {"qsofa": met.count(True), "qsofa_missing": met.count(None)}


def score_mews(inputs: Mapping[str, Any]) -> int | None:
    """Yield MEWS, None where an input is unknown."""
    if any(inputs[name] is None for name in (*MEWS, "consciousness")):
        return None
    return (
        sum(points(chart, inputs[name]) for name, chart in MEWS.items())
        + MEWS_CONSCIOUSNESS[inputs["consciousness"]]
    )
