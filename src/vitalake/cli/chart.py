"""What a printed line shows of a patient's vitals, as a nurse charts them."""

from __future__ import annotations

import math
from typing import Final

from vitalake.cli.output import Column, field
from vitalake.domain.vitals import BY_NAME

_PRESCRIBED: Final = 2
"""The SpO2 scale that counts only where 88-92 % was prescribed."""


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


def news2(score: int | None, upper: int | None, scale: int | None) -> str:
    """Yield a score with the greatest it may be, where something is missing, and its SpO2 scale, where that is 2.

    >>> news2(3, 3, None), news2(3, 9, 1), news2(3, 3, 2), news2(3, 9, 2), news2(None, None, None)
    ('3', '3 (up to 9)', '3 (scale 2)', '3 (up to 9, scale 2)', '-')
    """
    aside = [f"up to {upper}"] * (score != upper) + ["scale 2"] * (scale == _PRESCRIBED)
    told = f" ({', '.join(aside)})" if aside else ""
    return "-" if score is None else f"{score}{told}"


def hours(length_h: float) -> str:
    """Yield a length of time in hours and minutes.

    >>> hours(0.009), hours(12.75)
    ('0:00', '12:45')
    """
    whole, minutes = divmod(math.floor(60 * length_h + 1e-6), 60)
    return f"{whole}:{minutes:02}"


def _vital(name: str, title: str) -> Column:
    return Column(title, lambda row: chart(name, row[name]), right=True)
