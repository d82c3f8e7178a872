"""The configuration that shapes results: maximum ages, windows, assumptions, grace, alarm policy and codes.

It is stored in the lake; a run with another one is refused.  Two configurations that mean the same are equal,
and have the same :attr:`Rules.version`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from vitalake.domain.device_alarms import own_device_alarms
from vitalake.domain.vitals import (
    BY_NAME,
    CONSCIOUSNESS,
    FORGET_AFTER_US,
    HOUR_US,
    MINUTE_US,
    NEWS2_INPUTS,
    SCORE_HOLD_US,
    VITALS,
)
from vitalake.errors import UserError

SECOND_US: Final = 1_000_000
STATUS_AGE_US: Final = 12 * HOUR_US
"""How long consciousness and oxygen therapy, which no device measures, are carried."""

AGES: Final = ("monitor", "charted")
"""The two maximum ages of a thing, by how it was taken; charted is spot and manual, and any cuff pressure."""

_ONE_MINUTE, _ONE_HOUR, _LONGEST_GRACE_S = 1, 60, 3600
_LONGEST_AGE_S: Final = FORGET_AFTER_US // SECOND_US

Assumed = Mapping[str, Any]


@dataclass(frozen=True)
class Rules:
    """What a hospital may set, and what follows for every row.

    ``maximum_age_s`` overrides, by vital (or consciousness, on_oxygen), how old a carried value may be:
    whole seconds, or ``{"monitor": ..., "charted": ...}``.  ``assumptions`` names what stands in for an
    unknown NEWS2 input, in all wards; ``ward_assumptions`` changes that by ward (null: nothing is assumed
    there).  ``policy`` is the alarm policy.  ``device_alarms`` are device codes of the hospital's own, each with its
    alert_type and priority (null: the device's, else medium), which win over the built-in ones.

    >>> Rules(maximum_age_s={"spo2": {"monitor": 600}}).age_us("spo2", charted=False)
    600000000
    """

    window_minutes: int = 15
    grace_s: int = 120
    maximum_age_s: Mapping[str, Any] = field(default_factory=dict)
    assumptions: Assumed = field(default_factory=dict)
    ward_assumptions: Mapping[str, Assumed] = field(default_factory=dict)
    policy: Any = None
    device_alarms: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check each setting and write out what it leaves to the default."""
        _check_whole("window_minutes", self.window_minutes, _ONE_MINUTE, _ONE_HOUR)
        if _ONE_HOUR % self.window_minutes:
            raise UserError(f"window_minutes is {self.window_minutes}", "Give what divides an hour, e.g. 15")
        _check_whole("grace_s", self.grace_s, 0, _LONGEST_GRACE_S)
        assumed = _read_assumptions("assumptions", self.assumptions)
        object.__setattr__(self, "maximum_age_s", _complete_ages(self.maximum_age_s))
        object.__setattr__(self, "assumptions", _known(assumed))
        object.__setattr__(self, "ward_assumptions", _complete_wards(self.ward_assumptions, assumed))
        object.__setattr__(self, "device_alarms", own_device_alarms(self.device_alarms).to_mapping())

    def __hash__(self) -> int:
        """The hash of what it means."""
        return hash(self.to_json())

    def age_us(self, name: str, *, charted: bool) -> int:
        """Yield the maximum age of a vital, consciousness or on_oxygen, in microseconds."""
        return int(self.maximum_age_s[name][AGES[charted]]) * SECOND_US

    def assumed_in(self, ward: str | None) -> Assumed:
        """Yield what is assumed in a ward (None: of unknown ward): input to value."""
        if ward is None or ward not in self.ward_assumptions:
            return self.assumptions
        return _known(self.ward_assumptions[ward])

    @property
    def window_us(self) -> int:
        """The length of a statistical window, in microseconds."""
        return self.window_minutes * MINUTE_US

    @property
    def windows_in_baseline(self) -> int:
        """How many windows make the hour before a window."""
        return _ONE_HOUR // self.window_minutes

    @property
    def grace_us(self) -> int:
        """How far a patient's time stays behind the watermark, in microseconds."""
        return self.grace_s * SECOND_US

    @property
    def reach_us(self) -> int:
        """How long after an event the hours may differ by it: its score's hold, or a charted vital's where longer."""
        return max(SCORE_HOLD_US, *(self.age_us(vital.name, charted=True) for vital in VITALS))

    @property
    def version(self) -> str:
        """The name of this configuration: a hash of its canonical text."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Yield the canonical text, with every default written out."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Rules:
        """Yield the rules of a canonical text."""
        try:
            settings = json.loads(text)
        except ValueError:
            raise UserError("the rules are not JSON", "Give what to_json wrote") from None
        return cls.from_mapping(settings)

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> Rules:
        """Yield the rules of a mapping, as a configuration file gives it; what is left out is the default."""
        known = [setting.name for setting in fields(cls)]
        _check_names("the rules", settings, known)
        return cls(**settings)


def _known(assumed: Assumed) -> dict[str, Any]:
    return {name: value for name, value in assumed.items() if value is not None}


def _complete_ages(overrides: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Yield both maximum ages, in seconds, of everything that has one."""
    ages = {v.name: dict(zip(AGES, (v.monitor_age_us, v.charted_age_us), strict=True)) for v in VITALS}
    ages |= {name: dict.fromkeys(AGES, STATUS_AGE_US) for name in ("consciousness", "on_oxygen")}
    complete = {name: {how: age // SECOND_US for how, age in each.items()} for name, each in ages.items()}
    _check_names("maximum_age_s", overrides, list(complete))
    for name, given in overrides.items():
        each = given if isinstance(given, Mapping) else dict.fromkeys(AGES, given)
        _check_names(f"maximum_age_s of {name}", each, AGES)
        for how, age in each.items():
            _check_whole(f"maximum_age_s of {name}, {how},", age, 1, _LONGEST_AGE_S)
            complete[name][how] = age
    return complete


def _complete_wards(by_ward: Mapping[str, Assumed], everywhere: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Yield each ward that differs, with all seven inputs (None: not assumed)."""
    _check_mapping("ward_assumptions", by_ward)
    wards = {
        ward: everywhere | _read_assumptions(f"ward_assumptions of {ward!r}", given, only_given=True)
        for ward, given in by_ward.items()
    }
    return {ward: assumed for ward, assumed in wards.items() if assumed != everywhere}


def _read_assumptions(where: str, given: Assumed, *, only_given: bool = False) -> dict[str, Any]:
    _check_names(where, given, NEWS2_INPUTS)
    read = {name: _read_assumption(f"{where}: {name}", name, value) for name, value in given.items()}
    return read if only_given else dict.fromkeys(NEWS2_INPUTS) | read


def _read_assumption(where: str, name: str, value: Any) -> Any:
    """Yield the value as it is kept: a code, a boolean, a float, or None."""
    if value is None:
        return None
    if name == "consciousness":
        if value not in CONSCIOUSNESS:
            raise UserError(f"{where} is {value!r}", f"Give one of {', '.join(CONSCIOUSNESS)}")
        return value
    if name == "on_oxygen":
        if not isinstance(value, bool):
            raise UserError(f"{where} is {value!r}", "Give true or false")
        return value
    vital = BY_NAME[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not vital.low <= value <= vital.high:
        raise UserError(f"{where} is {value!r}", f"Give {vital.low} to {vital.high} {vital.unit}")
    return float(value)


def _check_whole(where: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UserError(f"{where} is {value!r}", f"Give a whole number from {least} to {most}")


def _check_mapping(where: str, given: Any) -> None:
    if not isinstance(given, Mapping):
        raise UserError(f"{where} is {type(given).__name__}", "Give a mapping of names to values")


def _check_names(where: str, given: Any, known: list[str] | tuple[str, ...]) -> None:
    _check_mapping(where, given)
    unknown = sorted(str(name) for name in given if name not in known)
    if unknown:
        raise UserError(f"{where} can't have {', '.join(unknown)}", f"Known are {', '.join(known)}")
