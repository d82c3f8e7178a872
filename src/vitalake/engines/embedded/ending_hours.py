"""The states in which hours ended, until they are stored: made when an hour is over, or when they are asked for.

A patient's newest state is that of the hour that still goes on, and is kept anyway; to write it down after each batch
would cost as much as all the rest.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.domain.vitals import HOUR_US
from vitalake.engines.embedded.patients import Patients
from vitalake.silver.kernel import Int64s
from vitalake.silver.refine import Folded, hour_rows
from vitalake.silver.tables import SILVER_PATIENT_STATES

_NONE: Final = -(2**62)


class EndingHours:
    """What is to be written to silver_patient_states."""

    def __init__(self, patients: Patients) -> None:
        self._patients = patients
        self._over: list[pa.Table] = []
        self._hour = np.zeros(0, np.int64)
        """By place, the hour since 1970 that goes on and is to be written."""
        self._batch = np.zeros(0, np.int64)

    def note(self, folded: Folded, places: Int64s, batch: int) -> None:
        """Take note of a fold of the patients at ``places``, before their newest states are taken over."""
        self._make_room(places)
        line = folded.timeline
        first, last = line.time_us[line.starts[:-1]] // HOUR_US, line.time_us[line.starts[1:] - 1] // HOUR_US
        before = self._hour[places]
        self._end(places[(before != _NONE) & (before < first)])
        if line.snapshots:
            self._over.append(folded.hours_over(self._patients.fold.pool, batch))
        self._hour[places] = last
        self._batch[places] = batch

    @property
    def over(self) -> pa.Table:
        """The rows of hours that are over; ``place`` orders them, of an hour's rows the last one holds."""
        rows = pa.concat_tables([SILVER_PATIENT_STATES.schema.empty_table(), *self._over]).combine_chunks()
        return rows.append_column("place", pa.array(np.arange(rows.num_rows)))

    def take(self) -> pa.Table:
        """Yield ``over`` with the hours that go on, and forget them."""
        self._end(np.flatnonzero(self._hour != _NONE))
        over, self._over = self.over, []
        return over

    def _end(self, places: Int64s) -> None:
        if not len(places):
            return
        fold = self._patients.fold
        states = self._patients.at(places)
        ids = self._patients.ids.take(pa.array(places))
        self._over.append(hour_rows(states, ids, self._batch[places], fold.due_us(states), fold.pool))
        self._hour[places] = _NONE

    def _make_room(self, places: Int64s) -> None:
        more = int(places.max(initial=-1)) + 1 - len(self._hour)
        if more > 0:
            self._hour = np.concatenate([self._hour, np.full(2 * more, _NONE)])
            self._batch = np.concatenate([self._batch, np.zeros(2 * more, np.int64)])
