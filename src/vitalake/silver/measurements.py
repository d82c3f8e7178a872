"""Tokens to what was measured: vitals, pressures as one measurement, consciousness, oxygen therapy and scale.

Plausibility is judged on the double that was sent; what is kept are its hundredths.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.contract import AIR_FRACTION, BY_NAME, NUMBERS, PRESSURES
from vitalake.domain.vitals import VITALS
from vitalake.silver.issues import Issues
from vitalake.silver.kernel import Bools, Doubles, Int8s
from vitalake.silver.numbers import keep_hundredths, read_numbers
from vitalake.silver.texts import UNKNOWN, default_index, read_code, spell
from vitalake.silver.tokens import Columns

Numbers = dict[str, Doubles]
"""The doubles of each field, NaN where there is none."""

_FAHRENHEIT: Final = BY_NAME["temperature_unit"].codes.index("degF")
_SCALES: Final = tuple(float(code) for code in BY_NAME["spo2_scale"].codes)


def read_measurements(tokens: Columns, issues: Issues) -> tuple[dict[str, pa.Array], Bools]:
    """Yield silver's measured columns, and where something was measured (or rejected as implausible)."""
    numbers = _read_numbers(tokens, issues)
    _convert_temperature(numbers["temperature"], tokens, issues)
    _convert_percent(numbers["fio2"])
    _reject_implausible(numbers, issues)
    np.maximum(numbers["fio2"], AIR_FRACTION, out=numbers["fio2"])
    _reject_other_scales(numbers["spo2_scale"], issues)
    kept = {name: keep_hundredths(values) for name, values in numbers.items()}
    consciousness = read_code("consciousness", tokens, issues)
    oxygen = _judge_oxygen(kept, tokens, issues)
    columns = {name: pa.array(values, mask=np.isnan(values)) for name, values in kept.items()}
    columns["spo2_scale"] = columns["spo2_scale"].cast(pa.int32())
    columns["bp_method"] = spell("bp_method", _read_bp_method(tokens, issues))
    columns["consciousness"] = spell("consciousness", consciousness)
    columns["on_oxygen"] = pa.array(oxygen == 1, mask=oxygen < 0)
    return columns, (consciousness >= 0) | (oxygen >= 0) | _has_number(kept, issues)


def _read_numbers(tokens: Columns, issues: Issues) -> Numbers:
    numbers = {}
    for name in NUMBERS:
        numbers[name], reasons = read_numbers(tokens[name])
        issues.note_codes(name, reasons)
    return numbers


def _convert_temperature(values: Doubles, tokens: Columns, issues: Issues) -> None:
    unit = read_code("temperature_unit", tokens)
    fahrenheit = unit == _FAHRENHEIT
    values[fahrenheit] = (values[fahrenheit] - 32) * 5 / 9
    _reject("temperature", values, (unit == UNKNOWN) & ~np.isnan(values), "unknown_unit", issues)


def _convert_percent(values: Doubles) -> None:
    """Bring an inspired oxygen of 20 to 100 to the fraction that it means."""
    fio2 = BY_NAME["fio2"]
    percent = (values >= fio2.low * 100) & (values <= fio2.high * 100)
    values[percent] /= 100


def _reject_implausible(numbers: Numbers, issues: Issues) -> None:
    """Reject what is outside its range, and all three pressures where they can't be one measurement."""
    outside = {name: _is_outside(name, values) for name, values in numbers.items()}
    unlike = _contradicts(numbers, outside)
    for name, beyond in outside.items():
        where = beyond | (unlike & ~np.isnan(numbers[name])) if name in PRESSURES else beyond
        _reject(name, numbers[name], where, "implausible", issues)


def _is_outside(name: str, values: Doubles) -> Bools:
    found: Bools = (values < BY_NAME[name].low) | (values > BY_NAME[name].high)
    return found


def _contradicts(numbers: Numbers, outside: dict[str, Bools]) -> Bools:
    """Tell where systolic and diastolic, both in range, are not in order, or a mean is not between them."""
    systolic, diastolic, mean = (numbers[name] for name in PRESSURES)
    crossed = (systolic <= diastolic) | ((systolic > diastolic) & ((mean < diastolic) | (mean > systolic)))
    found: Bools = crossed & ~outside["systolic_bp"] & ~outside["diastolic_bp"]
    return found


def _reject_other_scales(values: Doubles, issues: Issues) -> None:
    _reject("spo2_scale", values, ~np.isnan(values) & ~np.isin(values, _SCALES), "unknown_code", issues)


def _reject(name: str, values: Doubles, where: Bools, reason: str, issues: Issues) -> None:
    issues.note(name, where, reason)
    values[where] = np.nan


def _read_bp_method(tokens: Columns, issues: Issues) -> Int8s:
    """Yield how the pressures were taken, as applied: none where no pressure was sent, not even a bad one."""
    method = read_code("bp_method", tokens, issues)
    sent = np.zeros(len(method), dtype=np.bool_)
    for name in PRESSURES:
        sent |= tokens[name].is_valid().to_numpy(zero_copy_only=False)
    method[method < 0] = default_index("bp_method")
    method[~sent] = UNKNOWN
    return method


def _judge_oxygen(kept: Numbers, tokens: Columns, issues: Issues) -> Int8s:
    """Yield 1 on oxygen, 0 on air, -1 unknown: as sent, else by the inspired fraction, else by the flow."""
    sent = tokens["on_oxygen"]
    usable = pc.is_in(sent, pa.array(["true", "false"])).to_numpy(zero_copy_only=False)
    issues.note("on_oxygen", sent.is_valid().to_numpy(zero_copy_only=False) & ~usable, "unknown_code")
    said = pc.equal(sent, "true").fill_null(False).to_numpy(zero_copy_only=False)
    fio2, flow = kept["fio2"], kept["oxygen_flow"]
    judged = np.select(
        [usable, ~np.isnan(fio2), ~np.isnan(flow)], [said, fio2 > AIR_FRACTION, flow > 0], default=-1
    )
    known: Int8s = judged.astype(np.int8)
    return known


def _has_number(kept: Numbers, issues: Issues) -> Bools:
    found = ~np.isnan(kept["spo2_scale"])
    for vital in VITALS:
        found |= ~np.isnan(kept[vital.name]) | issues.has(vital.name, "implausible")
    return found
