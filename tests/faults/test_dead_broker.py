"""A Kafka that does not answer: each command says so in one line and gives up, and the lake is as it was before."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from following import PATIENCE_S, command, done
from forking import COMPILED

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.stages.progress import read_progress

UNAVAILABLE = 1


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with something to publish."""
    folder = tmp_path_factory.mktemp("dead")
    done("simulate", "--patients", 3, "--hours", 1, "--to", folder / "messages.ndjson")
    done("run", folder / "messages.ndjson", "--lake", folder / "lake")
    return folder / "lake"


@pytest.fixture(scope="module", params=["nobody listens", "nobody answers"])
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if request.param == "nobody answers":
            silent.listen()
        yield f"127.0.0.1:{silent.getsockname()[1]}"


def test_a_broker_that_does_not_answer_is_told(lake: Path, broker: str) -> None:
    before = read_progress(EmbeddedLake(lake)), EmbeddedLake(lake).version(BRONZE_EVENTS)
    asked = [
        command("run", f"kafka://{broker}/vitals", "--lake", lake),
        command("publish", "--lake", lake, "--to", broker),
        command("listen", broker, "--until-quiet", 1),
        command("check", f"kafka://{broker}/vitals"),
    ]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(each, stdout=pipe, stderr=pipe, text=True, env=COMPILED) for each in asked]
    for process in started:
        out, err = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, out) == (UNAVAILABLE, ""), err
        assert err.startswith(f"error: Kafka at {broker} does not answer (while vitalake ")
        assert err.endswith("Check the address and that the broker runs; nothing is lost, try again.\n")
        assert err.count("\n") == 1
    assert (read_progress(EmbeddedLake(lake)), EmbeddedLake(lake).version(BRONZE_EVENTS)) == before
    assert "messages" in done("run", lake.parent / "messages.ndjson", "--lake", lake), "the next run goes on"
