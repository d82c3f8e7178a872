"""What every test stands on: uncompiled kernels, Hypothesis profiles, marks by folder, real recordings."""

import os
from pathlib import Path

# Uncompiled kernels show line, branch and overflow; set before anything imports Numba.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

HERE = Path(__file__).parent
SHARED_DATA = HERE.parent.parent / "shared" / "data"
FOLDER_MARKS = ("airflow", "browser", "docker", "kafka", "soak", "spark")
UNMEASURED = ("docs", "faults", "properties")
"""Folders whose tests do the same thing many times: tracing them would cost a third, and flatter the coverage."""

SPARK = "tests/spark/"
"""The folder of which all tests share a Spark."""

# A busy machine is no failure: no profile has a deadline.
settings.register_profile("dev", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.register_profile("soak", settings.get_profile("dev"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark a test by the folders it lies in, and leave some out of the coverage; what takes longest comes first."""
    items.sort(key=lambda item: not item.nodeid.startswith(SPARK))
    for item in items:
        if not item.path.is_relative_to(HERE):
            continue
        for folder in item.path.relative_to(HERE).parts[:-1]:
            if folder in FOLDER_MARKS:
                item.add_marker(folder)
            if folder in UNMEASURED and item.config.pluginmanager.hasplugin("_cov"):
                item.add_marker("no_cover")


class OneSession(LoadFileScheduling):
    """Gives a process whole files, and all of tests/spark to one: Spark starts and warms up once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return SPARK if file.startswith(SPARK) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Schedule by files where that is asked for."""
    return OneSession(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings and vectors, which the repository doesn't hold (VITALAKE_SHARED_DATA)."""
    folder = Path(os.environ.get("VITALAKE_SHARED_DATA") or SHARED_DATA)
    if not folder.is_dir():
        pytest.skip(f"no folder of real data at {folder}; VITALAKE_SHARED_DATA names another")
    return folder


@pytest.fixture(scope="session")
def compiled_environment() -> dict[str, str]:
    """The environment for a child process whose kernels are compiled."""
    return {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
