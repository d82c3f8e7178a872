"""On Spark, too, time alone ends alarms: of whoever was last seen before this batch's time, however long ago."""

from __future__ import annotations

import json
from pathlib import Path

from interruptions import Stream
from pyspark.sql import SparkSession
from roads import rows_of, run_of

from vitalake.engines.spark.lake import SparkLake
from vitalake.silver.tables import SILVER_ALERT_CHANGES


def test_time_alone_ends_alarms_of_patients_last_seen_long_ago(spark: SparkSession, tmp_path: Path) -> None:
    ill, other = (
        json.dumps(
            {"event_id": who, "patient_id": who, "event_time": at, "heart_rate": rate, "method": "spot"}
        ).encode()
        for who, at, rate in (("ill", "2026-01-01T08:00:00Z", 160), ("other", "2026-03-01T08:00:00Z", 80))
    )
    lake = SparkLake.in_folder(tmp_path / "lake", spark)
    with run_of(lake).stream() as held:
        stream = Stream(held)
        for payload in (ill, other):
            stream.take([payload])
    told = {row["alert_id"]: row for row in rows_of(lake, SILVER_ALERT_CHANGES)}
    assert {(row["patient_id"], row["change"]) for row in told.values()} == {("ill", "cleared")}
