"""What a lake on Spark says of its tables."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from roads import rows_of, run_of

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.spark.lake import SparkLake
from vitalake.errors import Unavailable
from vitalake.silver.tables import LAKE_BATCHES, SILVER_ALERTS
from vitalake.sources.files import FileSource


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


def test_a_full_disk_is_told_and_loses_nothing(spark: SparkSession, tmp_path: Path) -> None:
    """The system cuts off what the JVM writes, as a disk does that is full."""
    (tmp_path / "landing").mkdir()
    source = FileSource([tmp_path / "landing"])
    run = run_of(SparkLake.in_folder(tmp_path / "lake", spark))
    (tmp_path / "landing" / "1.ndjson").write_bytes(b"1\n2\n")
    run.ingest(source, 100)
    (tmp_path / "landing" / "2.ndjson").write_bytes(b"3\n4\n")
    jvm = spark._jvm.java.lang.ProcessHandle.current().pid()
    before = resource.prlimit(jvm, resource.RLIMIT_FSIZE)
    resource.prlimit(jvm, resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(Unavailable, match=r"File too large.*Free the disk"):
            run.ingest(source, 100)
    finally:
        resource.prlimit(jvm, resource.RLIMIT_FSIZE, before)
    assert payloads(tmp_path / "lake") == [b"1", b"2"]
    run.ingest(source, 100)
    assert payloads(tmp_path / "lake") == [b"1", b"2", b"3", b"4"]


def payloads(lake: Path) -> list[bytes]:
    """Yield what Bronze holds."""
    return [row["payload"] for row in rows_of(EmbeddedLake(lake), BRONZE_EVENTS)]
