"""The default alarm policy, from the printed table; limits in hundredths, delays in microseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reference.definitions import SECOND

PRIORITIES = ("low", "medium", "high")
ABOVE, BELOW = 1, -1
RANKS = {"A": 0, "C": 100, "V": 100, "P": 200, "U": 200}
"""Consciousness as a number that a limit can be held against."""
SCORES = ("news2_score", "news2_max_component", "consciousness")
"""What follows the patient's events rather than a signal's own hold."""


@dataclass(frozen=True)
class Limits:
    """The limit and delay of each priority that has one, and the hysteresis."""

    limit: Mapping[str, int]
    delay: Mapping[str, int]
    hysteresis: int

    @property
    def lowest(self) -> str:
        """The lowest priority that has a limit."""
        return next(p for p in PRIORITIES if p in self.limit)


@dataclass(frozen=True)
class Rule:
    """One alert type: what it looks at, on which side of the limit, and its limits by context.

    Contexts: ``always``; or some of ``scale_1``, ``scale_2``, ``scale_2_on_oxygen``, others having no limit.
    """

    alert_type: str
    looks_at: str
    side: int
    limits: Mapping[str, Limits]


@dataclass(frozen=True)
class Policy:
    """The rules for everywhere, those that replace them by ward and type, and the version told on alerts."""

    rules: tuple[Rule, ...]
    by_ward: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)
    version: str = "reference"


def _limits(limits: tuple[Any, ...], delays: tuple[Any, ...], hysteresis: float) -> Limits:
    return Limits(
        {p: round(x * 100) for p, x in zip(PRIORITIES, limits, strict=True) if x is not None},
        {p: d * SECOND for p, x, d in zip(PRIORITIES, limits, delays, strict=True) if x is not None},
        round(hysteresis * 100),
    )


def _always(alert_type: str, looks_at: str, side: int, *limits: Any) -> Rule:
    return Rule(alert_type, looks_at, side, {"always": _limits(*limits)})


DEFAULT = Policy(
    (
        _always("tachycardia", "heart", ABOVE, (120, 130, 150), (120, 60, 10), 3),
        _always("bradycardia", "heart", BELOW, (50, 45, 41), (120, 60, 10), 3),
        _always("tachypnoea", "resp_rate", ABOVE, (24, 30, 35), (300, 120, 60), 2),
        _always("bradypnoea", "resp_rate", BELOW, (10, 9, 7), (120, 60, 30), 1),
        Rule(
            "hypoxaemia", "spo2", BELOW,
            {
                "scale_1": _limits((92, 90, 85), (120, 30, 15), 1),
                "scale_2": _limits((88, 86, 84), (120, 30, 15), 1),
                "scale_2_on_oxygen": _limits((88, 86, 84), (120, 30, 15), 1),
            },
        ),
        Rule(
            "hyperoxaemia", "spo2", ABOVE,
            {"scale_2_on_oxygen": _limits((92, 96, None), (900, 900, None), 1)},
        ),
        _always("hypertension", "systolic_bp", ABOVE, (180, 200, 219), (60, 60, 60), 5),
        _always("hypotension", "systolic_bp", BELOW, (91, 81, 71), (60, 60, 60), 5),
        _always("low_mean_pressure", "mean_bp", BELOW, (None, 65, 55), (60, 60, 60), 3),
        _always("fever", "temperature", ABOVE, (38.0, 39.0, 40.0), (60, 60, 60), 0.3),
        _always("hypothermia", "temperature", BELOW, (36.1, 35.1, 34.0), (60, 60, 60), 0.3),
        _always("early_warning", "news2_score", ABOVE, (None, 4, 6), (None, 120, 120), 1),
        _always("single_parameter", "news2_max_component", ABOVE, (2, None, None), (120, None, None), 0),
        _always("reduced_consciousness", "consciousness", ABOVE, (None, 0, 1), (None, 0, 0), 0),
    )
)  # fmt: skip
