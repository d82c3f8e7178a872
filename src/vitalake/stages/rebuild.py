"""Rebuild: Silver and Gold again from Bronze, with the lake's rules or with new ones.

A second lake is made beside the first, over the same Bronze; when it is whole, each table of the first is replaced by
one overwrite commit, and the change log gets only what differs.  The second lake remembers the new rules until then:
a rebuild that was cut short is finished first by the next run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from vitalake.domain.policy_file import preset, read_policy
from vitalake.domain.rules import Rules
from vitalake.engines.engine import Engine
from vitalake.gold.definitions import gold_tables
from vitalake.gold.records import RECORDS
from vitalake.silver.tables import (
    EPISODE,
    LAKE_BATCHES,
    SILVER_ALERT_CHANGES,
    SILVER_ALERTS,
    SILVER_TABLES,
)
from vitalake.stages.curate import CurateResult, RunInfo, curate
from vitalake.stages.lake import LAYOUT, PROPERTY, LakeInfo, read_info
from vitalake.stages.progress import Done, read_progress, record
from vitalake.stages.refine import Refine

BESIDE: Final = "rebuild"
_REPLACED: Final = tuple(
    table for table in SILVER_TABLES if table not in (SILVER_ALERTS, SILVER_ALERT_CHANGES)
)
_LATEST: Final = "qualify row_number() over (partition by alert_id order by seq desc) = 1"
_EPISODE: Final = ", ".join(column.name for column in EPISODE)


class Rebuild:
    """One rebuild of a lake."""

    def __init__(
        self, engine: Engine, *, run_id: str, now: Callable[[], datetime], told: Callable[[Done], None]
    ) -> None:
        self._lake = engine
        self._beside = engine.beside(BESIDE)
        self._run_id = run_id
        self._now = now
        self._told = told

    @property
    def begun(self) -> bool:
        """Whether one was begun and not finished."""
        return read_info(self._beside) is not None

    def carry_out(self, info: LakeInfo, rules: Rules | None) -> CurateResult:
        """Begin, or go on; ``rules`` None keeps the lake's own (or those of the rebuild that was begun).

        Yield what Gold came to.  It is replaced with Silver, whatever the gate says: the old one would not fit.
        """
        wanted = replace(
            info, layout=LAYOUT, engine=self._lake.name, rules=(rules or info.parsed_rules).to_json()
        )
        begun = read_info(self._beside)
        if begun is not None and rules is not None and begun != wanted:
            self._beside.discard()
            begun = None
        if begun is None:
            self._beside.create(LAKE_BATCHES, {PROPERTY: json.dumps(asdict(wanted))})
            begun = wanted
        gold = self._refine(begun)
        self._swap(begun)
        self._beside.discard()
        return gold

    def _refine(self, info: LakeInfo) -> CurateResult:
        """Refine every bronze batch into the second lake, and curate it."""
        ingested = read_progress(self._lake).ingested
        progress = replace(read_progress(self._beside), ingested=ingested)
        refiner = self._beside.refiner(
            info.parsed_rules, watermark=progress.watermark, settled=progress.batch("settle")
        )
        stage = Refine(self._beside, refiner, progress, run_id=self._run_id, now=self._now)
        for done in stage.pending(max(ingested, default=0)):
            self._told(done)
        stage.settle()
        info_of_run = RunInfo(run_id=self._run_id, now=self._now)
        return curate(self._beside, run=info_of_run, batch=stage.batch, force=True, whole=True)

    def _swap(self, info: LakeInfo) -> None:
        """Replace the tables one by one, the change log first; what is there already is only written again."""
        batch = read_progress(self._beside).batch("settle")
        started = self._now()
        self._tell(info.parsed_rules, batch)
        for table in (*_REPLACED, *(gold.table for gold in gold_tables())):
            if self._beside.exists(table):
                self._lake.register("rebuilt", self._beside.read(table))
                self._lake.overwrite(table, "rebuilt", batch)
        for table in RECORDS:
            self._lake.log(table, self._beside.read(table))
        self._lake.set_properties(LAKE_BATCHES, {PROPERTY: json.dumps(asdict(info))})
        done = Done("refine", batch, self._run_id, started, self._now())
        watermark = read_progress(self._beside).watermark
        done = replace(done, newest_event=watermark.newest, watermark=watermark.reached)
        record(self._lake, done, replace(done, stage="settle"), replace(done, stage="curate"))

    def _tell(self, rules: Rules, batch: int) -> None:
        """Append to the change log what the rebuilt alerts differ from it in, then fold it into silver_alerts."""
        from vitalake.silver.changes import tell_difference  # noqa: PLC0415 - kernels are slow to import

        lake = self._lake
        lake.open(SILVER_ALERT_CHANGES)
        log = lake.rows(f"select * from silver_alert_changes {_LATEST}")
        policy = preset() if rules.policy is None else read_policy(rules.policy)
        (row,) = lake.rows("select coalesce(max(seq), 0) as seq from silver_alert_changes").to_pylist()
        changes = tell_difference(
            log, self._beside.read(SILVER_ALERTS), policy.version, batch, row["seq"] + 1
        )
        if changes.num_rows:
            lake.log(SILVER_ALERT_CHANGES, changes)
        lake.open(SILVER_ALERT_CHANGES)
        lake.materialise(
            "rebuilt_alerts",
            f"""
            select {_EPISODE}, revision, batch as updated_batch, cast(raised_at as date) as event_date
            from (select * from silver_alert_changes {_LATEST}) where change <> 'retracted'
            """,
        )
        lake.overwrite(SILVER_ALERTS, "rebuilt_alerts", batch)
