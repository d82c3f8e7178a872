"""Killed at any moment and run again, a lake is what a quiet run makes of the same messages."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import Runs

pytestmark = pytest.mark.xdist_group("faults")

Run = Callable[[Path], tuple[object, ...]]
Compare = Callable[[Path], None]


def test_killed_after_each_commit(
    tmp_path: Path, run: Run, killer: Runs, quiet: tuple[Path, int], assert_as_quiet: Compare
) -> None:
    """Every commit of every table is the last of a run, and the run that goes on dies before one of its own."""
    rng = random.Random(1)
    for number in range(1, quiet[1] + 1):
        lake = tmp_path / str(number)
        assert killer.die_at(number, "after", *run(lake))
        killer.die_at(rng.randint(1, 8), "before", *run(lake))
        killer.whole(*run(lake))
        assert_as_quiet(lake)


def test_killed_at_random_moments(tmp_path: Path, run: Run, killer: Runs, assert_as_quiet: Compare) -> None:
    rng, kills = random.Random(2), 0
    for lake in (tmp_path / str(number) for number in range(100)):
        while kills < 20 and killer.die_after(rng.uniform(0.1, 2), *run(lake)):
            kills += 1
        killer.whole(*run(lake))
        assert_as_quiet(lake)
        if kills == 20:
            return


@pytest.mark.soak
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", ["before", "after"])
def test_killed_twice_at_all_commits(
    tmp_path: Path,
    run: Run,
    killer: Runs,
    quiet: tuple[Path, int],
    assert_as_quiet: Compare,
    when: str,
    then: str,
) -> None:
    """Each commit once, and each time the run that goes on dies at its third as well."""
    for number in range(1, quiet[1] + 1):
        lake = tmp_path / str(number)
        assert killer.die_at(number, when, *run(lake))
        killer.die_at(3, then, *run(lake))
        killer.whole(*run(lake))
        assert_as_quiet(lake)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_killed_thirty_times(
    tmp_path: Path, run: Run, killer: Runs, assert_as_quiet: Compare, seed: int
) -> None:
    """A lake that hardly gets on, killed before it has done much each time."""
    rng, lake = random.Random(seed), tmp_path / "lake"
    for _ in range(30):
        killer.die_after(rng.uniform(0.1, 1.5), *run(lake))
    killer.whole(*run(lake))
    assert_as_quiet(lake)
