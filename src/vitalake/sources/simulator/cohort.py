"""Who the patients are, where they lie and what is attached to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vitalake.sources.simulator.settings import HOUR_MS, SimulationSettings
from vitalake.sources.simulator.trajectories import COURSES, NEVER, Courses, Doubles, Integers, draw_courses

Bools = npt.NDArray[np.bool_]

BASELINE: Final = np.array([76.0, 15.5, 97.0, 126.0, 74.0, 36.8])
SPREAD: Final = np.array([9.0, 1.4, 1.0, 12.0, 8.0, 0.2])
"""Mean and sd among patients of the vitals that a course moves (trajectories.DRIVEN)."""

COPD_SHARE: Final = 0.08
HOME_OXYGEN_SHARE: Final = 0.4
ARTERIAL_SHARE: Final = 0.1
MOVED_SHARE: Final = 0.1
READMITTED_SHARE: Final = 0.2
"""Shares: of COPD patients those on oxygen at home, of the monitored those with an arterial line, of all those who
move to another ward, and of these those who do so in a new encounter."""
COPD_SPO2: Final = (88.5, 91.5)
SPO2: Final = 2
"""The place of SpO2 in the rows above."""

VENDORS: Final = ("aster", "boreal", "cirrus", "dorado")
"""Made-up makers of monitors; each has its own spelling of messages and alarms."""

SPECIALTIES: Final = (
    "Cardiology",
    "Respiratory",
    "Surgery",
    "Acute Medicine",
    "Orthopaedics",
    "Oncology",
    "Stroke",
)
PATIENTS_A_WARD: Final = 25


@dataclass(frozen=True)
class Cohort:
    """The patients of a simulation, one row each; times in ms from its start."""

    courses: Courses
    baseline: Doubles
    shift: Doubles
    phase: Doubles
    copd: Bools
    home_oxygen: Bools
    monitored: Bools
    arterial: Bools
    vendor: Integers
    monitor_phase: Integers
    round_phase: Integers
    moves: Integers
    readmitted: Bools
    wards: int

    def __len__(self) -> int:
        """How many patients."""
        return len(self.copd)

    def ward(self, patient: Integers, moved: Bools) -> Integers:
        """Yield the number of the ward in which the patients lie."""
        return (patient + moved) % self.wards

    def bed(self, patient: Integers, moved: Bools) -> Integers:
        """Yield the number of their bed: one patient a bed, also after a move."""
        return 2 * (patient // self.wards) + 1 + moved


def draw_cohort(settings: SimulationSettings) -> Cohort:
    """Draw the patients."""
    rng, count = settings.rng(0), settings.patients
    courses = draw_courses(rng, count, settings.length_ms)
    copd = rng.random(count) < COPD_SHARE
    baseline = BASELINE + SPREAD * np.clip(rng.standard_normal((count, len(BASELINE))), -2, 2)
    baseline[copd, SPO2] = rng.uniform(*COPD_SPO2, int(copd.sum()))
    shift = np.array([course.shift for course in COURSES])[courses.kind] * rng.uniform(0.8, 1.2, (count, 1))
    monitored = rng.random(count) < settings.monitored
    moves = np.where(
        rng.random(count) < MOVED_SHARE, rng.uniform(0.2, 0.9, count) * settings.length_ms, NEVER
    )
    return Cohort(
        courses=courses,
        baseline=baseline,
        shift=shift,
        phase=rng.random((count, 3)),
        copd=copd,
        home_oxygen=copd & (rng.random(count) < HOME_OXYGEN_SHARE),
        monitored=monitored,
        arterial=monitored & (rng.random(count) < ARTERIAL_SHARE),
        vendor=rng.integers(0, len(VENDORS), count),
        monitor_phase=rng.integers(0, settings.interval_ms, count),
        round_phase=rng.integers(0, HOUR_MS // 2, count),
        moves=moves.astype(np.int64),
        readmitted=rng.random(count) < READMITTED_SHARE,
        wards=settings.wards or max(1, count // PATIENTS_A_WARD),
    )


def ward_name(number: int) -> str:
    """Yield a ward's name."""
    return f"{SPECIALTIES[number % len(SPECIALTIES)]} {number // len(SPECIALTIES) + 1}"
