"""One payload: a normalised event, or the reason why it goes to quarantine."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from reference.definitions import (
    BLANKS,
    DAY,
    FIELDS,
    HOUR,
    IN_HUNDREDTHS,
    MINUTE,
    PRESSURES,
    SECOND,
    VITALS,
    Event,
    Settings,
    compare_form,
    lower,
    moment,
)
from reference.json_text import NotJson, Number, read_json

AHEAD = 5 * MINUTE
"""How far an event may be ahead of the moment at which it came."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_ISSUES = (*FIELDS[3:22], "alert", "alert_priority", "alert_state", "alert_text")
"""The fields that may have an issue, in the order in which issues are listed."""


def parse_event(payload: bytes | None, ingest_us: int, settings: Settings) -> Event | str:
    """Yield the normalised event (see `definitions.FIELDS`), or the quarantine's reason code."""
    try:
        text = (payload or b"").decode("utf-8")
        message = read_json(text, settings.laxness)
    except UnicodeDecodeError:
        return "not_utf8"
    except NotJson:
        return "not_json"
    if not isinstance(message, dict):
        return "not_object"
    return _bad_key(message, ingest_us) or _normalised(message, settings)


def _bad_key(message: dict[str, Any], ingest_us: int) -> str | None:
    """Yield what is wrong with the three required fields, None where nothing is."""
    required = ("event_id", "patient_id", "event_time")
    event_us = read_time(message.get("event_time"))
    wrong = [f"missing_{name}" for name in required if message.get(name) is None]
    wrong += [f"bad_{name}" for name in required[:2] if not is_text(message.get(name), 128)]
    wrong += ["bad_event_time"] if event_us is None else []
    wrong += ["future_event_time"] if event_us is not None and event_us > ingest_us + AHEAD else []
    return wrong[0] if wrong else None


def _normalised(message: dict[str, Any], settings: Settings) -> Event | str:
    """Yield the event, or the reason nothing_measured."""
    event, issues = _fields(message, settings)
    event["event_time"] = read_time(message["event_time"])
    event["issues"] = [f"{name}:{issues[name]}" for name in _ISSUES if name in issues]
    return event if _measures(event) else "nothing_measured"


def columns_of(event: Event) -> dict[str, Any]:
    """Yield the event's public columns: doubles and UTC datetimes."""
    row = {name: event[name] for name in FIELDS}
    row |= {name: event[name] / 100 for name in IN_HUNDREDTHS if event[name] is not None}
    return row | {"event_time": moment(event["event_time"])}


def is_text(value: Any, longest: int) -> bool:
    """Tell whether it is a string of 1 to ``longest`` code points, none of them half a surrogate pair."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= longest
        and not any("\ud800" <= c <= "\udfff" for c in value)
    )


def read_time(value: Any) -> int | None:
    """Yield the instant of an RFC 3339 text with offset, None where it is none (or outside years 1-9999)."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    fraction = int(((found[7] or "") + "000000")[:6])
    offset_h, offset_min = int(found[9] or 0), int(found[10] or 0)
    if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        return None
    if hour > 23 or minute > 59 or second > 59 or offset_h > 23 or offset_min > 59:
        return None
    local = (
        (_days_before(year, month) + day - 1) * DAY
        + hour * HOUR
        + minute * MINUTE
        + second * SECOND
        + fraction
    )
    offset = offset_h * HOUR + offset_min * MINUTE
    instant = local + offset if found[8] == "-" else local - offset
    return instant if _days_before(1, 1) * DAY <= instant < _days_before(10000, 1) * DAY else None


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_in(year: int, month: int) -> int:
    return (
        29 if month == 2 and _is_leap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    )


def _days_before(year: int, month: int) -> int:
    """Yield the days from 1970-01-01 to the first of the month (Gregorian; year 0 is a leap year)."""
    since_year_0 = year * 365 + (year + 3) // 4 - (year + 99) // 100 + (year + 399) // 400
    return since_year_0 + sum(_days_in(year, m) for m in range(1, month)) - 719_528


def _fields(message: dict[str, Any], settings: Settings) -> tuple[Event, dict[str, str]]:
    """Yield every field but event_time, and what was wrong with which."""
    issues: dict[str, str] = {}
    event: Event = {"patient_id": message["patient_id"], "event_id": message["event_id"]}
    for name in ("encounter_id", "device_id", "ward", "bed"):
        event[name] = _text(message, name, 128, issues)
    event["method"] = _word(message, "method", ("monitor", "spot", "manual"), issues) or "monitor"
    event |= _vitals(message, issues)
    bp_method = _word(message, "bp_method", ("cuff", "arterial"), issues) or "cuff"
    event["bp_method"] = bp_method if any(message.get(name) is not None for name in PRESSURES) else None
    consciousness = _word(message, "consciousness", ("a", "c", "v", "p", "u"), issues)
    event["consciousness"] = consciousness.upper() if consciousness else None
    event |= _oxygen(message, issues)
    event["spo2_scale"] = _scale(message, issues)
    event |= _alert(message.get("alert"), settings, issues)
    return event, issues


def _text(
    fields: Mapping[str, Any], name: str, longest: int, issues: dict[str, str], issue: str = ""
) -> str | None:
    value = fields.get(name)
    if value is None or is_text(value, longest):
        return value
    issues[issue or name] = "bad_text"
    return None


def _word(fields: Mapping[str, Any], name: str, words: tuple[str, ...], issues: dict[str, str]) -> str | None:
    """Yield the coded field in lower case, None (and an issue) where it is none of the words."""
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, str) and lower(value) in words:
        return lower(value)
    issues[name] = "unknown_code"
    return None


def read_number(value: Any) -> tuple[float | None, str]:
    """Yield the nearest double of a sent value and its issue: '', coerced, not_a_number or not_finite."""
    issue = ""
    if isinstance(value, Number):
        number = float(value.text)
    elif isinstance(value, str) and _NUMBER.fullmatch(value.strip(BLANKS)):
        number, issue = float(value.strip(BLANKS)), "coerced"
    else:
        return None, "not_a_number"
    return (number, issue) if math.isfinite(number) else (None, "not_finite")


def to_hundredths(number: float) -> int:
    """Yield whole hundredths, half up, a half that binary arithmetic moved included."""
    return math.floor(100 * number + 0.5 + 1e-9)


def _vitals(message: dict[str, Any], issues: dict[str, str]) -> dict[str, int | None]:
    numbers: dict[str, float] = {}
    for name in VITALS:
        if message.get(name) is not None:
            number, issue = read_number(message[name])
            if issue:
                issues[name] = issue
            if number is not None:
                numbers[name] = number
    _to_celsius(message.get("temperature_unit"), numbers, issues)
    implausible = {name for name, x in numbers.items() if not VITALS[name].low <= x <= VITALS[name].high}
    if _pressures_contradict(numbers, implausible):
        implausible |= {name for name in PRESSURES if name in numbers}
    issues.update(dict.fromkeys(implausible, "implausible"))
    return {n: to_hundredths(numbers[n]) if n in numbers and n not in implausible else None for n in VITALS}


def _to_celsius(unit: Any, numbers: dict[str, float], issues: dict[str, str]) -> None:
    spelled = lower(unit) if isinstance(unit, str) else unit
    if "temperature" not in numbers or spelled is None or spelled == "cel":
        return
    if spelled == "degf":
        numbers["temperature"] = (numbers["temperature"] - 32) * 5 / 9
    else:
        del numbers["temperature"]
        issues["temperature"] = "unknown_unit"


def _pressures_contradict(numbers: dict[str, float], implausible: set[str]) -> bool:
    """Tell whether systolic and diastolic, in range, can't be of one measurement, or the mean of theirs."""
    both = {"systolic_bp", "diastolic_bp"}
    if not both <= numbers.keys() or both & implausible:
        return False
    systolic, diastolic = numbers["systolic_bp"], numbers["diastolic_bp"]
    mean = numbers.get("mean_bp", diastolic)
    return systolic <= diastolic or not diastolic <= mean <= systolic


def _oxygen(message: dict[str, Any], issues: dict[str, str]) -> dict[str, Any]:
    fio2 = _kept(message, "fio2", issues, _fraction)
    flow = _kept(message, "oxygen_flow", issues, lambda x: x if 0 <= x <= 80 else None)
    on_oxygen = message.get("on_oxygen")
    if on_oxygen is not None and not isinstance(on_oxygen, bool):
        issues["on_oxygen"] = "unknown_code"
        on_oxygen = None
    if on_oxygen is None and fio2 is not None:
        on_oxygen = fio2 > 21
    elif on_oxygen is None and flow is not None:
        on_oxygen = flow > 0
    return {"on_oxygen": on_oxygen, "fio2": fio2, "oxygen_flow": flow}


def _fraction(number: float) -> float | None:
    if 20 <= number <= 100:
        number = number / 100
    return max(number, 0.21) if 0.2 <= number <= 1 else None


def _kept(message: dict[str, Any], name: str, issues: dict[str, str], plausible: Any) -> int | None:
    """Yield the hundredths of an oxygen field, None where it is missing or unusable."""
    if message.get(name) is None:
        return None
    number, issue = read_number(message[name])
    number = None if number is None else plausible(number)
    if number is None and issue in ("", "coerced"):
        issue = "implausible"
    if issue:
        issues[name] = issue
    return None if number is None else to_hundredths(number)


def _scale(message: dict[str, Any], issues: dict[str, str]) -> int | None:
    if message.get("spo2_scale") is None:
        return None
    number, issue = read_number(message["spo2_scale"])
    if number is not None and number not in (1, 2):
        number, issue = None, "unknown_code"
    if issue:
        issues["spo2_scale"] = issue
    return None if number is None else int(number)


def _alert(alert: Any, settings: Settings, issues: dict[str, str]) -> dict[str, str | None]:
    names = ("alert_code", "alert_type", "alert_priority", "alert_state", "alert_text")
    empty: dict[str, str | None] = dict.fromkeys(names)
    if alert is None:
        return empty
    code = _alert_code(alert.get("code")) if isinstance(alert, dict) else None
    if code is None:
        issues["alert"] = "bad_text"
        return empty
    meaning = settings.device_meanings.get(compare_form(code))
    state = _alert_word(alert, "state", ("start", "continue", "update", "end", "point"), issues)
    return {
        "alert_code": code,
        "alert_type": meaning.alert_type if meaning else "other",
        "alert_priority": _alert_word(alert, "priority", ("low", "medium", "high"), issues),
        "alert_state": state or "start",
        "alert_text": _text(alert, "text", 1000, issues, "alert_text"),
    }


def _alert_code(code: Any) -> str | None:
    if isinstance(code, Number):
        number = float(code.text)
        return (
            str(int(number))
            if math.isfinite(number) and number == int(number) and 0 <= number < 2**53
            else None
        )
    return code if is_text(code, 128) else None


def _alert_word(
    alert: dict[str, Any], name: str, words: tuple[str, ...], issues: dict[str, str]
) -> str | None:
    value = alert.get(name)
    if value is None:
        return None
    if isinstance(value, str) and compare_form(value) in words:
        return compare_form(value)
    issues[f"alert_{name}"] = "unknown_code"
    return None


def _measures(event: Event) -> bool:
    """Tell whether there is anything to know: a usable measurement, or a vital that can't be true."""
    usable = (*VITALS, "consciousness", "on_oxygen", "fio2", "oxygen_flow", "spo2_scale", "alert_code")
    return any(event[name] is not None for name in usable) or any(
        f"{name}:implausible" in event["issues"] for name in VITALS
    )
