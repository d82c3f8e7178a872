"""JSON tokens to instants: RFC 3339 with an offset, as UTC microseconds."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vitalake.silver.kernel import Int64s, kernel
from vitalake.silver.utf8 import byte_view

BAD: Final = -(2**63)
"""What stands for a token that is no instant."""

_FIRST_S: Final = -62_135_596_800  # 0001-01-01T00:00:00Z
_END_S: Final = 253_402_300_800  # 10000-01-01T00:00:00Z
_QUOTE, _DASH, _PLUS, _COLON, _POINT, _ZERO, _NINE, _T, _Z = b'"-+:.09tz'
_LOWER_CASE: Final = 0x20  # the bit that makes an ASCII letter lower case
_FEBRUARY, _MONTHS, _LAST_HOUR, _LAST_MINUTE, _MICRO_DIGITS = 2, 12, 23, 59, 6
_OFFSET_LENGTH: Final = 6  # +01:00
_SHORTEST: Final = 22  # "2026-11-05T07:30:00Z" and its two quotes

Bytes = npt.NDArray[np.uint8]


def read_instants(tokens: pa.StringArray) -> Int64s:
    """Yield each token's UTC microseconds, BAD for one that is no instant of the years 1 to 9999 (or null).

    T and Z in either case; seconds required; digits past the microsecond are cut; no leap second, no hour 24.
    """
    data, bounds = byte_view(tokens)
    return _read_all(data, bounds)


@kernel
def _read_all(data: Bytes, bounds: npt.NDArray[np.int32]) -> Int64s:
    instants = np.empty(len(bounds) - 1, dtype=np.int64)
    for row in range(len(instants)):
        instants[row] = _read_instant(data, int(bounds[row]), int(bounds[row + 1]))
    return instants


@kernel
def _read_instant(data: Bytes, start: int, end: int) -> Any:
    if end - start < _SHORTEST or data[start] != _QUOTE or data[end - 1] != _QUOTE:
        return BAD
    seconds = _read_seconds(data, start + 1)
    micros, at = _read_fraction(data, start + 20)
    offset_s = _read_offset_s(data, at, end - 1)
    if seconds == BAD or micros < 0 or offset_s == BAD:
        return BAD
    utc = seconds - offset_s
    return utc * 1_000_000 + micros if _FIRST_S <= utc < _END_S else BAD


@kernel
def _read_seconds(data: Bytes, at: int) -> Any:
    """``YYYY-MM-DDThh:mm:ss`` as seconds of 1970 in its own zone, or BAD."""
    year, month, day = _digits(data, at, 4), _digits(data, at + 5, 2), _digits(data, at + 8, 2)
    hour, minute, second = _digits(data, at + 11, 2), _digits(data, at + 14, 2), _digits(data, at + 17, 2)
    if data[at + 4] != _DASH or data[at + 7] != _DASH or int(data[at + 10]) | _LOWER_CASE != _T:
        return BAD
    if data[at + 13] != _COLON or data[at + 16] != _COLON:
        return BAD
    if year < 0 or not 1 <= month <= _MONTHS or not 1 <= day <= _month_length(year, month):
        return BAD
    if not (0 <= hour <= _LAST_HOUR and 0 <= minute <= _LAST_MINUTE and 0 <= second <= _LAST_MINUTE):
        return BAD
    return ((_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second


@kernel
def _read_fraction(data: Bytes, at: int) -> Any:
    """The microseconds of an optional fraction (-1 where it has no digit) and the place after it."""
    if data[at] != _POINT:
        return 0, at
    first = at + 1
    at = first
    micros = 0
    while _ZERO <= data[at] <= _NINE:  # the closing quote ends it
        if at - first < _MICRO_DIGITS:
            micros = micros * 10 + int(data[at]) - _ZERO
        at += 1
    for _ in range(at - first, _MICRO_DIGITS):
        micros *= 10
    return (micros if at > first else -1), at


@kernel
def _read_offset_s(data: Bytes, at: int, end: int) -> Any:
    """``Z`` or ``±hh:mm``, which must end at ``end``, as seconds east of UTC, or BAD."""
    if end - at == 1 and int(data[at]) | _LOWER_CASE == _Z:
        return 0
    if end - at != _OFFSET_LENGTH or data[at + 3] != _COLON or (data[at] != _PLUS and data[at] != _DASH):
        return BAD
    hours, minutes = _digits(data, at + 1, 2), _digits(data, at + 4, 2)
    if not (0 <= hours <= _LAST_HOUR and 0 <= minutes <= _LAST_MINUTE):
        return BAD
    east = (hours * 60 + minutes) * 60
    return east if data[at] == _PLUS else -east


@kernel
def _digits(data: Bytes, at: int, count: int) -> Any:
    number = 0
    for place in range(at, at + count):
        if not _ZERO <= data[place] <= _NINE:
            return -1
        number = number * 10 + int(data[place]) - _ZERO
    return number


@kernel
def _month_length(year: int, month: int) -> Any:
    if month == _FEBRUARY:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@kernel
def _days(year: int, month: int, day: int) -> Any:
    """Days since 1970-01-01, proleptic Gregorian (Hinnant's days_from_civil: years begin in March)."""
    shifted = year - 1 if month <= _FEBRUARY else year
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * (month - 3 if month > _FEBRUARY else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468
