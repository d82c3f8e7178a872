"""Scores of the carried vector: NEWS2 with its bounds and bands, qSOFA, MEWS, shock index.

What counts points takes charted values (half up to the vital's resolution), ratios the kept ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from vitalake.domain import news2, scores
from vitalake.domain.rules import Rules
from vitalake.domain.vitals import (
    BY_NAME,
    CARRIED,
    CONSCIOUSNESS,
    NEWS2_INPUTS,
    NULL,
    RISK_GROUPS,
    SEVERITIES,
)
from vitalake.silver.carry import Carried
from vitalake.silver.context import Context
from vitalake.silver.kernel import Doubles, Int8s, Int32s, Int64s, kernel
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import SCORED
from vitalake.silver.timeline import UNKNOWN, Timeline

Int16s = npt.NDArray[np.int16]
Bits = npt.NDArray[np.uint8]

_NEWS2: Final = news2.lookup()
_GREATEST: Final = _NEWS2.max(axis=1)
_QSOFA, _MEWS = scores.lookup(scores.QSOFA), scores.lookup(scores.MEWS)

_SOURCE: Final = np.array([CARRIED.index(name) for name in NEWS2_INPUTS])
_QSOFA_INPUTS, _MEWS_INPUTS = (
    np.array([NEWS2_INPUTS.index(name) for name in score]) for score in (scores.QSOFA, scores.MEWS)
)
_SPO2, _OXYGEN = NEWS2_INPUTS.index("spo2"), NEWS2_INPUTS.index("on_oxygen")
_ON_AIR, _ON_OXYGEN = news2.ROWS.index("spo2_scale_2_on_air"), news2.ROWS.index("spo2_scale_2_on_oxygen")
_SCALE: Final = CARRIED.index("spo2_scale")
_STEP: Final = np.array(
    [round(BY_NAME[name].resolution * 100) if name in BY_NAME else 0 for name in NEWS2_INPUTS], np.int32
)
"""Hundredths in a charted step; 0 for a code."""
_UNKNOWN, _LOW, _LOW_MEDIUM, _MEDIUM, _HIGH = range(len(SEVERITIES))
_INPUTS: Final = len(NEWS2_INPUTS)

POINTS: Final = tuple(c.name for c in SCORED if c.name.startswith(("news2_", "qsofa", "mews")))
"""The columns of whole points, in the table's order: the seven components first."""
_SCORE, _MISSING, _MAX, _UPPER, _QSOFA_SUM, _QSOFA_MISSING, _MEWS_SUM = range(_INPUTS, len(POINTS))


@dataclass(frozen=True)
class Scored:
    """The columns SCORED of a timeline's rows, and what alarms look at (UNKNOWN where a maximum is null)."""

    columns: pa.Table
    news2_score: Int8s
    news2_max_component: Int8s
    news2_known: Int8s

    def context(self, carried: Carried) -> Context:
        """Yield what an alarm needs to know besides the vitals."""
        return Context(
            news2_score=self.news2_score,
            news2_max_component=self.news2_max_component,
            news2_known=self.news2_known,
            consciousness=carried.of("consciousness").astype(np.int8),
            on_oxygen=carried.of("on_oxygen").astype(np.int8),
            spo2_scale=carried.of("spo2_scale").astype(np.int8),
            therapy_until_us=carried.therapy_until_us,
            place=carried.place,
            place_until_us=carried.place_until_us,
        )


def score(carried: Carried, rules: Rules, timeline: Timeline, pool: StringPool) -> Scored:
    """Yield the scores of each row of the timeline."""
    n = len(timeline.time_us)
    points = np.empty((len(POINTS), n), np.int32)
    bands = np.empty((2, n), np.int8)
    used = np.empty(n, np.uint8)
    at_ward, steps = _assumptions(carried.ward, rules, pool)
    _score_rows(carried.value, at_ward, steps, points, bands, used)
    columns = _carried_columns(carried)
    columns["ward_carried"] = pool.decode(carried.ward)
    columns |= {name: _whole(column) for name, column in zip(POINTS, points, strict=True)}
    columns |= {
        "severity": _words(bands[0], SEVERITIES),
        "severity_upper": _words(bands[1], SEVERITIES),
        "risk_group": _words(bands[0], tuple(RISK_GROUPS[severity] for severity in SEVERITIES)),
        "assumed": _assumed(used),
        "shock_index": _ratio(carried.of("heart_rate"), carried.of("systolic_bp")),
    }
    schema = pa.schema([column.arrow for column in SCORED])
    table = pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
    return Scored(
        columns=table,
        news2_score=points[_SCORE].astype(np.int8),
        news2_max_component=np.where(points[_MAX] == NULL, UNKNOWN, points[_MAX]).astype(np.int8),
        news2_known=(_INPUTS - points[_MISSING]).astype(np.int8),
    )


def _assumptions(ward: Int64s, rules: Rules, pool: StringPool) -> tuple[Int16s, Int32s]:
    """Yield each row's row of ``steps``, which has the charted step or code assumed for each input."""
    wards = list(rules.ward_assumptions)
    codes = pool.encode(pa.array(wards, pa.string()))
    at_ward = np.zeros(len(ward), np.int16)
    for row, code in enumerate(codes.tolist(), start=1):
        at_ward[ward == code] = row
    steps = np.full((1 + len(wards), _INPUTS), UNKNOWN, np.int32)
    for row, name in enumerate((None, *wards)):
        for key, value in rules.assumed_in(name).items():
            steps[row, NEWS2_INPUTS.index(key)] = _assumed_step(key, value)
    return at_ward, steps


def _assumed_step(name: str, value: Any) -> int:
    """Yield the charted step, or the code, of an assumed value."""
    if name == "consciousness":
        return CONSCIOUSNESS.index(value)
    if name == "on_oxygen":
        return int(value)
    return _charted(round(value * 100), int(_STEP[NEWS2_INPUTS.index(name)]))


@kernel
def _charted(hundredths: int, step: int) -> int:
    """Yield the charted step: half up."""
    return (hundredths + step // 2) // step


@kernel
def _score_rows(
    value: Int32s, at_ward: Int16s, assumed: Int32s, points: Int32s, bands: Int8s, used: Bits
) -> None:
    steps = np.empty(_INPUTS, np.int32)
    for i in range(len(at_ward)):
        used[i] = _read_inputs(value, i, assumed[at_ward[i]], steps)
        _score_news2(steps, value[_SCALE, i] == 2, i, points, bands)  # noqa: PLR2004 - its name
        points[_QSOFA_SUM, i], points[_QSOFA_MISSING, i] = _sum_points(steps, _QSOFA_INPUTS, _QSOFA)
        total, missing = _sum_points(steps, _MEWS_INPUTS, _MEWS)
        points[_MEWS_SUM, i] = NULL if missing else total


@kernel
def _read_inputs(value: Int32s, i: int, assumed: Int32s, steps: Int32s) -> int:
    """Fill ``steps`` with the row's charted steps and codes; yield the bits of those that were assumed."""
    used = 0
    for k in range(_INPUTS):
        v = int(value[_SOURCE[k], i])
        if v < 0 and assumed[k] >= 0:
            used |= 1 << k
            steps[k] = assumed[k]
        elif v < 0:
            steps[k] = UNKNOWN
        else:
            steps[k] = _charted(v, int(_STEP[k])) if _STEP[k] else v
    return used


@kernel
def _score_news2(steps: Int32s, scale_2: bool, i: int, points: Int32s, bands: Int8s) -> None:
    """Write the components, their sum and bounds, and the bands of both."""
    total, missing, greatest, upper, greatest_upper = 0, 0, NULL, 0, 0
    for k in range(_INPUTS):
        row = k
        if k == _SPO2 and scale_2:
            row = _ON_OXYGEN if steps[_OXYGEN] == 1 else _ON_AIR
        most = int(_GREATEST[k])
        if steps[k] == UNKNOWN:
            missing += 1
            points[k, i] = NULL
        else:
            known = int(_NEWS2[row, steps[k]])
            points[k, i] = known
            total += known
            greatest = max(greatest, known)
            oxygen_may_raise = row == _ON_AIR and steps[_OXYGEN] == UNKNOWN
            most = int(_NEWS2[_ON_OXYGEN, steps[k]]) if oxygen_may_raise else known
        upper += most
        greatest_upper = max(greatest_upper, most)
    points[_SCORE, i], points[_MISSING, i] = total, missing
    points[_MAX, i], points[_UPPER, i] = greatest, upper
    bands[1, i] = _band(upper, greatest_upper)
    band = _band(total, greatest)
    bands[0, i] = _UNKNOWN if band == _LOW and bands[1, i] != _LOW else band


@kernel
def _band(total: int, greatest: int) -> int:
    """Yield the band of a NEWS2 whose components are all known."""
    if total >= news2.HIGH_FROM:
        return _HIGH
    if total >= news2.MEDIUM_FROM:
        return _MEDIUM
    return _LOW_MEDIUM if greatest >= news2.RED_SCORE else _LOW


@kernel
def _sum_points(steps: Int32s, inputs: Int64s, table: Int8s) -> tuple[int, int]:
    """Yield the points of what is known, and how many inputs are not."""
    total, missing = 0, 0
    for k in range(len(inputs)):
        step = steps[inputs[k]]
        if step == UNKNOWN:
            missing += 1
        else:
            total += int(table[k, step])
    return total, missing


def _carried_columns(carried: Carried) -> dict[str, pa.Array]:
    """Yield the carried values and ages."""
    columns = {}
    for name, value, age in zip(CARRIED, carried.value, carried.age_s, strict=True):
        missing = value < 0
        columns[f"{name}_age_s"] = pa.array(age, mask=missing)
        if name == "consciousness":
            columns[f"{name}_carried"] = _words(value, CONSCIOUSNESS)
        elif name == "on_oxygen":
            columns[f"{name}_carried"] = pa.array(value == 1, mask=missing)
        elif name == "spo2_scale":
            columns[f"{name}_carried"] = pa.array(value, mask=missing)
        else:
            columns[f"{name}_carried"] = pa.array(value / 100.0, mask=missing)
    return columns


def _whole(values: Int32s) -> pa.Array:
    return pa.array(values, mask=values == NULL)


def _words(codes: Int32s | Int8s, words: tuple[str, ...]) -> pa.Array:
    """Yield the word of each code; a negative one gives null."""
    indices = pa.array(codes.astype(np.int8), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words)).dictionary_decode()


def _assumed(used: Bits) -> pa.Array:
    """Yield the names of the inputs that were assumed, in NEWS2's order."""
    offsets = np.zeros(len(used) + 1, np.int32)
    some = used[used > 0]
    bits = (some[:, None] >> np.arange(_INPUTS, dtype=np.uint8)) & 1
    np.cumsum(np.bitwise_count(used), out=offsets[1:])
    return pa.ListArray.from_arrays(offsets, pa.array(NEWS2_INPUTS).take(pa.array(np.nonzero(bits)[1])))


def _ratio(numerator: Int32s, denominator: Int32s) -> pa.Array:
    """Yield the quotient of kept values, null where one is unknown."""
    missing = (numerator < 0) | (denominator < 0)
    quotient: Doubles = numerator / np.where(missing, 1, denominator)
    return pa.array(quotient, mask=missing)
