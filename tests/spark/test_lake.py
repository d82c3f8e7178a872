"""What a lake on Spark says of its tables."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from vitalake.engines.spark.lake import SparkLake
from vitalake.silver.tables import LAKE_BATCHES, SILVER_ALERTS


def test_properties_come_back_as_they_were_set(spark: SparkSession, tmp_path: Path) -> None:
    """Spark hides what looks like an address or a secret when it lists properties."""
    lake, rules = SparkLake.in_folder(tmp_path, spark), '{"wards": {"Purley": "token"}}'
    lake.create(LAKE_BATCHES, {"vitalake.lake": rules})
    assert SparkLake.in_folder(tmp_path, spark).properties(LAKE_BATCHES)["vitalake.lake"] == rules


def test_a_table_is_there_from_its_creation_on(spark: SparkSession, tmp_path: Path) -> None:
    lake, other = SparkLake.in_folder(tmp_path, spark), SparkLake.in_folder(tmp_path, spark)
    (tmp_path / LAKE_BATCHES.name).mkdir()
    assert not lake.exists(LAKE_BATCHES)
    assert lake.properties(LAKE_BATCHES) == {}
    other.create(LAKE_BATCHES, {})
    assert lake.exists(LAKE_BATCHES)
    assert not lake.exists(SILVER_ALERTS)
