"""Finds repeats of events: an index of keys in memory by event date, filled from the lake on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.duplicates import KeyIndex, keyed
from vitalake.silver.kernel import Bools, Int32s, Int64s
from vitalake.silver.refine import utc_date
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import EVENT_KEY, NORMALISED, SILVER_OBSERVATIONS

_CONTENT: Final = ", ".join(column.name for column in NORMALISED if column.name != "alert_type")
_KEY: Final = [column.name for column in EVENT_KEY]
_HASHES: Final = (
    f"select hash({', '.join(_KEY)}) as high, hash({', '.join(reversed(_KEY))}, 1) as low, "
    f"hash({_CONTENT}) as content"
)
_MANY: Final = 5_000_000
"""More keys than this (some 130 bytes each) are kept of dates only that were asked about of late."""
_OF_LATE: Final = 50
"""So many batches."""


@dataclass(frozen=True)
class Repeats:
    """Which rows of a batch are new, which repeat an event, and the position of the event they repeat."""

    new: Int64s
    same: Int64s
    conflicting: Int64s
    first: pa.Table
    """first_source, first_partition, first_offset of each row of ``same``."""


@dataclass(frozen=True)
class _Rows:
    """Rows that are looked up: their hashes, and where in Bronze they are (source, partition, offset)."""

    high: Int64s
    low: Int64s
    content: Int64s
    position: Int64s


class RepeatFinder:
    """Knows the event keys of the dates it was asked about, as long as it keeps being asked or they are not many."""

    def __init__(self, lake: EmbeddedLake) -> None:
        self._lake = lake
        self._dates: dict[int, KeyIndex] = {}
        self._asked: dict[int, int] = {}
        """In which batch a date was last asked about."""
        self._batches = 0
        self._sources = StringPool()

    def __len__(self) -> int:
        """How many keys are in memory."""
        return sum(index.size for index in self._dates.values())

    def find(self, events: pa.Table) -> Repeats:
        """Sort the rows of a batch (bronze order) into new ones and repeats, and remember the new."""
        self._batches += 1
        dates = _dates(events)
        self._load(np.unique(dates).tolist())
        rows = self._rows(events)
        is_new, is_same = np.zeros(len(dates), bool), np.zeros(len(dates), bool)
        first = np.empty_like(rows.position)
        for date, places in _by_value(dates):
            index = self._dates[date]
            entry = _admit(index, rows, places, is_new)
            is_same[places] = ~is_new[places] & (index.content[entry] == rows.content[places])
            first[places] = index.position[entry]
        self._forget()
        same = np.flatnonzero(is_same)
        conflicting = np.flatnonzero(~is_new & ~is_same)
        return Repeats(np.flatnonzero(is_new), same, conflicting, self._positions(first[same]))

    def _rows(self, events: pa.Table) -> _Rows:
        con = self._lake.duckdb
        con.register("events_to_hash", events)
        hashes = con.sql(f"{_HASHES} from events_to_hash").to_arrow_table()
        con.unregister("events_to_hash")
        return _Rows(
            keyed(hashes, "high"),
            keyed(hashes, "low"),
            keyed(hashes, "content"),
            np.stack(
                [
                    self._sources.encode(events["source"]),
                    events["partition"].to_numpy(),
                    events["offset"].to_numpy(),
                ],
                axis=1,
            ),
        )

    def _load(self, dates: list[int]) -> None:
        """Read the keys of dates that are not known."""
        unknown = [date for date in dates if date not in self._dates]
        self._asked |= dict.fromkeys(dates, self._batches)
        if not unknown:
            return
        self._dates |= {date: KeyIndex() for date in unknown}
        listed = ", ".join(f"date '1970-01-01' + {date}" for date in unknown)
        self._lake.open(SILVER_OBSERVATIONS, f"event_date in ({listed})")
        names = ", ".join([*(column.name for column in NORMALISED), "source", "partition", '"offset"'])
        there = self._lake.rows(f"select {names} from silver_observations")
        if there.num_rows:
            rows, is_new = self._rows(there), np.zeros(there.num_rows, bool)
            for date, places in _by_value(_dates(there)):
                _admit(self._dates[date], rows, places, is_new)

    def _forget(self) -> None:
        """Drop the keys of dates not asked about of late, where there are many: a long stream leaves them behind."""
        if len(self) <= _MANY:
            return
        for date in [d for d, batch in self._asked.items() if batch <= self._batches - _OF_LATE]:
            del self._dates[date], self._asked[date]

    def _positions(self, first: Int64s) -> pa.Table:
        return pa.table(
            {
                "first_source": self._sources.decode(first[:, 0]),
                "first_partition": pa.array(first[:, 1]).cast(pa.int32()),
                "first_offset": pa.array(first[:, 2]),
            }
        )


def _admit(index: KeyIndex, rows: _Rows, places: Int64s, is_new: Bools) -> Int64s:
    """Enter the rows of one date; yield their entries, and note which are the first of theirs."""
    entry, firsts = index.admit(rows.high[places], rows.low[places])
    at = places[firsts]
    index.content[entry[firsts]], index.position[entry[firsts]] = rows.content[at], rows.position[at]
    is_new[at] = True
    return entry


def _dates(events: pa.Table) -> Int32s:
    found: Int32s = utc_date(events["event_time"]).cast(pa.int32()).to_numpy()
    return found


def _by_value(values: Int32s) -> list[tuple[int, Int64s]]:
    """Yield each value and the places that have it, in order."""
    if not len(values):
        return []
    order = np.argsort(values, kind="stable")
    distinct, starts = np.unique(values[order], return_index=True)
    return list(zip(distinct.tolist(), np.split(order, starts[1:]), strict=True))
