"""Through Spark Connect, which is how serverless compute runs notebooks: the same tables as everywhere."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from following import COMPILED, count, is_refined, running
from roads import gold_of, lawful, refined, run_of
from services.spark_connect import running_server
from spark import notebook_worker
from spark.notebook_runner import NOTEBOOKS
from spark.settings import session_settings
from spark.wards import stormy, ward

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.gold.records import GOLD_QUALITY_CHECKS

ROAD = ("01_bronze", "02_silver", "03_gold", "04_quality")
GOLD_S = 240


@pytest.fixture(scope="module")
def remote() -> Iterator[dict[str, str]]:
    """The environment of who uses a server that runs."""
    with running_server(COMPILED, session_settings()) as address:
        yield {**COMPILED, "SPARK_REMOTE": address}


@pytest.fixture(scope="module")
def arrived() -> list[bytes]:
    """What came: events out of order, some twice."""
    return [b" ".join(each.split()) for each in stormy(seed=4, payloads=ward(seed=3, patients=3)) if each]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory, arrived: list[bytes]) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    (folder / "ward.ndjson").write_bytes(b"".join(line + b"\n" for line in arrived))
    return folder


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory, arrived: list[bytes]) -> EmbeddedLake:
    """The lake that the embedded engine makes of it."""
    lake = refined(tmp_path_factory.mktemp("quiet"), [arrived])
    run_of(lake).curate(force=True)
    return lake


def run_notebooks(environment: dict[str, str], parameters: dict[str, str]) -> list[dict[str, Any]]:
    """Yield what each notebook said of itself, run in a process that has only a client's session."""
    asked = [{"path": str(NOTEBOOKS / f"{name}.py"), "parameters": parameters} for name in ROAD]
    ended = subprocess.run(
        [sys.executable, notebook_worker.__file__],
        env=environment,
        input="".join(json.dumps(request) + "\n" for request in asked),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert not [answer["error_trace"] for answer in answers if "error" in answer]
    return [json.loads(answer["notebook_output"]["result"]) for answer in answers]


def test_the_notebooks_stream_and_fold_there(
    tmp_path: Path, remote: dict[str, str], landing: Path, arrived: list[bytes], quiet: EmbeddedLake
) -> None:
    parameters = {"lake": str(tmp_path / "lake"), "source": str(landing), "force": "true"}
    said = run_notebooks(remote, parameters)
    assert said[0]["messages"] == len(arrived)
    lake = EmbeddedLake(tmp_path / "lake")
    assert lawful(lake) == lawful(quiet)
    assert gold_of(lake) == gold_of(quiet)


def test_follow_goes_on_there_until_it_is_told_to_end(
    tmp_path: Path, remote: dict[str, str], arrived: list[bytes], quiet: EmbeddedLake
) -> None:
    lake, growing = tmp_path / "lake", tmp_path / "growing"
    growing.mkdir()
    (growing / "first.ndjson").write_bytes(b"\n".join([*arrived[:20], b""]))
    settings = {**remote, "VITALAKE_GOLD_EVERY_S": "1"}
    arguments = ("run", growing, "--lake", lake, "--follow", "--engine", "spark")
    with running(tmp_path / "log", *arguments, settings=settings) as process:
        process.wait_for(lambda: is_refined(lake, 20), "the first file refined", GOLD_S)
        (growing / "second.ndjson").write_bytes(b"\n".join([*arrived[20:], b""]))
        process.wait_for(lambda: is_refined(lake, len(arrived)), "the second file refined", GOLD_S)
        process.wait_for(lambda: count(lake, GOLD_QUALITY_CHECKS) > 0, "Gold written", GOLD_S)
        assert process.end(signal.SIGTERM) == 0, process.said()
    assert lawful(EmbeddedLake(lake)) == lawful(quiet)
