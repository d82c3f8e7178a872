"""How answers, pictures and the report call vitals, units and the lake's own names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vitalake.domain.vitals import BY_NAME

_UNITS: Final[Mapping[str, str]] = {"mm[Hg]": "mmHg", "Cel": "°C", "1": ""}

SHORT: Final[Mapping[str, str]] = {
    "heart_rate": "Heart rate",
    "pulse_rate": "Pulse rate",
    "resp_rate": "Resp. rate",
    "spo2": "SpO₂",
    "systolic_bp": "Systolic BP",
    "diastolic_bp": "Diastolic BP",
    "mean_bp": "Mean BP",
    "temperature": "Temperature",
}
"""Vitals as an axis names them."""


def written_unit(code: str | None) -> str:
    """Yield a UCUM unit as people write it; nothing for none and for a plain number.

    >>> written_unit("Cel"), written_unit("/min"), written_unit("1"), written_unit(None)
    ('°C', '/min', '', '')
    """
    return _UNITS.get(code or "", code or "")


def unit(vital: str) -> str:
    """Yield a vital's unit as people write it.

    >>> unit("systolic_bp")
    'mmHg'
    """
    return written_unit(BY_NAME[vital].unit)


def axis_title(vital: str) -> str:
    """Yield what an axis says of a vital.

    >>> axis_title("spo2")
    'SpO₂, %'
    """
    return f"{SHORT[vital]}, {unit(vital)}"


def words(name: str) -> str:
    """Yield a name of the lake as a label.

    >>> words("low_medium")
    'low medium'
    """
    return name.replace("_", " ")


def plain(name: str) -> str:
    """Yield a name of the lake as a word in a sentence.

    >>> plain("resp_rate"), plain("spo2"), plain("early_warning")
    ('respiratory rate', 'SpO2', 'early warning')
    """
    if name not in BY_NAME:
        return words(name)
    title = BY_NAME[name].title
    return title if title.startswith("SpO2") else title.lower()


def started(text: str) -> str:
    """Yield a text as a sentence starts.

    >>> started("of device alerts"), started("SpO2 falls")
    ('Of device alerts', 'SpO2 falls')
    """
    return text[:1].upper() + text[1:]


def signed(value: float) -> str:
    """Yield a number with its sign.

    >>> signed(-0.413)
    '−0.41'
    """
    return f"{value:+.2f}".replace("-", "−")
