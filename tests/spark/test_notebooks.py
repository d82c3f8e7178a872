"""What the notebooks refuse, and that each is a lesson."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from spark.notebook_runner import NOTEBOOKS, read_cells, run_notebook

from vitalake.dev.kafka import HOST, free_port
from vitalake.errors import SourceAway, UserError


@pytest.mark.usefixtures("spark")
def test_a_source_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    parameters = {"lake": str(tmp_path / "lake"), "source": "nowhere"}
    with pytest.raises(UserError, match="nowhere does not exist"):
        run_notebook(NOTEBOOKS / "01_bronze.py", parameters)


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("name", ["02_silver", "03_gold", "04_quality", "05_analytics"])
def test_what_is_no_lake_stays_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="mistyped is no lake"):
        run_notebook(NOTEBOOKS / f"{name}.py", {"lake": str(tmp_path / "mistyped")})
    assert not (tmp_path / "mistyped").exists()
    with pytest.raises(UserError, match="No lake is named"):
        run_notebook(NOTEBOOKS / f"{name}.py", {})


@pytest.mark.usefixtures("spark")
def test_a_folder_of_other_things_is_no_place_for_a_lake(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UserError, match="holds other things"):
        run_notebook(NOTEBOOKS / "01_bronze.py", {"lake": str(tmp_path), "source": str(tmp_path)})
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize(
    ("parameter", "value", "says"),
    [
        ("source", "", "No source is named"),
        ("batch_rows", "many", "batch_rows is 'many'"),
        ("batch_rows", "0", "batch_rows is '0'"),
        ("stream_options", '{"a": "secret"', "^stream_options is no JSON object"),
        ("stream_options", '"secret"', "^stream_options is no JSON object"),
        ("stream_options", '{"secret": 1}', "^stream_options is no JSON object of texts"),
    ],
)
def test_parameters_that_can_not_be_are_told_before_any_work(
    parameter: str, value: str, says: str, tmp_path: Path
) -> None:
    parameters = {"lake": str(tmp_path / "lake"), "source": str(tmp_path), parameter: value}
    with pytest.raises(UserError, match=says) as told:
        run_notebook(NOTEBOOKS / "01_bronze.py", parameters)
    assert "secret" not in str(told.value)
    assert not (tmp_path / "lake").exists()


@pytest.mark.usefixtures("spark")
def test_a_kafka_that_does_not_answer_is_told_and_tried_again_by_the_job(tmp_path: Path) -> None:
    url = f"kafka://{HOST}:{free_port()}/vitals"
    own = json.dumps({"kafka.request.timeout.ms": "3000", "kafka.default.api.timeout.ms": "3000"})
    parameters = {"lake": str(tmp_path / "lake"), "source": url, "stream_options": own}
    with pytest.raises(SourceAway, match=f"{url}: Kafka does not answer"):
        run_notebook(NOTEBOOKS / "01_bronze.py", parameters)


@pytest.mark.usefixtures("spark")
def test_a_file_that_is_cut_short_is_named_and_taken_away_the_others_come(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "whole.ndjson").write_bytes(b"1\n2\n")
    cut = landing / "cut.ndjson.gz"
    cut.write_bytes(gzip.compress(b"3\n4\n" * 9_999)[:-20])
    parameters = {"lake": str(tmp_path / "lake"), "source": str(landing)}
    with pytest.raises(UserError, match=f"{re.escape(str(cut))} is cut short"):
        run_notebook(NOTEBOOKS / "01_bronze.py", parameters)
    cut.unlink()
    said = json.loads(run_notebook(NOTEBOOKS / "01_bronze.py", parameters) or "")
    assert said["messages"] == 2


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
