"""Alert changes: told from the newest states and the patients' time, and folded into silver_alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.patients import Patients
from vitalake.silver.changes import Told, compare, join, read_told
from vitalake.silver.episodes import Episodes
from vitalake.silver.kernel import Int64s
from vitalake.silver.tables import EPISODE, SILVER_ALERT_CHANGES, SILVER_ALERTS

_EPISODE: Final = ", ".join(column.name for column in EPISODE)
_LATEST: Final = "qualify row_number() over (partition by alert_id order by seq desc) = 1"
_STANDING: Final = f"""
    select {_EPISODE}, revision from silver_alerts
    where alert_id not in (select alert_id from silver_alert_changes)
    union all
    select {_EPISODE}, revision from (select * from silver_alert_changes {_LATEST}) where change <> 'retracted'
"""
"""What holds true by the log: silver_alerts as it was settled, and the changes since."""


class AlertTeller:
    """Tells the change log what differs between what it says and what holds now.

    In memory is what was told of episodes that events may still change: those not over before the last instant of
    their patient's newest state.
    """

    def __init__(self, lake: EmbeddedLake, patients: Patients, settled: int) -> None:
        self._lake = lake
        self._patients = patients
        self._settled = settled
        self._written = 0
        self.heard: Callable[[pa.Table], None] = lambda _: None
        lake.open(SILVER_ALERT_CHANGES)
        (row,) = lake.rows("select coalesce(max(seq), 0) as seq from silver_alert_changes").to_pylist()
        self._next_seq = row["seq"] + 1
        rows = lake.rows(
            f"select * from (select * from silver_alert_changes {_LATEST}) where change = 'retracted'"
        )
        patients.retracted = self._read(rows)

    def _read(self, rows: pa.Table) -> Told:
        patients = self._patients
        if not rows.num_rows:
            return Told.nothing()
        return read_told(rows, patients.places(rows["patient_id"].to_pylist()), patients.fold.pool)

    def recall(self, since: pa.Table) -> None:
        """Load what was told of some patients and not over before an instant (columns patient_id, since_us)."""
        lake, patients = self._lake, self._patients
        lake.register("folded_since", since)
        lake.open(SILVER_ALERTS)
        lake.open(SILVER_ALERT_CHANGES, f"batch > {self._settled}")
        rows = lake.rows(f"""
            select a.* from ({_STANDING}) a join folded_since s using (patient_id)
            where a.cleared_at is null or epoch_us(a.cleared_at) >= s.since_us
        """)
        told, places = patients.told, patients.places(since["patient_id"].to_pylist())
        patients.told = join([told.take(~np.isin(told.records["patient"], places)), self._read(rows)])
        if patients.recent is not None:
            patients.recent.forget(places)

    def recall_over(self, over: Told) -> None:
        """Take back episodes that were told and over, which events may change after all."""
        self._patients.told = join([self._patients.told, over])

    def tell(self, places: Int64s, ended: list[Episodes], time_us: int | None, batch: int) -> pa.Table:
        """Yield the changes of the patients at ``places`` and of those for whom something was due.

        ``ended`` are the episodes that events ended (``patient`` is a place); ``time_us`` is the lake's watermark
        less the grace.
        """
        patients = self._patients
        if time_us is not None:
            places = np.union1d(places, patients.due(time_us))
        states = patients.at(places)
        until: Int64s = states.alarms["last_us"].copy()
        if time_us is not None:
            until = np.maximum(until, time_us)
        standing, patients.due_us[places] = patients.fold.standing(states, until)
        for episodes in standing:
            episodes.records["patient"] = places[episodes.records["patient"]]
        mine = np.isin(patients.told.records["patient"], places)
        retracted = patients.retracted.take(np.isin(patients.retracted.records["patient"], places))
        changes, told, gone = compare(patients.told.take(mine), Told.of([*standing, *ended]), retracted)
        live = np.arange(len(told.origin)) < sum(len(episodes) for episodes in standing)
        patients.told = join([patients.told.take(~mine), told.take(live)])
        if patients.recent is not None:
            patients.recent.note_over(told.take(~live))
        if len(gone.records):
            patients.retracted = join([patients.retracted, gone])
        rows = changes.table(
            patients.ids, patients.fold.pool, patients.fold.policy.version, batch, self._next_seq
        )
        self._next_seq += rows.num_rows
        return rows

    def write(self, changes: pa.Table) -> None:
        """Commit changes; a repetition tells only what the log does not say yet, so it needs no mark."""
        if changes.num_rows:
            self._lake.log(SILVER_ALERT_CHANGES, changes)
            self._written += changes.num_rows
            self.heard(changes)

    def written(self) -> int:
        """Yield how many changes were committed since this was last asked."""
        written, self._written = self._written, 0
        return written

    def settled(self, batch: int) -> None:
        """Take note that silver_alerts holds the changes up to a batch."""
        self._settled = batch


def fold_changes(lake: EmbeddedLake, settled: int, batch: int) -> None:
    """Fold the changes since the last settling into silver_alerts."""
    lake.open(SILVER_ALERT_CHANGES, f"batch > {settled}")
    lake.materialise("touched_alerts", "select distinct alert_id from silver_alert_changes")
    if lake.rows("select alert_id from touched_alerts limit 1").num_rows:
        lake.materialise(
            "new_alerts",
            f"""
            select {_EPISODE}, revision, batch as updated_batch, cast(raised_at as date) as event_date
            from (select * from silver_alert_changes {_LATEST}) where change <> 'retracted'
            """,
        )
        lake.replace(SILVER_ALERTS, "new_alerts", "touched_alerts", batch)
