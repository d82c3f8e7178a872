"""What a printed line shows of a patient's vitals, as a nurse charts them."""

from __future__ import annotations

import math

from vitalake.cli.output import Column, field
from vitalake.domain.vitals import BY_NAME


def chart_columns() -> list[Column]:
    """Yield the columns of the NEWS2 inputs, in the order in which a ward reads them."""
    return [
        _vital("heart_rate", "HR"),
        _vital("resp_rate", "RR"),
        _vital("spo2", "SpO2"),
        field("on_oxygen", "O2"),
        _vital("systolic_bp", "SBP"),
        _vital("temperature", "T"),
        field("consciousness", "ACVPU"),
    ]


def chart(name: str, value: float | None) -> str:
    """Yield a value rounded half up to its vital's resolution, as scores read it.

    >>> chart("spo2", 92.5), chart("temperature", 38.25), chart("heart_rate", None)
    ('93', '38.3', '-')
    """
    if value is None:
        return "-"
    digits = 0 if BY_NAME[name].resolution >= 1 else 1
    scale: int = 10**digits
    return f"{math.floor(value * scale + 0.5 + 1e-9) / scale:.{digits}f}"


def news2(score: int | None, upper: int | None) -> str:
    """Yield a score with the greatest it may be, where something is missing.

    >>> news2(3, 3), news2(3, 9)
    ('3', '3 (up to 9)')
    """
    return f"{score}" if score == upper or score is None else f"{score} (up to {upper})"


def _vital(name: str, title: str) -> Column:
    return Column(title, lambda row: chart(name, row[name]), right=True)
