"""Curate: Silver -> Gold, only what changed, all of it or nothing.

In this order: find the touched keys, compute every Gold table for them, judge what Gold would become, write
the verdicts, merge, write the progress.  The risk snapshot is merged last: its ``as_of`` tells the next
curate which patients moved on, so a curate that was cut off finds the same keys again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.tables import Table
from vitalake.engines.engine import Engine
from vitalake.errors import GateFailed, UserError
from vitalake.gold.bounds import SOURCES
from vitalake.gold.definitions import gold_tables
from vitalake.gold.records import GOLD_QUALITY_CHECKS
from vitalake.quality.expectations import packaged, read_expectations
from vitalake.quality.gate import Check, judge, verdict_rows
from vitalake.stages.gold_rows import GoldRows
from vitalake.stages.gold_sources import GoldSources
from vitalake.stages.history import RunInfo, StageRun, recorded
from vitalake.stages.progress import Done, read_progress, record

__all__ = ["CurateResult", "RunInfo", "curate", "table_versions"]


@dataclass(frozen=True)
class CurateResult:
    """What a curate did: ``rows`` computed by table, the gate's ``checks``, whether Gold was ``merged``."""

    batch: int
    rows: dict[str, int]
    checks: tuple[Check, ...]
    merged: bool
    versions: Mapping[str, int]
    """The Delta versions written, by table."""
    unsettled: int = 0
    """How many batches of Silver are not settled: Gold does not see them yet."""
    unread: UserError | None = None
    """What of the source could not be read."""

    @property
    def failures(self) -> tuple[Check, ...]:
        """The expectations that failed hard."""
        return tuple(check for check in self.checks if check.verdict == "fail")

    def refuse(self) -> None:
        """Raise GateFailed where the gate kept Gold as it was, else what of the source could not be read, if any."""
        if not self.merged:
            names = ", ".join(f"{check.expectation.name} ({check.value:g})" for check in self.failures)
            message = f"The quality gate failed: {names}"
            hint = "Gold stays as it was; see gold_quality_checks, or go through with: curate --force"
            raise GateFailed(message, hint)
        if self.unread is not None:
            raise self.unread


def curate(
    engine: Engine, *, run: RunInfo, batch: int, force: bool = False, whole: bool = False
) -> CurateResult:
    """Bring Gold up to ``batch`` of Silver, which is settled; ``whole`` computes all of it anew.

    ``force`` merges in spite of the gate, and says so in gold_quality_checks.
    """
    last = read_progress(engine).batch("curate")
    with recorded(engine, run, "curate") as entry:
        if batch <= last and not whole:
            return CurateResult(batch, {}, (), merged=True, versions={})
        since = 0 if whole else last
        entry.first_batch, entry.last_batch = since + 1, batch
        entry.versions_read = table_versions(engine, (BRONZE_EVENTS, *SOURCES))
        return _carry_out(engine, run, entry, since=since, batch=batch, force=force)


def _carry_out(
    engine: Engine, run: RunInfo, entry: StageRun, *, since: int, batch: int, force: bool
) -> CurateResult:
    started = run.now()
    sources = GoldSources(engine, last=since)
    entry.rows_in = sources.register(batch)
    gold = GoldRows(engine, sources, batch=batch, started=started)
    rows = gold.compute()
    tables = [each.table for each in gold_tables()]
    checks = judge(engine.rows, read_expectations(packaged(), tables))
    failed = sum(check.verdict == "fail" for check in checks)
    merged = force or not failed
    verdicts = verdict_rows(checks, run_id=run.run_id, batch=batch, merged=merged, at=run.now())
    engine.log(GOLD_QUALITY_CHECKS, verdicts)
    if merged:
        gold.merge()
        entry.rows_out = sum(rows.values())
        entry.versions_written = table_versions(engine, tables)
        record(engine, _done(run, entry, started, batch))
    else:
        entry.status, entry.error = "failed", f"{failed} expectations failed"
    return CurateResult(batch, rows, checks, merged, entry.versions_written)


def _done(run: RunInfo, entry: StageRun, started: datetime, batch: int) -> Done:
    return Done(
        "curate",
        batch,
        run.run_id,
        started,
        run.now(),
        rows_in=entry.rows_in,
        versions=entry.versions_written,
    )


def table_versions(engine: Engine, tables: Sequence[Table]) -> dict[str, int]:
    """Yield the Delta version of each table that is there."""
    return {table.name: version for table in tables if (version := engine.version(table)) is not None}
