"""Refine on the embedded engine: the pure steps of Silver over newest states in memory.

The order of commits makes the guarantee: quarantine, duplicates, alert changes, observations, progress.  Each is
marked with the batch, so that a repetition skips what is there; once observations have it, only progress is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.rules import Rules
from vitalake.domain.vitals import FORGET_AFTER_US, HOUR_US
from vitalake.engines.embedded.alerts import AlertTeller
from vitalake.engines.embedded.ending_hours import EndingHours
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.newest import Newest
from vitalake.engines.embedded.patients import Patients, first_times
from vitalake.engines.embedded.recent import Recent
from vitalake.engines.embedded.repair import repair_from_lake, repair_recent
from vitalake.engines.embedded.repeats import RepeatFinder, Repeats
from vitalake.engines.embedded.settle import WRITTEN_BY_BATCHES, Pending, in_one_piece, settle, versions_of
from vitalake.engines.engine import Counts
from vitalake.silver.episodes import Episodes
from vitalake.silver.kernel import Int64s
from vitalake.silver.parse import Parsed, parse
from vitalake.silver.refine import Fold, Folded, observation_rows
from vitalake.silver.tables import (
    PROVENANCE,
    SILVER_ALERT_CHANGES,
    SILVER_DUPLICATES,
    SILVER_OBSERVATIONS,
    SILVER_PATIENT_STATES,
    SILVER_QUARANTINE,
)
from vitalake.silver.timeline import arrange
from vitalake.silver.watermark import Watermark, receipts

_MEMORY: Final = timedelta(days=31)
_EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
_HOT: Final = (SILVER_QUARANTINE, SILVER_DUPLICATES, SILVER_ALERT_CHANGES)
"""What a batch commits before observations, where there is any."""


class EmbeddedRefiner:
    """Refines one bronze batch after the other, and settles what is derived."""

    def __init__(self, lake: EmbeddedLake, rules: Rules, *, watermark: Watermark, settled: int) -> None:
        self.lake = lake
        self.rules = rules
        self.watermark = watermark
        self.patients = Patients(Fold(rules))
        self.hours = EndingHours(self.patients)
        self.touched: list[pa.Table] = []
        self.repaired = Newest()
        self._repeats = RepeatFinder(lake)
        self._parser = ThreadPoolExecutor(1, "parse")
        self._expected: tuple[pa.Table, Future[Parsed]] | None = None
        self._settled = settled
        self._start(settled)

    def _start(self, settled: int) -> None:
        """Take up the stored states, and fold again what came after them out of order."""
        table = SILVER_PATIENT_STATES
        since = "true"
        if self.watermark.reached is not None:
            earliest = max(self.watermark.reached, _EARLIEST + _MEMORY) - _MEMORY
            since = f"hour >= timestamptz '{earliest}'"
            self.patients.unsure_before_us = _us(earliest) + FORGET_AFTER_US + HOUR_US
        self.lake.open(table, since)
        newest = "qualify row_number() over (partition by patient_id order by hour desc) = 1"
        rows = self.lake.rows(f"select * from {table.name} {newest}")
        self.patients.load(rows)
        self.alerts = AlertTeller(self.lake, self.patients, settled)
        self.alerts.recall(self._told_since(rows, settled))
        self._take_up(settled)

    def _told_since(self, states: pa.Table, settled: int) -> pa.Table:
        """Yield the patients of whom something may be told again, and since when (columns patient_id, since_us).

        One who has no state yet may have been told of by a batch that was cut short.
        """
        self.lake.open(SILVER_ALERT_CHANGES, f"batch > {settled}")
        self.lake.register("states", states.select(["patient_id", "last_event_time"]))
        return self.lake.rows(f"""
            select patient_id, epoch_us(last_event_time) as since_us from states
            union all
            select distinct patient_id, {self.patients.unsure_before_us}
            from {SILVER_ALERT_CHANGES.name} anti join states using (patient_id)
        """)

    def _take_up(self, settled: int) -> None:
        """Mark the patients whose events came after the last settling (a run that was cut short)."""
        self.lake.open(SILVER_OBSERVATIONS, f"batch > {settled} or updated_batch > {settled}")
        select = "select patient_id, event_time, batch from silver_observations"
        touched = self.lake.rows(select)
        if touched.num_rows:
            self.touched.append(touched.select(["patient_id", "event_time"]))
            events = self.lake.rows(f"{select} where batch > {settled}")
            self.patients.mark(*first_times(events))
            self.repair(int(pc.max(touched["batch"]).as_py()))

    def listen(self, heard: Callable[[pa.Table], None]) -> None:
        """Hand alert changes to ``heard`` as soon as they are committed."""
        self.alerts.heard = heard

    def expect(self, messages: pa.Table) -> None:
        """Begin to parse messages, beside their commit to Bronze."""
        self._expected = messages, self._parser.submit(parse, messages)

    def _parsed(self, messages: pa.Table) -> Parsed:
        expected, self._expected = self._expected, None
        return expected[1].result() if expected and expected[0] is messages else parse(messages)

    def refine(self, batch: int, messages: pa.Table | None, *, at_end: bool) -> Counts:
        """Turn the messages of one bronze batch (None: read them from Bronze) into rows of Silver."""
        if messages is None:
            messages = self._bronze(batch)
            if self.lake.committed(SILVER_OBSERVATIONS) >= batch:  # only progress was lost
                return self._counted(batch, messages, at_end=at_end)
        parsed = self._parsed(messages)
        events = self.patients.fold.type_alarms(parsed.observations)
        repeats = self._repeats.find(events)
        quarantine = parsed.quarantine
        if len(repeats.conflicting):
            conflicts = _conflicts(messages, parsed.rows, events, repeats)
            quarantine = pa.concat_tables([quarantine, conflicts])
        duplicates = _duplicates(events, repeats)
        observations, ended, places = self._fold(events, repeats.new, batch)
        with ThreadPoolExecutor(1, "write") as beside:  # whatever happens here, it ends with the block
            written = beside.submit(self.lake.write, SILVER_OBSERVATIONS, observations)
            received = receipts(messages["source_time"], messages["ingest_time"])
            self.watermark = self.watermark.seen(
                events["event_time"].take(pa.array(repeats.new)),
                received.take(pa.array(parsed.rows[repeats.new])),
                at_end=at_end,
            )
            changes = self.alerts.tell(places, ended, self.time_us, batch)
            for table, rows in ((SILVER_QUARANTINE, quarantine), (SILVER_DUPLICATES, duplicates)):
                if rows.num_rows:
                    self.lake.append(table, rows, batch)
            self.alerts.write(changes)
        self.lake.commit(SILVER_OBSERVATIONS, written.result(), batch)
        return Counts(
            messages.num_rows,
            observations.num_rows,
            quarantine.num_rows,
            duplicates.num_rows,
            self.alerts.written(),
        )

    def _bronze(self, batch: int) -> pa.Table:
        self.lake.open(BRONZE_EVENTS, f"batch = {batch}")
        select = 'select * from bronze_events order by source, partition, "offset"'
        return self.lake.rows(select).cast(BRONZE_EVENTS.schema)

    def _counted(self, batch: int, messages: pa.Table, *, at_end: bool) -> Counts:
        """Yield what a batch that is all there came to."""
        for table in (SILVER_OBSERVATIONS, *_HOT):
            self.lake.open(table, f"batch = {batch}")
        self.lake.register("messages", messages)
        kept = self.lake.rows("""
            select o.event_time, coalesce(m.source_time, m.ingest_time) as received
            from silver_observations o join messages m using (source, partition, "offset")
        """)
        self.watermark = self.watermark.seen(kept["event_time"], kept["received"], at_end=at_end)
        counts = (
            self.lake.rows(f"select 1 from {table.name}").num_rows for table in (SILVER_OBSERVATIONS, *_HOT)
        )
        return Counts(messages.num_rows, *counts)

    def _fold(self, events: pa.Table, new: Int64s, batch: int) -> tuple[pa.Table, list[Episodes], Int64s]:
        """Yield the observation rows (those out of order waiting), the episodes that ended, the patients' places."""
        patients = self.patients
        if len(new) < events.num_rows:
            events = events.take(pa.array(new))
        self.touched.append(events.select(["patient_id", "event_time"]))
        owners = patients.places_of(events)
        late = patients.late(events, owners)
        timeline = arrange(events, patients.fold.pool, np.flatnonzero(~late))
        places = patients.places(timeline.patients.to_pylist())
        folded = patients.fold.fold(timeline, patients.at(places))
        ended = self.keep(places, folded, batch)
        rows = folded.observations(batch)
        if late.any():
            waiting = events.filter(pa.array(late))
            patients.mark(*first_times(waiting))
            rows = pa.concat_tables([rows, observation_rows(waiting, None, batch)])
        if patients.recent is not None:
            patients.recent.add(events, owners)
        return rows, ended, places

    def keep(self, places: Int64s, folded: Folded, batch: int) -> list[Episodes]:
        """Take over the hours and the newest states of the patients at ``places``; yield what ended, by place."""
        self.hours.note(folded, places, batch)
        self.patients.put(places, folded.newest)
        for episodes in folded.ended:
            episodes.records["patient"] = places[episodes.records["patient"]]
        return folded.ended

    @property
    def time_us(self) -> int | None:
        """How far time alone has come."""
        return self.watermark.time_us(self.rules.grace_us)

    def catch_up(self, batch: int) -> None:
        """Fold again the patients that wait for it and are kept in mind, as they are from the first call on."""
        if self.patients.recent is None:
            self.patients.recent = Recent(self.patients)
        repair_recent(self, batch)

    def repair(self, batch: int) -> None:
        """Fold again whatever patients wait for it."""
        repair_recent(self, batch)
        if self.patients.dirty:
            repair_from_lake(self, batch)

    def told(self) -> int:
        """Yield how many alert changes were told beside batches, since it was last asked or a batch was counted."""
        return self.alerts.written()

    def settling(self, batch: int) -> Callable[[], Mapping[str, int]]:
        """Repair and tell what is due; yield the rest of settling, which sees the lake as it is now."""
        self.alerts.settled(self._settled)
        self.repair(batch)
        self.alerts.write(self.alerts.tell(np.zeros(0, np.int64), [], self.time_us, batch))
        versions = versions_of(self.lake, WRITTEN_BY_BATCHES)
        pending = Pending(
            self._settled,
            batch,
            self.hours.take(),
            in_one_piece(self.touched),
            self.repaired.take(),
            versions,
        )
        self._settled, self.touched = batch, []
        self.patients.forget_texts()
        if self.patients.recent is not None:
            self.patients.recent.turn()
        return partial(settle, self.lake.path, pending, self.rules)


def _us(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _duplicates(events: pa.Table, repeats: Repeats) -> pa.Table:
    rows = events.select([column.name for column in PROVENANCE]).take(pa.array(repeats.same))
    columns = {name: rows[name] for name in rows.column_names} | {
        name: repeats.first[name] for name in repeats.first.column_names
    }
    return pa.table(columns, schema=SILVER_DUPLICATES.schema)


def _conflicts(messages: pa.Table, at: Int64s, events: pa.Table, repeats: Repeats) -> pa.Table:
    rows = pa.array(repeats.conflicting)
    n = len(repeats.conflicting)
    provenance = events.select([column.name for column in PROVENANCE]).take(rows)
    columns = {name: provenance[name] for name in provenance.column_names} | {
        "payload": messages["payload"].take(pa.array(at[repeats.conflicting])),
        "reason": pa.repeat("conflicting_duplicate", n),
        "detail": pa.repeat("another event has the same patient, time and event_id", n),
    }
    return pa.table(columns, schema=SILVER_QUARANTINE.schema)
