"""A run that dies after a commit is gone on with: the tables equal those of a quiet run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from roads import lawful, refined, rows_of, run_of
from spark.wards import stormy, ward

from vitalake.domain.tables import Table
from vitalake.engines.spark.lake import SparkLake
from vitalake.silver.tables import SILVER_ALERT_CHANGES
from vitalake.sources.files import FileSource

DOOMS = (
    ("bronze_events", 1),
    ("silver_alert_changes", 1),
    ("silver_patient_states", 1),
    ("silver_observations", 1),
    ("silver_observations", 2),  # of the second batch: what the late events changed
    ("lake_batches", 1),  # of the second batch, before settling
    ("silver_held_time", 1),
)
"""After which commit the process dies, one run after the other: each goes on where the last one stopped."""


class Died(Exception):
    """The process ended here."""


class MortalLake(SparkLake):
    """A lake whose process dies after the n-th commit to a table, and commits no more."""

    doom: tuple[str, int] = ("", 0)

    def add(self, table: Table, *args: Any) -> None:
        self._commit(table, lambda: SparkLake.add(self, table, *args))

    def replace(self, table: Table, *args: Any) -> None:
        self._commit(table, lambda: SparkLake.replace(self, table, *args))

    def _commit(self, table: Table, write: Callable[[], None]) -> None:
        name, left = self.doom
        if left or not name:
            write()
        if table.name == name:
            self.doom = name, left - 1
        if self.doom[0] and not self.doom[1]:
            raise Died


def test_runs_that_die_after_a_commit_are_gone_on_with(spark: SparkSession, tmp_path: Path) -> None:
    payloads = [payload for payload in ward(seed=8, patients=4, events=12) if payload]
    arrived = [b" ".join((payload or b"").split()) for payload in stormy(seed=9, payloads=payloads)]
    (tmp_path / "landed.ndjson").write_bytes(b"\n".join(arrived))
    source = FileSource([tmp_path / "landed.ndjson"])
    for doom in (*DOOMS, ("", 0)):
        lake = MortalLake.in_folder(tmp_path / "lake", spark)
        lake.doom = doom
        with pytest.raises(Died) if doom[0] else nullcontext():
            run_of(lake).silver(source, max_rows=len(arrived) // 2 + 1)
    assert lawful(lake) == lawful(refined(tmp_path / "quiet", [payloads]))
    told = defaultdict(list)
    for row in rows_of(lake, SILVER_ALERT_CHANGES):
        told[row["alert_id"]].append(row["revision"])
    assert all(revisions == list(range(1, len(revisions) + 1)) for revisions in told.values())
