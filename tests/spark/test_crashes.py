"""A run that dies after a commit is gone on with: the tables equal those of a quiet run."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from roads import Payloads, lawful, refined, rows_of, run_of
from spark.wards import halves, stormy, ward

from vitalake.domain.tables import Table
from vitalake.engines.spark.lake import SparkLake
from vitalake.silver.tables import SILVER_ALERT_CHANGES

LATER_EACH_TIME = 2


class Died(Exception):
    """The process ended here."""


class MortalLake(SparkLake):
    """A lake whose process dies after so many commits."""

    commits_left = 0

    last = ""

    def add(self, table: Table, *args: Any) -> None:
        super().add(table, *args)
        self._die_in_time(table)

    def replace(self, table: Table, *args: Any) -> None:
        super().replace(table, *args)
        self._die_in_time(table)

    def _die_in_time(self, table: Table) -> None:
        self.last = table.name
        self.commits_left -= 1
        if not self.commits_left:
            raise Died


def test_a_run_that_dies_after_any_commit_is_gone_on_with(spark: SparkSession, tmp_path: Path) -> None:
    payloads = ward(seed=8, patients=4, events=12)
    batches = halves(stormy(seed=9, payloads=payloads))
    died_after = []
    for commits in count(1, LATER_EACH_TIME):
        lake = MortalLake.in_folder(tmp_path / "lake", spark)
        lake.commits_left = commits
        try:
            run_of(lake).silver(Payloads(batches), 10**9)
        except Died:
            died_after.append(lake.last)
        else:
            break
    assert {"bronze_events", "silver_patient_states", "silver_alert_changes"} & set(died_after)
    assert len(died_after) > 3
    assert lawful(lake) == lawful(refined(tmp_path / "quiet", [payloads]))
    told = defaultdict(list)
    for row in rows_of(lake, SILVER_ALERT_CHANGES):
        told[row["alert_id"]].append(row["revision"])
    assert all(revisions == list(range(1, len(revisions) + 1)) for revisions in told.values())
