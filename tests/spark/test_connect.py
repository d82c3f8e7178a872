"""Through Spark Connect, as on serverless compute: what streams there comes to the same tables as everywhere.

That killed clients come to them as well is in test_kills.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from following import count, is_refined, running
from forking import COMPILED
from roads import lawful, refined, rows_of
from spark import notebook_worker
from spark.notebook_runner import NOTEBOOKS
from spark.wards import stormy, ward

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.gold.records import GOLD_QUALITY_CHECKS

GOLD_S = 240


@pytest.fixture(scope="module")
def arrived() -> list[bytes]:
    """What came: events out of order, some twice."""
    return [b" ".join(each.split()) for each in stormy(seed=4, payloads=ward(seed=3, patients=3)) if each]


def run_notebook(name: str, environment: dict[str, str], parameters: dict[str, str]) -> dict[str, Any]:
    """Yield what a notebook said, run in a process that has only a client's session."""
    asked = {"path": str(NOTEBOOKS / f"{name}.py"), "parameters": parameters}
    ended = subprocess.run(
        [sys.executable, notebook_worker.__file__],
        env={**COMPILED, **environment},
        input=json.dumps(asked) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(ended.stdout)
    assert "error" not in answer, answer["error_trace"]
    said: dict[str, Any] = json.loads(answer["notebook_output"]["result"])
    return said


@pytest.fixture
def landing(tmp_path: Path, arrived: list[bytes]) -> Path:
    """A folder with the first part of it."""
    folder = tmp_path / "landing"
    folder.mkdir()
    (folder / "first.ndjson").write_bytes(b"\n".join([*arrived[:20], b""]))
    return folder


def test_a_notebook_streams(
    tmp_path: Path, remote: dict[str, str], landing: Path, arrived: list[bytes]
) -> None:
    lake = tmp_path / "lake"
    streamed = run_notebook("01_bronze", remote, {"lake": str(lake), "source": str(landing)})
    assert streamed["messages"] == 20
    assert [row["payload"] for row in rows_of(EmbeddedLake(lake), BRONZE_EVENTS)] == arrived[:20]


@pytest.mark.soak
def test_a_run_follows(tmp_path: Path, remote: dict[str, str], landing: Path, arrived: list[bytes]) -> None:
    lake = tmp_path / "lake"
    settings = {**remote, "VITALAKE_GOLD_EVERY_S": "1"}
    arguments = ("run", landing, "--lake", lake, "--follow", "--engine", "spark")
    with running(tmp_path / "log", *arguments, settings=settings) as process:
        process.wait_for(lambda: is_refined(lake, 20), "the first file refined", GOLD_S)
        (landing / "second.ndjson").write_bytes(b"\n".join([*arrived[20:], b""]))
        process.wait_for(lambda: is_refined(lake, len(arrived)), "the second file refined", GOLD_S)
        process.wait_for(lambda: count(lake, GOLD_QUALITY_CHECKS) > 0, "Gold written", GOLD_S)
        assert process.end(signal.SIGTERM) == 0, process.said()
    assert lawful(EmbeddedLake(lake)) == lawful(refined(tmp_path / "quiet", [arrived]))
