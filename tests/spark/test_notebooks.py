"""What the notebooks refuse, and that each is a lesson."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from spark.notebook_runner import NOTEBOOKS, read_cells, run_notebook

from vitalake.errors import UserError


@pytest.mark.usefixtures("spark")
def test_a_source_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    parameters = {"lake": str(tmp_path / "lake"), "source": "nowhere"}
    with pytest.raises(UserError, match="nowhere does not exist"):
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
