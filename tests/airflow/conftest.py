"""A real Airflow, a real Kafka broker and a stand-in of Databricks for the tests of this folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from services.airflow import ROOT, RUN_S, Airflow, running_airflow, wait_for

from vitalake.dev.kafka import free_port

MAIN = ROOT / ".venv" / "bin"
"""The environment of development: Spark, Java and Kafka's broker live there, not beside Airflow."""


@pytest.fixture(scope="session")
def clean_environment(compiled_environment: dict[str, str]) -> dict[str, str]:
    """The environment for a child process: compiled kernels, and no settings of this machine's user."""
    foreign = ("AIRFLOW", "VITALAKE")
    return {name: value for name, value in compiled_environment.items() if not name.startswith(foreign)}


@pytest.fixture(scope="session")
def vitalake(clean_environment: dict[str, str]) -> Callable[..., str]:
    """Run a command of vitalake, which must succeed; yield what it printed."""

    def run(*arguments: str | Path) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "vitalake", *arguments],
            env=clean_environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def messages(tmp_path_factory: pytest.TempPathFactory, vitalake: Callable[..., str]) -> Path:
    """Some hours of a few patients: some messages late, repeated or broken."""
    file = tmp_path_factory.mktemp("messages") / "ward.ndjson"
    vitalake("simulate", "--patients", "4", "--hours", "6", "--late", "0.05", "--to", file)
    return file


@pytest.fixture(scope="session")
def quiet_lake(
    tmp_path_factory: pytest.TempPathFactory, vitalake: Callable[..., str], messages: Path
) -> Path:
    """The lake that one quiet run makes of the messages."""
    lake = tmp_path_factory.mktemp("quiet") / "lake"
    vitalake("run", messages, "--lake", lake)
    return lake


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Kafka broker, which lives in the environment of development."""
    serve = "from vitalake.dev.kafka import run_broker; from pathlib import Path; import sys; "
    serve += (
        "run_broker(int(sys.argv[1]), Path(sys.argv[2]), lambda broker: print(broker.brokers, flush=True))"
    )
    arguments = [str(free_port()), str(tmp_path_factory.mktemp("kafka"))]
    with subprocess.Popen(
        [MAIN / "python", "-c", serve, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(scope="session")
def scheduled_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake that Airflow's settings name."""
    return tmp_path_factory.mktemp("scheduled") / "lake"


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory, clean_environment: dict[str, str]) -> Path:
    """A new database of Airflow's: to make one takes it many seconds."""
    made = Airflow(tmp_path_factory.mktemp("migrated") / "home", clean_environment)
    made.migrate()
    return made.database


@pytest.fixture(scope="session")
def airflow(
    tmp_path_factory: pytest.TempPathFactory,
    clean_environment: dict[str, str],
    messages: Path,
    scheduled_lake: Path,
    brokers: str,
    database: Path,
) -> Iterator[Airflow]:
    """An Airflow whose tasks run the stages themselves, once as scheduled; shared by all tests."""
    chosen = {
        "VITALAKE_SCHEDULE": "@once",
        "VITALAKE_LAKE": str(scheduled_lake),
        "VITALAKE_SOURCE": str(messages),
        "VITALAKE_PUBLISH_TO": brokers,
    }
    home = tmp_path_factory.mktemp("airflow") / "home"
    with running_airflow(home, clean_environment | chosen, database) as running:
        yield running


@pytest.fixture
def wait() -> Callable[[Callable[[], bool], str], None]:
    """Wait until something holds; fail where it doesn't in time."""
    return lambda holds, what: wait_for(holds, RUN_S, what)
