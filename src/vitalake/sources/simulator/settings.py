"""What a simulation is made of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from vitalake.errors import UserError

HOUR_MS: Final = 3_600_000
LATE_FROM_MS: Final = 60_000
"""What arrives later than this after its event is late; up to it, it is out of order."""
EPOCH: Final = 1970
BROKEN_YEAR: Final = 2999
"""The year of the events that are broken by lying in the future."""
MOST_PATIENTS: Final = 1_000_000
MOST_HOURS: Final = 24 * 366
INTERVALS_S: Final = (0.1, 3600)
SLICE_EVENTS: Final = 65_536
"""About how many events are made at once."""

RATES: Final = (
    "monitored", "partial", "artefact", "late", "out_of_order", "duplicate", "conflicting", "malformed",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SimulationSettings:
    """A simulated hospital; the same settings give the same bytes.

    ``monitored`` is the share of patients at a monitor that sends every ``interval_s``; the others are seen
    at spot checks.  The other rates are shares of all messages: ``partial`` lack some of their vitals; an
    ``artefact`` is an impossible value; ``late`` arrive up to ``late_max_hours`` after their event and
    ``out_of_order`` up to a minute; ``duplicate`` are sent again, ``conflicting`` sent again with other
    content, ``malformed`` broken.
    """

    start: datetime
    patients: int = 50
    hours: float = 24.0
    interval_s: float = 60.0
    seed: int = 1
    wards: int | None = None
    monitored: float = 0.7
    partial: float = 0.05
    artefact: float = 0.002
    late: float = 0.002
    late_max_hours: float = 72.0
    out_of_order: float = 0.01
    duplicate: float = 0.01
    conflicting: float = 0.001
    malformed: float = 0.002

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        _demand(
            self.start.tzinfo is not None,
            "start",
            self.start,
            "a time with an offset, such as 2026-01-05T00:00Z",
        )
        _demand(
            EPOCH <= self.start.year < BROKEN_YEAR,
            "start",
            self.start,
            f"in a year from {EPOCH} to {BROKEN_YEAR - 1}",
        )
        _demand(1 <= self.patients <= MOST_PATIENTS, "patients", self.patients, f"1 to {MOST_PATIENTS}")
        _demand(0 < self.hours <= MOST_HOURS, "hours", self.hours, f"above 0, at most {MOST_HOURS} (a year)")
        low, high = INTERVALS_S
        _demand(low <= self.interval_s <= high, "interval_s", self.interval_s, f"{low} to {high}")
        _demand(self.seed >= 0, "seed", self.seed, "0 or more")
        _demand(
            self.wards is None or 1 <= self.wards <= self.patients,
            "wards",
            self.wards,
            "1 to the number of patients",
        )
        _demand(
            self.late_max_hours * HOUR_MS > LATE_FROM_MS,
            "late_max_hours",
            self.late_max_hours,
            "more than a minute",
        )
        for name in RATES:
            _demand(0 <= getattr(self, name) <= 1, name, getattr(self, name), "0 to 1")
        repeats = self.malformed + self.duplicate + self.conflicting
        _demand(repeats <= 1, "malformed + duplicate + conflicting", repeats, "at most 1 together")
        _demand(
            self.late + self.out_of_order <= 1,
            "late + out_of_order",
            self.late + self.out_of_order,
            "at most 1",
        )

    @property
    def start_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return round(self.start.timestamp() * 1000)

    @property
    def end(self) -> datetime:
        """When the simulation ends."""
        return self.start + timedelta(hours=self.hours)

    @property
    def length_ms(self) -> int:
        """How long it lasts."""
        return round(self.hours * HOUR_MS)

    @property
    def interval_ms(self) -> int:
        """How often a monitor sends."""
        return round(self.interval_s * 1000)

    @property
    def slice_ms(self) -> int:
        """The time that is simulated at once: whole intervals."""
        per_ms = self.patients * (self.monitored / self.interval_ms + 1 / HOUR_MS)
        return max(1, round(SLICE_EVENTS / per_ms / self.interval_ms)) * self.interval_ms

    def rng(self, stream: int) -> np.random.Generator:
        """Yield the random numbers of a stream: 0 for the patients, n for slice n."""
        return np.random.default_rng([self.seed, stream])

    def as_dict(self) -> dict[str, object]:
        """Yield the settings as JSON can hold them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"start": self.start.isoformat()}


def _demand(holds: bool, name: str, value: object, allowed: str) -> None:
    if not holds:
        raise UserError(f"The simulation's {name} is {value}", f"It may be {allowed}")
