"""Messages with every fault, the lake of a quiet run, and what kills runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from following import done
from killing import Runs, runs
from roads import bound_by_law

from vitalake.engines.embedded.lake import EmbeddedLake

BATCH_ROWS = 300
SIMULATED = ("--patients", 5, "--hours", 2, "--late", 0.03, "--late-max-hours", 2, "--out-of-order", 0.05)

Arguments = tuple[object, ...]
Run = Callable[[Path], Arguments]


@pytest.fixture(scope="session")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Messages as a file: some late, repeated, conflicting and broken."""
    path = tmp_path_factory.mktemp("quiet") / "messages.ndjson"
    done(
        "simulate", *SIMULATED, "--duplicate", 0.03, "--malformed", 0.02, "--conflicting", 0.01, "--to", path
    )
    return path


@pytest.fixture(scope="session")
def run(messages: Path) -> Run:
    """The arguments of a run over the messages into a lake."""
    return lambda lake: ("run", messages, "--lake", lake, "--batch-rows", BATCH_ROWS)


@pytest.fixture(scope="session")
def killer() -> Iterator[Runs]:
    """What starts and kills runs."""
    with runs("embedded") as started:
        yield started


@pytest.fixture(scope="session")
def quiet(messages: Path, run: Run, killer: Runs) -> tuple[Path, list[str]]:
    """The lake of an undisturbed run, and the tables to which it committed, in order."""
    lake = messages.parent / "lake"
    return lake, killer.whole(*run(lake))


@pytest.fixture(scope="session")
def assert_as_quiet(quiet: tuple[Path, list[str]]) -> Callable[[Path], None]:
    """Fails unless a lake's Silver and Gold equal the quiet run's."""
    expected = bound_by_law(EmbeddedLake(quiet[0]))

    def compare(lake: Path) -> None:
        found = bound_by_law(EmbeddedLake(lake))
        for name, rows in expected.items():
            assert found[name] == rows, name

    return compare
