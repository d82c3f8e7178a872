"""What happens to the patients: a table of courses, and how ill each patient is at each time.

How ill is one number: 0 at the patient's own baseline, 1 at the outcome.  It rises from onset to outcome,
stays until the treatment works and falls until the patient has recovered.  The shifts at 1 are chosen so that
NEWS2 is high for hours before the outcome in the slow courses (sepsis, respiratory failure) and for minutes
in the fast ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from vitalake.sources.simulator.settings import HOUR_MS

Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

DRIVEN: Final = ("heart_rate", "resp_rate", "spo2", "systolic_bp", "diastolic_bp", "temperature")
"""The vitals that a course moves; pulse rate and mean pressure follow from them."""

LEAVES_SHARE: Final = 0.5
"""Of those who reach an outcome, these are moved away from the ward soon after."""

NEVER: Final = np.int64(2**62)


@dataclass(frozen=True)
class Course:
    """One kind of course.

    ``shift`` is the change of each of :data:`DRIVEN` at the outcome; ``hours`` the time from onset to outcome
    and ``recovery_hours`` back; ``clouding`` gives consciousness from which illness on; oxygen is given from
    ``oxygen``.
    """

    name: str
    share: float
    outcome: str | None
    hours: float
    recovery_hours: float
    shift: tuple[float, float, float, float, float, float]
    clouding: tuple[tuple[float, str], ...]
    oxygen: float
    may_leave: bool = True


COURSES: Final = (
    Course("stable", 0.70, None, 0, 0, (0, 0, 0, 0, 0, 0), (), 2),
    Course("sepsis", 0.07, "sepsis", 12, 24, (45, 13, -6, -45, -22, 2.2), ((0.8, "C"),), 0.5),
    Course(
        "respiratory_failure", 0.06, "respiratory failure", 8, 12, (32, 20, -13, 15, 5, 0.4),
        ((0.85, "C"),), 0.3,
    ),
    Course(
        "haemorrhage", 0.04, "haemorrhage", 3, 8, (58, 11, -3, -52, -25, -0.7),
        ((0.75, "C"), (0.95, "V")), 0.6,
    ),
    Course(
        "opioid_sedation", 0.03, "opioid sedation", 1.5, 0.5, (-14, -11, -13, -15, -8, -0.2),
        ((0.5, "V"), (0.9, "P")), 0.9, may_leave=False,
    ),
    Course("recovering", 0.10, None, 0, 18, (32, 9, -6, -18, -8, 1.6), ((0.95, "C"),), 0.35),
)  # fmt: skip
STABLE, RECOVERING = 0, len(COURSES) - 1


@dataclass(frozen=True)
class Courses:
    """Each patient's course and its times, in ms from the start of the simulation, or NEVER."""

    kind: Integers
    onset: Integers
    outcome: Integers
    treated: Integers
    recovered: Integers
    leaves: Integers

    def illness(self, patient: Integers, time: Integers) -> Doubles:
        """Yield how ill the patients are at the times: 0 to 1."""
        onset, treated = self.onset[patient], self.treated[patient]
        rise = (time - onset) / np.maximum(1, self.outcome[patient] - onset)
        fall = (self.recovered[patient] - time) / np.maximum(1, self.recovered[patient] - treated)
        illness: Doubles = np.clip(np.minimum(rise, fall), 0, 1)
        return illness


def _kinds(patients: int) -> Integers:
    """Yield a course for each patient: each by its share, in a ward of some size at least one, the rest stable."""
    least = int(patients >= 2 * len(COURSES))
    counts = [max(least, int(course.share * patients)) for course in COURSES[STABLE + 1 :]]
    return np.repeat(np.arange(len(COURSES)), [patients - sum(counts), *counts])


def draw_courses(rng: np.random.Generator, patients: int, length_ms: int) -> Courses:
    """Draw each patient's course; outcomes fall between a third and nine tenths of the simulation."""
    kind = rng.permutation(_kinds(patients))
    outcome = (rng.uniform(0.35, 0.9, patients) * length_ms).astype(np.int64)
    hours = np.array([course.hours for course in COURSES])[kind]
    rise = (hours * rng.uniform(0.7, 1.3, patients) * HOUR_MS).astype(np.int64)
    onset = np.maximum(outcome - rise, length_ms // 20)
    treated = outcome + (rng.uniform(0.1, 0.75, patients) * HOUR_MS).astype(np.int64)
    back = np.array([course.recovery_hours for course in COURSES])[kind]
    recovery = (back * rng.uniform(0.6, 1.3, patients) * HOUR_MS).astype(np.int64)

    recovering = kind == RECOVERING
    onset[recovering], outcome[recovering], treated[recovering] = -2, -1, 0
    onset[kind == STABLE], outcome[kind == STABLE] = NEVER - 1, NEVER
    leaves = np.where(rng.random(patients) < LEAVES_SHARE, treated + HOUR_MS // 2, NEVER)
    leaves[~np.array([course.outcome is not None and course.may_leave for course in COURSES])[kind]] = NEVER
    return Courses(kind, onset, outcome, treated, treated + recovery, leaves)
