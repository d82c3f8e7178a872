"""The notebooks on a schema of a catalog, what they refuse, and that each is a lesson."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from roads import lawful, refined
from spark.notebook_runner import NOTEBOOKS, read_cells, run_notebook
from spark.wards import ward

from vitalake.engines.spark.lake import SparkLake
from vitalake.errors import UserError

LAKE = "spark_catalog.ward"


def test_a_schema_of_a_catalog_is_a_lake_too(spark: SparkSession, tmp_path: Path) -> None:
    payloads = [payload for payload in ward(seed=11, patients=3, events=8) if payload]
    landed = tmp_path / "landed.ndjson"
    landed.write_bytes(b"\n".join(payloads))
    spark.sql(f"create schema {LAKE}")
    parameters = {"lake": LAKE, "source": str(landed), "checkpoint": str(tmp_path / "checkpoints")}
    for name in ("01_bronze", "02_silver"):
        said = json.loads(run_notebook(NOTEBOOKS / f"{name}.py", parameters) or "{}")
        assert said["lake_id"]
    assert lawful(SparkLake.at(LAKE, spark)) == lawful(refined(tmp_path / "quiet", [payloads]))
    tables = [row.tableName for row in spark.sql(f"show tables in {LAKE}").collect()]
    assert not [name for name in tables if "staging" in name]


@pytest.mark.usefixtures("spark")
def test_a_source_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    parameters = {"lake": str(tmp_path / "lake"), "source": "nowhere"}
    with pytest.raises(UserError, match="nowhere does not exist"):
        run_notebook(NOTEBOOKS / "01_bronze.py", parameters)


@pytest.mark.usefixtures("spark")
def test_the_brokers_login_comes_from_the_secret_scope(tmp_path: Path) -> None:
    parameters = {"lake": str(tmp_path / "lake"), "source": "nowhere", "secret_scope": "ward"}
    with pytest.raises(KeyError, match="kafka-jaas"):
        run_notebook(NOTEBOOKS / "01_bronze.py", parameters)
    with pytest.raises(UserError, match="nowhere"):
        run_notebook(NOTEBOOKS / "01_bronze.py", parameters, secrets={("ward", "kafka-jaas"): "login"})


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.py")), ids=lambda path: path.stem)
def test_each_is_a_lesson(path: Path) -> None:
    cells = read_cells(path)
    assert cells[0].startswith(f"# MAGIC %md\n# MAGIC # {int(path.stem[:2])}. ")
    assert sum(cell.startswith("# MAGIC %md") for cell in cells) * 4 >= len(cells)
    assert all(len(cell.splitlines()) <= 40 for cell in cells)
    assert "dbutils.notebook.exit(" in cells[-1]
