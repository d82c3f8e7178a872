"""What a stream keeps in mind of its last minutes, so that events a little out of order are folded at once.

That is the patients' states as they were a while ago, the events since, and the episodes that were told to be over
since.  What reaches farther back is left to the next settling, which reads the lake.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from vitalake.silver.alarm_machine import FOREVER
from vitalake.silver.changes import Told, join
from vitalake.silver.kernel import Bools, Int64s
from vitalake.silver.states import States
from vitalake.silver.strings import NONE

if TYPE_CHECKING:
    from vitalake.engines.embedded.patients import Patients

_ROWS: Final = 400_000
"""So many events, and another moment is kept in mind."""
_PIECES: Final = 32
"""Rows are taken out of a few large tables faster than out of many small ones."""


@dataclass
class _Moment:
    """The patients' states at a moment, by place, and the events since with the places of their patients.

    ``wrong`` are the places of patients who were folded again since from before this moment.  Who waits for that is not
    among them, but waits from an instant that no later moment's state is before.
    """

    states: States
    wrong: set[int] = field(default_factory=set)
    events: list[pa.Table] = field(default_factory=list)
    places: list[Int64s] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many events there are."""
        return sum(map(len, self.places))

    def add(self, events: pa.Table, places: Int64s) -> None:
        """Keep more events."""
        self.events.append(events)
        self.places.append(places)
        if len(self.events) > _PIECES and self.events[-_PIECES].num_rows < _ROWS // _PIECES:
            self.events[-_PIECES:] = [pa.concat_tables(self.events[-_PIECES:]).combine_chunks()]
            self.places[-_PIECES:] = [np.concatenate(self.places[-_PIECES:])]

    def events_of(self, wanted: Bools) -> list[pa.Table]:
        """Yield the events of the patients at the places that are ``wanted``."""
        picked = [np.flatnonzero(wanted[places]) for places in self.places]
        return [
            each.take(pa.array(rows)) for each, rows in zip(self.events, picked, strict=True) if len(rows)
        ]


@dataclass(frozen=True)
class Again:
    """Patients to be folded again, in order of their places: their states at a moment, and all their events since."""

    places: Int64s
    states: States
    events: pa.Table


class Recent:
    """Two moments, the newer at most so many events ago, and what came since the older."""

    def __init__(self, patients: Patients) -> None:
        self._patients = patients
        self._moments = [_Moment(patients.all())]
        self._over = Told.nothing()

    def add(self, events: pa.Table, places: Int64s) -> None:
        """Keep a batch's events, each with its patient's place, once the newest states have seen those in order."""
        self._moments[-1].add(events, places)
        if self._moments[-1].rows >= _ROWS:
            self.turn()

    def turn(self) -> None:
        """Keep this moment in mind, and no longer what was before the last one."""
        self._moments = [self._moments[-1], _Moment(self._patients.all())]
        since = self._last_us(self._moments[0], self._over.records["patient"])
        self._over = self._over.take(self._over.records["cleared_us"] >= since)

    def note_over(self, told: Told) -> None:
        """Keep episodes that were told to be over."""
        self._over = join([self._over, told])

    def take_over(self, places: Int64s, since_us: Int64s) -> Told:
        """Yield, and keep no longer, the episodes of patients that were over at or after an instant of each."""
        since = np.full(len(self._patients), FOREVER)
        since[places] = since_us
        mine = self._over.records["cleared_us"] >= since[self._over.records["patient"]]
        told, self._over = self._over.take(mine), self._over.take(~mine)
        return told

    def forget(self, places: Int64s) -> None:
        """Keep nothing of patients whose past turned out otherwise."""
        for moment in self._moments:
            moment.wrong.update(places.tolist())
        self._over = self._over.take(~np.isin(self._over.records["patient"], places))

    def reached(self, places: Int64s, from_us: Int64s) -> Iterator[Again]:
        """Yield the patients whose events from an instant of each on are in mind, since the newest moment that will do.

        The states of later moments are wrong by then.
        """
        waiting = np.ones(len(places), bool)
        for number in reversed(range(len(self._moments))):
            moment = self._moments[number]
            right = np.array([place not in moment.wrong for place in places.tolist()], bool)
            reached = waiting & right & (self._last_us(moment, places) < from_us)
            if reached.any():
                for later in self._moments[number + 1 :]:
                    later.wrong.update(places[reached].tolist())
                yield self._again(number, np.sort(places[reached]))
            waiting &= ~reached

    def _again(self, number: int, places: Int64s) -> Again:
        wanted = np.zeros(len(self._patients), bool)
        wanted[places] = True
        events = [table for moment in self._moments[number:] for table in moment.events_of(wanted)]
        states = self._moments[number].states
        # New patients have the last places, and nothing was known of them.
        known = states.take(places[places < len(states)])
        return Again(places, known.extended(len(places)), pa.concat_tables(events))

    def _last_us(self, moment: _Moment, places: Int64s) -> Int64s:
        """Yield the last instant that a moment's states have seen; of a patient not seen, until when all is unsure."""
        known = places < len(moment.states)
        last = np.full(len(places), self._patients.unsure_before_us - 1)
        carry = moment.states.carry[places[known]]
        last[known] = np.where(carry["last_event"] == NONE, last[known], carry["last_time_us"])
        return last
