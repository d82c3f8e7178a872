"""What a simulation truly holds: counts that a lake made from it must find again."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import numpy as np

from vitalake.sources.simulator.alarms import RULES
from vitalake.sources.simulator.cohort import Cohort
from vitalake.sources.simulator.events import ALARM, KINDS, Events
from vitalake.sources.simulator.faults import CONFLICT, REPEAT, VALID, Messages
from vitalake.sources.simulator.malformed import BREAKS
from vitalake.sources.simulator.settings import LATE_FROM_MS, SimulationSettings
from vitalake.sources.simulator.trajectories import COURSES, NEVER, Integers


@dataclass(frozen=True)
class PatientTruth:
    """One patient: the course, and its times where there are any."""

    patient_id: str
    trajectory: str
    spo2_scale: int
    monitored: bool
    outcome: str | None
    onset_time: str | None
    outcome_time: str | None
    recovered_time: str | None
    left_time: str | None


@dataclass
class Truth:
    """The counts of a simulation.

    ``messages`` = ``valid`` + ``duplicates`` + ``conflicting`` + all ``malformed``.  ``late`` and
    ``out_of_order`` count valid events by their delay (above and up to a minute), ``overtaken`` those that
    arrived after a later event of their patient.  ``partial`` and ``artefacts`` count events that lost or got
    a value, ``events`` all by kind and ``alarms`` those by type; these include the malformed.
    """

    messages: int = 0
    valid: int = 0
    duplicates: int = 0
    conflicting: int = 0
    malformed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BREAKS, 0))
    late: int = 0
    out_of_order: int = 0
    overtaken: int = 0
    partial: int = 0
    artefacts: int = 0
    events: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    alarms: dict[str, int] = field(default_factory=dict)
    trajectories: dict[str, int] = field(default_factory=dict)
    patients: list[PatientTruth] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Yield the truth as JSON can hold it."""
        return asdict(self)

    def count_events(self, events: Events) -> None:
        """Add what was measured and alarmed."""
        for kind, count in enumerate(np.bincount(events["kind"], minlength=len(KINDS)).tolist()):
            self.events[KINDS[kind]] += count
        raised = Counter(
            RULES[index].alert_type for index in events["alarm"][events["kind"] == ALARM].tolist()
        )
        self.alarms = dict(sorted((Counter(self.alarms) + raised).items()))

    def count_messages(self, messages: Messages) -> None:
        """Add what was sent."""
        self.messages += len(messages)
        self.valid += int((messages.role == VALID).sum())
        self.duplicates += int((messages.role == REPEAT).sum())
        self.conflicting += int((messages.role == CONFLICT).sum())
        for reason, count in zip(
            BREAKS, np.bincount(messages.reason + 1, minlength=len(BREAKS) + 1)[1:], strict=True
        ):
            self.malformed[reason] += int(count)
        delay = (messages.arrival_ms - messages.time_ms)[messages.role == VALID]
        self.late += int((delay > LATE_FROM_MS).sum())
        self.out_of_order += int(((delay > 0) & (delay <= LATE_FROM_MS)).sum())


class Overtaking:
    """Counts the events that arrive after a later one of their patient."""

    def __init__(self, patients: int) -> None:
        self._newest = np.full(patients, np.iinfo(np.int64).min)

    def count(self, arrived: Messages) -> int:
        """Count those among ``arrived``, which follow all that came before."""
        valid = arrived.role == VALID
        order = np.argsort(arrived.patient[valid], kind="stable")
        patient, time = arrived.patient[valid][order], arrived.time_ms[valid][order]
        if not len(patient):
            return 0
        first = np.append(True, patient[1:] != patient[:-1])
        newest = _newest_before(time, first, self._newest[patient[first]])
        overtaken = int((time < newest).sum())
        last = np.append(first[1:], True)
        self._newest[patient[last]] = np.maximum(newest, time)[last]
        return overtaken


def _newest_before(time: Integers, first: Integers, known: Integers) -> Integers:
    """Yield for each row the greatest time of the rows before it in its group and of what was known of it."""
    group = np.cumsum(first) - 1
    rank = np.argsort(np.argsort(np.concatenate([time, known]), kind="stable"), kind="stable")
    values = np.sort(np.concatenate([time, known]), kind="stable")
    base = group * len(rank)
    before = np.where(first, base + rank[len(time) :][group], base + np.append(0, rank[: len(time) - 1]))
    newest: Integers = values[np.maximum.accumulate(before) - base]
    return newest


def patient_truths(settings: SimulationSettings, cohort: Cohort, names: list[str]) -> list[PatientTruth]:
    """Yield the truth of each patient."""
    courses = cohort.courses

    def at(times: Integers, patient: int) -> str | None:
        known = 0 <= times[patient] < min(int(NEVER) - 1, settings.length_ms)
        return _instant(settings.start, int(times[patient])) if known else None

    truths = []
    for patient, name in enumerate(names):
        course = COURSES[courses.kind[patient]]
        moving = course.name != "stable"
        truths.append(
            PatientTruth(
                patient_id=name,
                trajectory=course.name,
                spo2_scale=2 if cohort.copd[patient] else 1,
                monitored=bool(cohort.monitored[patient]),
                outcome=course.outcome,
                onset_time=at(courses.onset, patient) if moving else None,
                outcome_time=at(courses.outcome, patient) if moving else None,
                recovered_time=at(courses.recovered, patient) if moving else None,
                left_time=at(courses.leaves, patient),
            )
        )
    return truths


def _instant(start: datetime, ms: int) -> str:
    return (start + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
