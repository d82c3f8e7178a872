"""The law on Spark: the notebooks bring a storm to the same silver and gold as the embedded engine a quiet day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pyspark.sql import SparkSession
from roads import Payloads, gold_of, lawful, run_of
from spark.notebook_runner import NOTEBOOKS, run_notebook
from spark.wards import halves, stormy, ward

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.query import query_tables
from vitalake.engines.spark.folding import FoldPatients
from vitalake.engines.spark.lake import SparkLake
from vitalake.errors import UserError
from vitalake.gold.definitions import gold_tables
from vitalake.silver.tables import LAKE_BATCHES, SILVER_ALERT_CHANGES, SILVER_OBSERVATIONS
from vitalake.sources.files import FileSource

ROAD = ("01_bronze", "02_silver", "03_gold", "04_quality")
SPOILED = b"no json"
PIECES = "spark.sql.execution.arrow.maxRecordsPerBatch"

Said = dict[str, dict[str, Any]]


def walk_the_road(parameters: Mapping[str, str]) -> Said:
    """Run the notebooks one after another; yield what each said and showed."""
    said: Said = {}
    for name in ROAD:
        shown: list[Any] = []
        ended = run_notebook(NOTEBOOKS / f"{name}.py", parameters, shown=shown)
        said[name] = {**json.loads(ended or "{}"), "shown": shown}
    return said


@pytest.fixture(scope="module")
def payloads() -> list[bytes]:
    return [payload for payload in ward(seed=5, patients=8) if payload]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]) -> EmbeddedLake:
    """The events in order, in one batch, on the embedded engine."""
    lake = EmbeddedLake(tmp_path_factory.mktemp("quiet"))
    run_of(lake).all(Payloads([[*payloads, SPOILED]]), 10**9, force=True)
    return lake


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("storm")
    (folder / "landing").mkdir()
    return {"lake": str(folder / "lake"), "source": str(folder / "landing"), "force": "true"}


@pytest.fixture(scope="module")
def told(spark: SparkSession, parameters: dict[str, str], payloads: list[bytes]) -> list[Said]:
    """What the notebooks said of the same events, out of order, some twice, that arrived in two files.

    Spark cuts patients in pieces, as it does with great ones.
    """
    landing = Path(parameters["source"])
    said = []
    spark.conf.set(PIECES, "3")
    try:
        for number, half in enumerate(halves(stormy(seed=6, payloads=payloads))):
            lines = [json.dumps(json.loads(payload or b"")).encode() for payload in half]
            (landing / f"{number}.ndjson").write_bytes(b"\n".join([*lines, SPOILED]))
            with patch("vitalake.engines.spark.refine.FoldPatients", partial(FoldPatients, rows=4)):
                said.append(walk_the_road(parameters | {"run_id": f"road {number}#1"}))
    finally:
        spark.conf.unset(PIECES)
    return said


@pytest.fixture
def storm(spark: SparkSession, told: list[Said], parameters: dict[str, str]) -> SparkLake:
    assert told
    return SparkLake.at(parameters["lake"], spark)


def test_silver_is_the_same_on_both_engines(quiet: EmbeddedLake, storm: SparkLake) -> None:
    expected, found = lawful(quiet), lawful(storm)
    for name, rows in expected.items():
        assert rows, name
        assert found[name] == rows, name


def test_gold_is_the_same_on_both_engines(quiet: EmbeddedLake, storm: SparkLake) -> None:
    expected, found = gold_of(quiet), gold_of(storm)
    for name, rows in expected.items():
        assert rows, name
        assert found[name] == rows, name


def test_alert_changes_have_no_gaps_and_lead_to_the_alerts(storm: SparkLake) -> None:
    storm.open(SILVER_ALERT_CHANGES)
    changes = storm.rows("select * from silver_alert_changes order by seq").to_pylist()
    assert [row["seq"] for row in changes] == list(range(1, len(changes) + 1))
    latest = {row["alert_id"]: row for row in changes}
    standing = {name for name, row in latest.items() if row["change"] != "retracted"}
    assert standing == {row["alert_id"] for row in lawful(storm)["silver_alerts"]}


def test_the_embedded_engine_reads_what_spark_wrote(storm: SparkLake) -> None:
    reader = EmbeddedLake(Path(str(storm.place)))
    assert lawful(reader) == lawful(storm)
    assert gold_of(reader) == gold_of(storm)
    select = "select count(*) as n from silver_observations where news2_score is not null"
    expected = len([row for row in lawful(storm)["silver_observations"] if row["news2_score"] is not None])
    assert query_tables(reader, [SILVER_OBSERVATIONS], select).to_pylist() == [{"n": expected}]


def test_the_embedded_engine_does_not_write_to_it(storm: SparkLake) -> None:
    with pytest.raises(UserError, match="made by the spark engine"):
        run_of(EmbeddedLake(Path(str(storm.place)))).refine()


def test_the_notebooks_tell_what_they_did(told: list[Said], quiet: EmbeddedLake) -> None:
    messages = sum(each["01_bronze"]["messages"] for each in told)
    silver = [each["02_silver"] for each in told]
    kept, quarantined, dropped = (
        sum(each[name] for each in silver) for name in ("observations", "quarantined", "duplicates")
    )
    assert kept == len(lawful(quiet)["silver_observations"])
    assert quarantined >= len(told)  # one spoiled line a file
    assert messages == kept + quarantined + dropped
    for each in told:
        assert each["01_bronze"]["batches"] == 2  # what came, and that there is no more
        assert each["03_gold"]["gold_rows"] > 0
        assert each["04_quality"]["quality"] == each["03_gold"]["quality"]
        assert all(said["shown"] for said in each.values())


def test_a_second_try_without_the_checkpoint_brings_nothing_and_counts_what_the_first_brought(
    storm: SparkLake, told: list[Said], parameters: dict[str, str], tmp_path: Path
) -> None:
    derived = (SILVER_OBSERVATIONS, SILVER_ALERT_CHANGES, *(gold.table for gold in gold_tables()))
    tables = (BRONZE_EVENTS, LAKE_BATCHES, *derived)
    before = {table.name: storm.version(table) for table in tables}
    again = walk_the_road(parameters | {"checkpoint": str(tmp_path), "run_id": "road 1#2"})
    for name in ("01_bronze", "02_silver"):
        assert again[name] | {"shown": []} == told[1][name] | {"shown": []}
    assert again["03_gold"]["gold_rows"] == told[1]["03_gold"]["gold_rows"] > 0
    run_of(storm).ingest(FileSource([Path(parameters["source"])]), 1_000)  # as the command line reads them
    assert {table.name: storm.version(table) for table in tables} == before


def test_tables_carry_their_descriptions(storm: SparkLake, spark: SparkSession) -> None:
    described = spark.sql(f"describe table {storm.place.name(SILVER_OBSERVATIONS)}").collect()
    assert {row.col_name: row.comment for row in described}["heart_rate"] == "Heart rate, as measured [/min]"
