"""Refine on Spark: the pure steps of Silver over patients, a few jobs a bronze batch.

The order of commits: quarantine, duplicates, alert changes, observations that changed, states, new observations,
progress.  All of it is computed from what earlier batches left, and a write is marked with the batch, merges by key
or tells only what is not told yet: a batch that is repeated changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import pyarrow as pa

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.rules import Rules
from vitalake.engines.engine import Counts
from vitalake.engines.spark.alerts import settle_alerts, write_changes
from vitalake.engines.spark.folding import FOLDED, PARSED, FoldPatients, ParseMessages
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.patients import gather_patients
from vitalake.engines.spark.read import ddl, nulls, struct_type
from vitalake.engines.spark.repeats import DUPLICATES, QUARANTINED, REPEATED, sort_out_repeats
from vitalake.engines.spark.summaries import replace_summaries
from vitalake.silver.tables import (
    SILVER_DUPLICATES,
    SILVER_OBSERVATIONS,
    SILVER_PATIENT_STATES,
    SILVER_QUARANTINE,
    SILVER_TABLES,
)
from vitalake.silver.watermark import Watermark

_FOLDED: Final = ", ".join(f"`{name}` {struct_type(table.columns)}" for name, table in FOLDED.items())


class SparkRefiner:
    """Refines one bronze batch after the other; between them everything stands in the lake."""

    def __init__(self, lake: SparkLake, rules: Rules, *, watermark: Watermark, settled: int) -> None:
        self.lake = lake
        self.rules = rules
        self.watermark = watermark
        self._settled = settled

    def listen(self, heard: Callable[[pa.Table], None]) -> None:
        """Hand over nothing: the changes are on the cluster, and are read from the lake."""

    def expect(self, messages: pa.Table) -> None:
        """Do nothing: the cluster reads them from Bronze."""

    def refine(self, batch: int, messages: pa.Table | None, *, at_end: bool) -> Counts:
        """Turn the messages of one bronze batch into rows of Silver."""
        lake = self.lake
        if messages is None or messages.num_rows:
            self._parse(batch)
            sort_out_repeats(lake, batch)
        else:
            lake.view("parsed", f"select {nulls(PARSED)} where false")
            lake.view("events", f"select {nulls(REPEATED)} where false")
        before_us = self._time_us
        new, same, quarantine = self._count(at_end=at_end)
        changed, changes = self._fold(batch, before_us) if new or at_end else (0, 0)
        if quarantine:
            lake.add(SILVER_QUARANTINE, lake.sql(QUARANTINED), batch)
        if same:
            lake.add(SILVER_DUPLICATES, lake.sql(DUPLICATES), batch)
        if changes:
            write_changes(lake)
        if changed:
            lake.view("changed", f"select * from observations where batch < {batch}")
            lake.view("touched_events", "select patient_id, event_time, event_id, event_date from changed")
            lake.replace(SILVER_OBSERVATIONS, "changed", "touched_events", batch)
        if new:
            self._write_hours(batch)
            lake.add(
                SILVER_OBSERVATIONS, lake.sql(f"select * from observations where batch = {batch}"), batch
            )
        return Counts(new + same + quarantine, new, quarantine, same, changes)

    def _parse(self, batch: int) -> None:
        """Materialise ``parsed``: each message as an observation, or with the reason why it is none."""
        self.lake.open(BRONZE_EVENTS, f"batch = {batch}")
        messages = self.lake.sql("select * from bronze_events")
        parse = ParseMessages(self.rules.to_json())
        self.lake.stage("parsed", messages.mapInArrow(parse, ddl(PARSED)))

    def _count(self, *, at_end: bool) -> tuple[int, int, int]:
        """Yield how many events are new, repeats of the same, and in quarantine; move the watermark."""
        (row,) = self.lake.rows("""
            select count_if(repeats = 'new') as new, count_if(repeats = 'same') as same,
              count_if(repeats = 'conflicting') as conflicting,
              max(least(event_time, received)) filter (where repeats = 'new') as newest,
              (select count(*) from parsed where reason is not null) as faulty
            from events
        """).to_pylist()
        newest = pa.chunked_array(
            [pa.array([] if row["newest"] is None else [row["newest"]], pa.timestamp("us", "UTC"))]
        )
        self.watermark = self.watermark.seen(newest, newest, at_end=at_end)
        return row["new"], row["same"], row["conflicting"] + row["faulty"]

    @property
    def _time_us(self) -> int | None:
        """How far time alone has come."""
        return self.watermark.time_us(self.rules.grace_us)

    def _fold(self, batch: int, before_us: int | None) -> tuple[int, int]:
        """Materialise ``folded``; yield how many stored observations changed, and how many changes alerts had."""
        lake, time_us = self.lake, self._time_us
        gathered = gather_patients(lake, batch, time_us, before_us)
        if gathered is None:
            return 0, 0
        order = "patient_id, event.event_time"
        patients = lake.sql(f"select * from ({gathered}) distribute by patient_id sort by {order}")
        fold = FoldPatients(self.rules.to_json(), batch, time_us)
        lake.stage("folded", patients.mapInArrow(fold, _FOLDED))
        lake.view("observations", "select observation.* from folded where observation is not null")
        (row,) = lake.rows(f"""
            select count_if(observation.batch < {batch}) as changed, count(change) as changes from folded
        """).to_pylist()
        return row["changed"], row["changes"]

    def _write_hours(self, batch: int) -> None:
        self.lake.view("hours", "select hour.* from folded where hour is not null")
        self.lake.view("touched_hours", "select patient_id, hour, event_date from hours")
        self.lake.replace(SILVER_PATIENT_STATES, "hours", "touched_hours", batch)

    def catch_up(self, batch: int) -> None:
        """Do nothing: no batch leaves events out of order waiting."""

    def told(self) -> int:
        """Yield that none was: batches tell all."""
        return 0

    def settling(self, batch: int) -> Callable[[], Mapping[str, int]]:
        """Bring alerts and summaries up to the changes and the observations; nothing is left to do."""
        settle_alerts(self.lake, self._settled, batch)
        replace_summaries(self.lake, self._settled, self.rules, batch)
        self._settled = batch
        versions = {
            table.name: version
            for table in SILVER_TABLES
            if (version := self.lake.version(table)) is not None
        }
        return partial(dict, versions)
