"""Finds repeats of events: an index of keys in memory, filled from the lake by event date on demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.duplicates import KeyIndex, keyed
from vitalake.silver.kernel import Int64s
from vitalake.silver.refine import utc_date
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import EVENT_KEY, NORMALISED, SILVER_OBSERVATIONS

_CONTENT: Final = ", ".join(column.name for column in NORMALISED if column.name != "alert_type")
_KEY: Final = [column.name for column in EVENT_KEY]
_HASHES: Final = (
    f"select hash({', '.join(_KEY)}) as high, hash({', '.join(reversed(_KEY))}, 1) as low, "
    f"hash({_CONTENT}) as content"
)


@dataclass(frozen=True)
class Repeats:
    """Which rows of a batch are new, which repeat an event, and the position of the event they repeat."""

    new: Int64s
    same: Int64s
    conflicting: Int64s
    first: pa.Table
    """first_source, first_partition, first_offset of each row of ``same``."""


class RepeatFinder:
    """Knows every event key of the dates it was asked about."""

    def __init__(self, lake: EmbeddedLake) -> None:
        self._lake = lake
        self._index = KeyIndex()
        self._dates: set[int] = set()
        self._sources = StringPool()

    def find(self, events: pa.Table) -> Repeats:
        """Sort the rows of a batch (bronze order) into new ones and repeats, and remember the new."""
        self._load(events)
        entry, firsts = self._admit(events)
        is_first = np.zeros(len(entry), bool)
        is_first[firsts] = True
        hits = np.flatnonzero(~is_first)
        same = self._index.content[entry[hits]] == self._content[hits]
        return Repeats(firsts, hits[same], hits[~same], self._positions(entry[hits[same]]))

    def _admit(self, events: pa.Table) -> tuple[Int64s, Int64s]:
        con = self._lake.duckdb
        con.register("events_to_hash", events)
        hashes = con.sql(f"{_HASHES} from events_to_hash").to_arrow_table()
        con.unregister("events_to_hash")
        self._content = keyed(hashes, "content")
        entry, firsts = self._index.admit(keyed(hashes, "high"), keyed(hashes, "low"))
        new = entry[firsts]
        self._index.content[new] = self._content[firsts]
        at = pa.array(firsts)
        self._index.source[new] = self._sources.encode(events["source"].take(at))
        self._index.partition[new] = events["partition"].take(at).to_numpy()
        self._index.offset[new] = events["offset"].take(at).to_numpy()
        return entry, firsts

    def _load(self, events: pa.Table) -> None:
        """Read the keys of dates not asked about before."""
        dates = pc.unique(utc_date(events["event_time"])).cast(pa.int32()).to_pylist()
        unknown = [date for date in dates if date not in self._dates]
        if not unknown:
            return
        self._dates.update(unknown)
        listed = ", ".join(f"date '1970-01-01' + {date}" for date in unknown)
        self._lake.open(SILVER_OBSERVATIONS, f"event_date in ({listed})")
        names = ", ".join([*(column.name for column in NORMALISED), "source", "partition", '"offset"'])
        there = self._lake.rows(f"select {names} from silver_observations")
        if there.num_rows:
            self._admit(there)

    def _positions(self, entries: Int64s) -> pa.Table:
        index = self._index
        return pa.table(
            {
                "first_source": self._sources.decode(index.source[entries].astype(np.int64)),
                "first_partition": pa.array(index.partition[entries], pa.int32()),
                "first_offset": pa.array(index.offset[entries], pa.int64()),
            }
        )
