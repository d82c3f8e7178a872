"""Curate: Silver -> Gold, only what changed, all of it or nothing.

In this order: find the touched keys, compute every Gold table for them, judge what Gold would become, write
the verdicts, merge, write the progress.  The risk snapshot is merged last: its ``as_of`` tells the next
curate which patients moved on, so a curate that was cut off finds the same keys again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.policy_file import preset, read_policy
from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.engines.engine import Engine
from vitalake.errors import GateFailed
from vitalake.gold.definitions import GoldTable, Reads, Scope, gold_table, gold_tables, shared_views
from vitalake.gold.inputs import alarm_limits, maximum_ages
from vitalake.gold.records import GOLD_QUALITY_CHECKS
from vitalake.gold.touched import BOUNDS, CHANGED, PATIENT_ENDS, TOUCHED, Bounds
from vitalake.quality.expectations import packaged, read_expectations
from vitalake.quality.gate import Check, judge
from vitalake.silver.tables import (
    SILVER_ALERT_CHANGES,
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_OBSERVATIONS,
    SILVER_QUARANTINE,
    SILVER_VITAL_WINDOWS,
)
from vitalake.stages.history import RunInfo, StageRun, recorded
from vitalake.stages.lake import read_info
from vitalake.stages.progress import Done, read_progress, record

__all__ = ["CurateResult", "RunInfo", "curate"]

_SNAPSHOT: Final = "gold_patient_risk_snapshot"
_CONSERVED: Final = (BRONZE_EVENTS, SILVER_OBSERVATIONS, SILVER_QUARANTINE, SILVER_DUPLICATES)


@dataclass(frozen=True)
class CurateResult:
    """What a curate did: ``rows`` computed by table, the gate's ``checks``, whether Gold was ``merged``."""

    batch: int
    rows: dict[str, int]
    checks: tuple[Check, ...]
    merged: bool

    @property
    def failures(self) -> tuple[Check, ...]:
        """The expectations that failed hard."""
        return tuple(check for check in self.checks if check.verdict == "fail")

    def refuse(self) -> None:
        """Raise GateFailed where the gate kept Gold as it was."""
        if not self.merged:
            names = ", ".join(f"{check.expectation.name} ({check.value:g})" for check in self.failures)
            message = f"The quality gate failed: {names}"
            hint = "Gold stays as it was; see gold_quality_checks, or go through with: curate --force"
            raise GateFailed(message, hint)


def curate(
    engine: Engine, *, run: RunInfo, batch: int, force: bool = False, whole: bool = False
) -> CurateResult:
    """Bring Gold up to ``batch`` of Silver, which is settled; ``whole`` computes all of it anew.

    ``force`` merges in spite of the gate, and says so in gold_quality_checks.
    """
    last = read_progress(engine).batch("curate")
    with recorded(engine, run, "curate") as entry:
        if batch <= last and not whole:
            return CurateResult(batch, {}, (), merged=True)
        work = _Curation(engine, run, batch, 0 if whole else last)
        entry.first_batch, entry.last_batch = work.last + 1, batch
        entry.versions_read = _versions(engine, (BRONZE_EVENTS, *_SOURCES))
        return work.carry_out(entry, force=force)


class _Curation:
    """One curate: what it reads, computes, judges and writes."""

    def __init__(self, engine: Engine, run: RunInfo, batch: int, last: int) -> None:
        self.engine, self.run, self.batch, self.last = engine, run, batch, last
        self.started = run.now()
        self.whole = last == 0
        self.bounds = Bounds(None, None, None, None, None)

    def carry_out(self, entry: StageRun, *, force: bool) -> CurateResult:
        """Do it all, in the order that the module's docstring tells."""
        self._register_inputs()
        entry.rows_in = self._count_new_rows()
        if not self.whole:
            self._find_touched()
            self._compute_shared()
        rows = {gold.name: self._compute(gold) for gold in gold_tables()}
        tables = [gold.table for gold in gold_tables()]
        checks = judge(self.engine.rows, read_expectations(packaged(), tables))
        sound = all(check.verdict != "fail" for check in checks)
        result = CurateResult(self.batch, rows, checks, merged=sound or force)
        self.engine.log(GOLD_QUALITY_CHECKS, self._verdicts(result))
        if result.merged:
            self._merge()
            entry.rows_out = sum(rows.values())
            entry.versions_written = _versions(self.engine, tables)
            self._record_progress(entry)
        else:
            entry.status, entry.error = "failed", f"{len(result.failures)} expectations failed"
        return result

    def _register_inputs(self) -> None:
        """Register what SQL takes from the configuration."""
        info = read_info(self.engine)
        rules = info.parsed_rules if info else Rules()
        policy = preset() if rules.policy is None else read_policy(rules.policy)
        self.engine.register("maximum_ages", maximum_ages(rules))
        self.engine.register("alarm_limits", alarm_limits(policy))

    def _count_new_rows(self) -> int:
        """Register how many rows the batches brought to each table; yield how many messages they were."""
        counts = []
        for table in _CONSERVED:
            self.engine.open(table, f"batch > {self.last} and batch <= {self.batch}")
            (row,) = self.engine.rows(f"select count(*) as n from {table.name}").to_pylist()
            counts.append({"table_name": table.name, "row_count": row["n"]})
        schema = pa.schema([("table_name", pa.string()), ("row_count", pa.int64())])
        self.engine.register("new_rows", pa.Table.from_pylist(counts, schema=schema))
        return int(counts[0]["row_count"])

    def _find_touched(self) -> None:
        """Materialise the touched keys of every scope."""
        self.engine.open(SILVER_OBSERVATIONS, f"updated_batch > {self.last}")
        self.engine.open(SILVER_DUPLICATES, f"batch > {self.last}")
        self.engine.open(SILVER_QUARANTINE, f"batch > {self.last}")
        self.engine.open(SILVER_ALERT_CHANGES)
        self.engine.open(SILVER_ALERTS)
        self.engine.open(gold_table(_SNAPSHOT).table)
        for name, select in (*CHANGED, *TOUCHED):
            self.engine.materialise(name, select.replace("{last}", str(self.last)))
        (bounds,) = self.engine.rows(BOUNDS).to_pylist()
        self.bounds = Bounds(**bounds)

    def _compute_shared(self) -> None:
        """Materialise what costs much and several tables read, where it is little enough."""
        for shared in shared_views():
            if shared.reads:
                self._open_sources(shared.reads)
                self.engine.materialise(shared.name, shared.sql)

    def _compute(self, gold: GoldTable) -> int:
        """Materialise the table's touched rows, register the table as it would be; yield how many rows."""
        self._open_sources(gold.scope)
        select = gold.select
        if not self.whole:
            touched, on = f"touched_{gold.scope}", _same_keys("computed", gold)
            select = f"select computed.* from ({select}) as computed semi join {touched} as touched on {on}"
        stamped = f"select stamped.*, {self._stamps()} from ({select}) as stamped"
        self.engine.materialise(f"{gold.name}_rows", stamped)
        self._register_as_merged(gold)
        (count,) = self.engine.rows(f"select count(*) as n from {gold.name}_rows").to_pylist()
        return int(count["n"])

    def _open_sources(self, reads: Reads) -> None:
        restrict = {
            SILVER_OBSERVATIONS: self.bounds.events(reads),
            SILVER_VITAL_WINDOWS: self.bounds.windows(reads),
            SILVER_ALERTS: self.bounds.alerts(reads),
            SILVER_DUPLICATES: self.bounds.arrivals(),
            SILVER_QUARANTINE: self.bounds.arrivals(),
        }
        for table in _SOURCES:
            self.engine.open(table, "true" if self.whole else restrict[table])
        if self.whole:
            self.engine.view("patient_ends", PATIENT_ENDS)
        for shared in shared_views():
            if self.whole or not shared.reads:
                self.engine.view(shared.name, shared.sql)

    def _register_as_merged(self, gold: GoldTable) -> None:
        """Register the table as the merge would leave it, as far as later tables and the gate read it."""
        names = ", ".join(gold.table.names)
        merged = f"select {names} from {gold.name}_rows"
        if not self.whole:
            self.engine.open(gold.table, self._stored(gold))
            touched, on = f"touched_{gold.scope}", _same_keys("stored", gold)
            kept = f"select stored.* from {gold.name} as stored anti join {touched} as touched on {on}"
            self.engine.materialise(f"{gold.name}_kept", kept)
            merged = f"select {names} from {gold.name}_kept union all {merged}"
        self.engine.view(gold.name, merged)

    def _stored(self, gold: GoldTable) -> str:
        if "day" in gold.table.names:
            return self.bounds.days("day")
        if "event_date" not in gold.table.names:
            return "true"
        return self.bounds.gold() if "patient_id" in gold.table.names else self.bounds.days()

    def _merge(self) -> None:
        for gold in sorted(gold_tables(), key=lambda each: each.name == _SNAPSHOT):
            if self.whole:
                self.engine.overwrite(gold.table, f"{gold.name}_rows", self.batch)
            else:
                self.engine.replace(gold.table, f"{gold.name}_rows", f"touched_{gold.scope}", self.batch)

    def _stamps(self) -> str:
        started_us = int(self.started.timestamp()) * 1_000_000 + self.started.microsecond
        return f"timestamp_micros({started_us}) as updated_at, cast({self.batch} as bigint) as batch"

    def _verdicts(self, result: CurateResult) -> pa.Table:
        rows = [
            {
                "run_id": self.run.run_id,
                "expectation": check.expectation.name,
                "description": check.expectation.description,
                "value": check.value,
                "limit": check.limit,
                "verdict": check.verdict,
                "forced": result.merged and check.verdict == "fail",
                "batch": self.batch,
                "checked_at": self.run.now(),
            }
            for check in result.checks
        ]
        return pa.Table.from_pylist(rows, schema=GOLD_QUALITY_CHECKS.schema)

    def _record_progress(self, entry: StageRun) -> None:
        done = Done(
            "curate",
            self.batch,
            self.run.run_id,
            self.started,
            self.run.now(),
            rows_in=entry.rows_in,
            versions=entry.versions_written,
        )
        record(self.engine, done)


_SOURCES: Final = (
    SILVER_OBSERVATIONS,
    SILVER_VITAL_WINDOWS,
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_QUARANTINE,
)


def _same_keys(side: str, gold: GoldTable) -> str:
    """Yield the condition that a row has the keys of a touched one."""
    scopes: dict[Scope, tuple[str, ...]] = {
        "patient_hour": ("patient_id", "hour", "event_date"),
        "patient": ("patient_id",),
        "patient_day": ("patient_id", "day"),
        "hour": ("hour", "event_date"),
        "day": ("day",),
    }
    return " and ".join(f"{side}.{key} = touched.{key}" for key in scopes[gold.scope])


def _versions(engine: Engine, tables: Sequence[Table]) -> dict[str, int]:
    return {table.name: version for table in tables if (version := engine.version(table)) is not None}
