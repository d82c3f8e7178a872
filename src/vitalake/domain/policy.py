"""The alarm policy: for each physiological alarm its limits, delays and hysteresis, with overrides by ward.

:func:`vitalake.domain.policy_file.load_policy` reads one; ``default.yaml`` and ``critical_care.yaml`` come with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from vitalake.domain.alert_types import PHYSIOLOGICAL, AlarmType
from vitalake.domain.vitals import CONSCIOUSNESS, PRIORITIES

Limits = tuple[int | None, int | None, int | None]
"""By priority (low, medium, high): hundredths or microseconds; None where the priority does not exist."""

_BY_NAME: Final = {alarm.name: alarm for alarm in PHYSIOLOGICAL}

THERAPIES: Final = ("scale 1", "scale 2", "scale 2 on oxygen")
"""What SpO2 limits depend on."""


@dataclass(frozen=True)
class Clause:
    """One entry of a policy: an alarm, or an alarm under one condition (``when``)."""

    name: str
    alarm: AlarmType
    when: str = ""

    def holds_under(self, therapy: str) -> bool:
        """Tell whether it is in force under one of THERAPIES: scale 2 is so with and without oxygen."""
        return therapy.startswith(self.when)


def _clauses() -> tuple[Clause, ...]:
    """Yield every clause in the order of the vocabulary; SpO2 alarms depend on scale and oxygen."""
    variants = {
        "hypoxaemia": (("hypoxaemia_scale_1", "scale 1"), ("hypoxaemia_scale_2", "scale 2")),
        "hyperoxaemia": (("hyperoxaemia", "scale 2 on oxygen"),),
    }
    return tuple(
        Clause(name, alarm, when)
        for alarm in PHYSIOLOGICAL
        for name, when in variants.get(alarm.name, ((alarm.name, ""),))
    )


CLAUSES: Final = {clause.name: clause for clause in _clauses()}
"""What a policy speaks of, by name."""


@dataclass(frozen=True)
class Limit:
    """The limits of one clause: ``limits`` and ``hysteresis`` in hundredths, ``delays_us`` in microseconds.

    A delay is None where its limit is, so that equal meaning is equal.
    """

    limits: Limits
    delays_us: Limits
    hysteresis: int

    def to_mapping(self, clause: Clause) -> dict[str, Any]:
        """Yield it as a policy file writes it, in full."""
        delays = [None if delay is None else _number(delay, 1_000_000) for delay in self.delays_us]
        return {
            "limits": _by_priority([_written_limit(clause, limit) for limit in self.limits]),
            "delays_s": _by_priority(delays),
            "hysteresis": _number(self.hysteresis, 100),
        }


@dataclass(frozen=True)
class Policy:
    """What counts as an alarm: ``limits`` by clause, and by ward the clauses that differ there."""

    limits: Mapping[str, Limit]
    wards: Mapping[str, Mapping[str, Limit]]

    def in_ward(self, ward: str | None) -> Mapping[str, Limit]:
        """Yield the limits in force in a ward (None: of unknown ward)."""
        return {**self.limits, **self.wards.get(ward, {})} if ward is not None else self.limits

    def to_mapping(self) -> dict[str, Any]:
        """Yield the canonical policy, in full, wards where they differ; reading it gives the same policy."""
        return {
            "alarms": {name: limit.to_mapping(CLAUSES[name]) for name, limit in self.limits.items()},
            "wards": {
                ward: {name: limit.to_mapping(CLAUSES[name]) for name, limit in own.items()}
                for ward, own in self.wards.items()
            },
        }

    @cached_property
    def version(self) -> str:
        """The ``policy_version``: 16 hexadecimal digits of the SHA-256 of the canonical policy."""
        canonical = json.dumps(self.to_mapping(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _by_priority(values: list[Any]) -> dict[str, Any]:
    return dict(zip(PRIORITIES, values, strict=True))


def _number(value: int, scale: int) -> int | float:
    """Yield ``value / scale``, whole where it is."""
    return value // scale if value % scale == 0 else value / scale


def _written_limit(clause: Clause, limit: int | None) -> Any:
    if limit is None:
        return None
    if clause.alarm.looks_at == "consciousness":
        return CONSCIOUSNESS[limit // 100 + 1]
    return _number(limit, 100)
