"""The pure steps of Silver as Spark's workers call them: Arrow batches in, Arrow batches out, no Spark in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.rules import Rules
from vitalake.domain.tables import Column, Table
from vitalake.domain.vitals import HOUR_US
from vitalake.engines.spark.arrow import ROWS, fold_up, nullable, pieces, unfold, whole_patients
from vitalake.silver.changes import Told, compare, join, read_told
from vitalake.silver.episodes import Episodes
from vitalake.silver.hourly import READS, walk
from vitalake.silver.kernel import Bools, Int64s
from vitalake.silver.parse import parse
from vitalake.silver.readings import read_hours
from vitalake.silver.refine import SCORED_NAMES, Fold, Folded
from vitalake.silver.states import States, unpack
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import (
    NORMALISED,
    PROVENANCE,
    SCORED,
    SILVER_ALERT_CHANGES,
    SILVER_HELD_TIME,
    SILVER_OBSERVATIONS,
    SILVER_PATIENT_STATES,
    SILVER_PRESENCE,
    SILVER_QUARANTINE,
    SILVER_READINGS,
    SILVER_VITAL_WINDOWS,
)
from vitalake.silver.time_spent import spend_time
from vitalake.silver.timeline import arrange, sort_events
from vitalake.silver.watermark import receipts
from vitalake.silver.windows import summarise

FAULTS: Final = tuple(c for c in SILVER_QUARANTINE.columns if c not in PROVENANCE)
RECEIVED: Final = Column("received", "timestamp", "When the source got the message, else when the lake did")
EVENT: Final = (*NORMALISED, *PROVENANCE)
PARSED: Final = (*EVENT, *FAULTS, RECEIVED)
"""A message as an observation, or with the reason why it is none."""
STORED: Final = (*EVENT, *SCORED, Column("updated_batch", "bigint", "The batch that last changed the row"))
"""An observation as it goes into the fold; the scores of a new one are null."""
STATE: Final = tuple(
    c
    for c in SILVER_PATIENT_STATES.columns
    if c.name in ("patient_id", "state", "names", "devices", "device_names")
)
TOLD: Final = tuple(c for c in SILVER_ALERT_CHANGES.columns if c.name not in ("seq", "batch"))
SUMMARISED: Final = tuple(c for c in SILVER_OBSERVATIONS.columns if c.name in READS)

_STATE = pa.schema([column.arrow for column in STATE])
_SUMMARISED = pa.schema([column.arrow for column in SUMMARISED])
_EVENT_NAMES: Final = [column.name for column in EVENT]
_STORED = pa.schema([column.arrow for column in STORED])
_TOLD = pa.schema([column.arrow for column in TOLD])
_NO_CHANGES = SILVER_ALERT_CHANGES.schema.empty_table()
_PARSED = nullable(pa.schema([column.arrow for column in PARSED]))


@dataclass(frozen=True)
class ParseMessages:
    """Turns rows of bronze_events into PARSED."""

    rules: str

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Parse a partition."""
        fold = _fold(self.rules)
        for batch in batches:
            messages = pa.Table.from_batches([batch])
            parsed = parse(messages)
            rows = pa.array(parsed.rows)
            received = receipts(messages["source_time"], messages["ingest_time"]).take(rows)
            events = fold.type_alarms(parsed.observations).append_column(RECEIVED.name, received)
            events = events.append_column("payload", messages["payload"].take(rows))
            for table in (events, parsed.quarantine):
                yield from _widened(table).to_batches()


def _widened(rows: pa.Table) -> pa.Table:
    columns = [
        rows[field.name] if field.name in rows.column_names else pa.nulls(rows.num_rows, field.type)
        for field in _PARSED
    ]
    return pa.Table.from_arrays(columns, schema=_PARSED)


@dataclass(frozen=True)
class Carried:
    """What goes from one table to the next of a patient who is cut: the state after the hours that were folded.

    ``told`` is what was told of his alerts before this fold, ``ended`` are the episodes that ended in it.  The codes
    are those of the fold's pool.
    """

    states: States
    told: tuple[Told, Told]
    ended: list[Episodes]


@dataclass(frozen=True)
class FoldPatients:
    """Folds patients: ``state`` before their events, what was ``told`` of their alerts, their events by time.

    Yields new and changed ``observation`` rows, the state of each ``hour``, and each ``change`` of an alert (``seq``
    is the patient's own).  ``time_us`` is how far time alone has come.  A patient of more than ``rows`` rows is folded
    hours by hours, as if they came in batches: only the alerts wait for his last event.
    """

    rules: str
    batch: int
    time_us: int | None
    rows: int = ROWS

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Fold a partition, sorted by patient and time."""
        fold = _fold(self.rules)
        carried: Carried | None = None
        for table, goes_on in pieces(batches, _last_hour, self.rows):
            if carried is None:
                fold.renew(StringPool())
            ids = pc.unique(table["patient_id"])
            folded, stored, carried = self._folded(fold, table, ids, carried)
            observations = folded.observations(self.batch)
            yield fold_up(
                {
                    "observation": observations.filter(_differs(stored, observations)),
                    "hour": fold.hours(folded, self.batch),
                    "change": _NO_CHANGES if goes_on else self._changes(fold, ids, carried),
                }
            )
            carried = carried if goes_on else None

    def _folded(
        self, fold: Fold, table: pa.Table, ids: pa.Array, before: Carried | None
    ) -> tuple[Folded, pa.Table, Carried]:
        """Yield what the fold makes of the table's events, these as they are stored, and what is carried on."""
        states = _states_before(table, ids, fold.pool)
        if before is not None:
            states.put(np.zeros(1, np.int64), before.states)
        told = _told(table, ids, states.alarms["last_us"], fold.pool)
        stored = sort_events(unfold(table, "event", _STORED))
        timeline = arrange(stored.select(_EVENT_NAMES), fold.pool)
        places = pc.index_in(timeline.patients, ids).to_numpy(zero_copy_only=False).astype(np.int64)
        folded = fold.fold(timeline, states.take(places))
        states.put(places, folded.newest)
        for episodes in folded.ended:
            episodes.records["patient"] = places[episodes.records["patient"]]
        if before is None:
            return folded, stored, Carried(states, told, folded.ended)
        told = (join([before.told[0], told[0]]), join([before.told[1], told[1]]))
        return folded, stored, Carried(states, told, [*before.ended, *folded.ended])

    def _changes(self, fold: Fold, ids: pa.Array, carried: Carried) -> pa.Table:
        """Yield what is to be told of the patients' alerts."""
        until: Int64s = carried.states.alarms["last_us"].copy()
        if self.time_us is not None:
            until = np.maximum(until, self.time_us)
        standing, _ = fold.standing(carried.states, until)
        told, retracted = carried.told
        changes, _, _ = compare(told, Told.of([*standing, *carried.ended]), retracted)
        return changes.table(ids, fold.pool, fold.policy.version, self.batch, 1)


def _last_hour(table: pa.Table) -> int:
    """Yield the row at which the hour of the last event begins, of one patient's by time; 0 where he has no other."""
    events = table["event"].combine_chunks()
    if not events[-1].is_valid:
        return 0
    hour = pc.struct_field(events, "event_time").cast(pa.int64()).fill_null(0).to_numpy() // HOUR_US
    begins = int(np.argmax(events.is_valid().to_numpy(zero_copy_only=False) & (hour == hour[-1])))
    return begins if begins and events[begins - 1].is_valid else 0


@dataclass(frozen=True)
class SummarisePatients:
    """Sums up whole patients: the ``state`` before their events, their events with what they carry and score.

    Yields rows of the tables of SUMMARIES.
    """

    rules: str
    batch: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Summarise a partition, sorted by patient."""
        rules = Rules.from_json(self.rules)
        for table in whole_patients(batches):
            pool = StringPool()
            events = unfold(table, "event", _SUMMARISED)
            walked = walk(events, pool)
            states = _states_before(table, walked.patients, pool)
            spent = spend_time(walked, states.alarms, rules, pool)
            rows = {
                "window": summarise(walked, rules),
                "present": spent.present,
                "held": spent.held,
                "reading": read_hours(walked),
            }
            yield fold_up({kind: self._stamped(SUMMARIES[kind], each) for kind, each in rows.items()})

    def _stamped(self, table: Table, rows: pa.Table) -> pa.Table:
        updated = pa.repeat(pa.scalar(self.batch, pa.int64()), rows.num_rows)
        return rows.append_column("updated_batch", updated).select(table.names)


FOLDED: Final = {
    "observation": SILVER_OBSERVATIONS,
    "hour": SILVER_PATIENT_STATES,
    "change": SILVER_ALERT_CHANGES,
}


SUMMARIES: Final = {
    "window": SILVER_VITAL_WINDOWS,
    "present": SILVER_PRESENCE,
    "held": SILVER_HELD_TIME,
    "reading": SILVER_READINGS,
}


@cache
def _fold(rules: str) -> Fold:
    """Yield this process' fold: a worker lives longer than a task."""
    return Fold(Rules.from_json(rules))


def _states_before(table: pa.Table, ids: pa.Array, pool: StringPool) -> States:
    states = States.initial(len(ids))
    known = unfold(table, "state", _STATE)
    if known.num_rows:
        places = pc.index_in(known["patient_id"], ids).to_numpy().astype(np.int64)
        states.put(places, unpack(known, pool))
    return states


def _told(table: pa.Table, ids: pa.Array, since: Int64s, pool: StringPool) -> tuple[Told, Told]:
    """Yield the episodes told that events may still change, and those retracted."""
    rows = unfold(table, "told", _TOLD)
    if not rows.num_rows:
        return Told.nothing(), Told.nothing()
    places = pc.index_in(rows["patient_id"], ids).to_numpy().astype(np.int64)
    told = read_told(rows, places, pool)
    gone: Bools = pc.equal(rows["change"], "retracted").to_numpy()
    cleared = pc.fill_null(rows["cleared_at"].cast(pa.int64()), np.iinfo(np.int64).max).to_numpy()
    return told.take(~gone & (cleared >= since[places])), told.take(gone)


def _differs(stored: pa.Table, fresh: pa.Table) -> pa.Array:
    """Tell which rows are new, or score otherwise than they are stored."""
    differs = stored["updated_batch"].is_null().to_numpy().copy()
    for name in SCORED_NAMES:
        old, new = stored[name], fresh[name]
        if pa.types.is_list(old.type):
            old, new = (pc.binary_join(each, ",") for each in (old, new))
        same = pc.if_else(old.is_valid(), pc.equal(old, new), new.is_null())
        differs |= ~pc.fill_null(same, False).to_numpy()
    return pa.array(differs)
