"""The newest state of every patient, in memory while one process refines."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.engines.embedded.recent import Recent
from vitalake.silver.alarm_machine import FOREVER
from vitalake.silver.changes import Told
from vitalake.silver.kernel import Bools, Int64s
from vitalake.silver.refine import Fold
from vitalake.silver.states import States, unpack
from vitalake.silver.strings import NONE, Numbered, StringPool

_ROOM: Final = 256
BEGINNING: Final = -(2**62)
"""An instant before all others, in microseconds."""
_FEW_TEXTS: Final = 1_000_000


class Patients:
    """Patients by id, their newest states, and the instant from which a repair of theirs waits."""

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.due_us = np.full(_ROOM, FOREVER, np.int64)
        self._tidy_at = _FEW_TEXTS
        self.dirty: dict[str, int] = {}
        self.unsure_before_us = BEGINNING
        self._places = Numbered()
        self._states = States.initial(_ROOM)
        self.told = Told.nothing()
        self.retracted = Told.nothing()
        self.recent: Recent | None = None
        """What of the last minutes is kept in mind, where anybody asks for it."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._places)

    def places(self, ids: list[str]) -> Int64s:
        """Yield each patient's place, making room for new ones."""
        found = self._places.numbers(ids)
        if len(self) > len(self._states):
            self._states = self._states.extended(2 * len(self))
            more = np.full(len(self._states) - len(self.due_us), FOREVER, np.int64)
            self.due_us = np.concatenate([self.due_us, more])
        return found

    def places_of(self, events: pa.Table) -> Int64s:
        """Yield the place of each event's patient."""
        ids = pc.dictionary_encode(events["patient_id"].combine_chunks())
        found: Int64s = self.places(ids.dictionary.to_pylist())[ids.indices.to_numpy()]
        return found

    @property
    def ids(self) -> pa.Array:
        """The patients by place."""
        return pa.array(self._places.texts, pa.string())

    def all(self) -> States:
        """Yield a copy of all states, by place."""
        return self._states.take(np.arange(len(self)))

    def at(self, places: Int64s) -> States:
        """Yield copies of the newest states of the patients at some places."""
        return self._states.take(places)

    def due(self, now_us: int) -> Int64s:
        """Yield the places of the patients for whom something is due by an instant."""
        return np.flatnonzero(self.due_us[: len(self)] <= now_us)

    def put(self, places: Int64s, states: States) -> None:
        """Set the newest states of the patients at some places."""
        self._states.put(places, states)

    def load(self, rows: pa.Table) -> None:
        """Take over stored rows of silver_patient_states, one a patient, and when something is due in them."""
        if rows.num_rows:
            places = self.places(rows["patient_id"].to_pylist())
            self.put(places, unpack(rows, self.fold.pool))
            self.due_us[places] = pc.fill_null(rows["due_at"].cast(pa.int64()), FOREVER).to_numpy()

    def late(self, events: pa.Table, places: Int64s) -> Bools:
        """Tell which events, each of the patient at a place, are not after the last one that the state there has seen.

        Of a patient who has none here, those ``unsure_before_us``: an older one may lie in the lake.
        """
        carry = self._states.carry
        last, seen = carry["last_time_us"][places], carry["last_event"][places]
        time_us = events["event_time"].cast(pa.int64()).to_numpy()
        late: Bools = time_us < np.where(seen == NONE, self.unsure_before_us, last)
        ties = np.flatnonzero((seen != NONE) & (time_us == last))
        if len(ties):
            mine = events["event_id"].take(pa.array(ties)).to_pylist()
            theirs = self.fold.pool.decode(seen[ties]).to_pylist()
            late[ties] = [a <= b for a, b in zip(mine, theirs, strict=True)]
        return late

    def mark(self, ids: list[str], from_us: list[int]) -> None:
        """Note that these patients must be folded again from an instant on."""
        for one, at in zip(ids, from_us, strict=True):
            self.dirty[one] = min(at, self.dirty.get(one, at))

    def forget_texts(self) -> None:
        """Drop the texts that no newest state points to, once they are many."""
        if len(self.fold.pool) < self._tidy_at:
            return
        pool = StringPool()
        self._states.recode(self.fold.pool, pool)
        self.told.recode(self.fold.pool, pool)
        self.retracted.recode(self.fold.pool, pool)
        self.fold.renew(pool)
        self.recent = None if self.recent is None else Recent(self)
        self._tidy_at = max(_FEW_TEXTS, 4 * len(pool))


def first_times(events: pa.Table) -> tuple[list[str], list[int]]:
    """Yield the patients of some events and the first instant of each [us]."""
    grouped: Any = pa.TableGroupBy(events.select(["patient_id", "event_time"]), "patient_id")
    first = grouped.aggregate([("event_time", "min")])
    return first["patient_id"].to_pylist(), first["event_time_min"].cast(pa.int64()).to_pylist()
