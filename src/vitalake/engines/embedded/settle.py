"""Settling: states, windows and alerts brought up to what batches left; it may go on beside further batches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.engines.embedded.alerts import fold_changes
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.merge import merge_small_files
from vitalake.engines.embedded.repair import rewrite
from vitalake.engines.embedded.summaries import replace_summaries
from vitalake.silver.tables import (
    LAKE_BATCHES,
    SILVER_ALERT_CHANGES,
    SILVER_DUPLICATES,
    SILVER_OBSERVATIONS,
    SILVER_PATIENT_STATES,
    SILVER_QUARANTINE,
    SILVER_TABLES,
)

WRITTEN_BY_BATCHES: Final = (
    SILVER_OBSERVATIONS,
    SILVER_QUARANTINE,
    SILVER_DUPLICATES,
    SILVER_ALERT_CHANGES,
)


@dataclass(frozen=True)
class Pending:
    """What came since the last settling, up to which batch that was, and the batch now."""

    settled: int
    batch: int
    hours: pa.Table
    """Rows of silver_patient_states; ``place`` orders them, of an hour's rows the last one holds."""
    touched: pa.Table | None
    """patient_id and event_time of the events that came."""
    repaired: pa.Table | None
    """Rows of silver_observations that were folded again."""
    versions: dict[str, int]
    """The tables that batches write, as they are to be read."""


def settle(path: Path, pending: Pending, rules: Rules) -> dict[str, int]:
    """Bring a lake's derived tables up to the pending batch; yield the versions of all that then belong together.

    The lake is opened anew: this may run in another process while further batches are refined.
    """
    lake = EmbeddedLake(path)
    versions, touched = pending.versions, pending.touched
    if pending.repaired is not None:
        touched = in_one_piece([touched, rewrite(lake, pending.repaired, pending.batch)])
        versions = versions | versions_of(lake, [SILVER_OBSERVATIONS])
    with lake.pinned(versions, pending.batch):
        if pending.hours.num_rows:
            _replace_hours(lake, pending)
        fold_changes(lake, pending.settled, pending.batch)
        if touched is not None:
            replace_summaries(lake, touched, rules, pending.batch)
        versions = versions_of(lake, SILVER_TABLES)
    for table in (BRONZE_EVENTS, LAKE_BATCHES, *WRITTEN_BY_BATCHES):
        merge_small_files(lake.folder(table))
    return versions


def in_one_piece(tables: Iterable[pa.Table | None]) -> pa.Table | None:
    """Yield the rows of all: of many small pieces another process would be sent far more."""
    there = [table for table in tables if table is not None]
    return pa.concat_tables(there, promote_options="permissive").combine_chunks() if there else None


def versions_of(lake: EmbeddedLake, tables: Iterable[Table]) -> dict[str, int]:
    """Yield the version of each table that is there."""
    return {table.name: version for table in tables if (version := lake.version(table)) is not None}


def _replace_hours(lake: EmbeddedLake, pending: Pending) -> None:
    lake.register("pending_hours", pending.hours)
    newest = "qualify row_number() over (partition by patient_id, hour order by place desc) = 1"
    lake.materialise("new_hours", f"select * exclude (place) from pending_hours {newest}")
    lake.view("touched_hours", "select patient_id, hour, event_date from new_hours")
    lake.replace(SILVER_PATIENT_STATES, "new_hours", "touched_hours", pending.batch)
