"""Killed at any moment and run again, a lake is what a quiet run makes of the same messages."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from killing import Runs

Run = Callable[[Path], tuple[object, ...]]
Compare = Callable[[Path], None]
KillAtWork = Callable[[random.Random, int, float], None]


def test_killed_at_each_commit(
    tmp_path: Path, run: Run, killer: Runs, quiet: tuple[Path, list[str]], assert_as_quiet: Compare
) -> None:
    """A run dies at each commit of the first half, the one that goes on at a table of the second half."""
    commits = quiet[1]
    half = (len(commits) + 1) // 2
    hit = set()
    for number, later in enumerate(commits[-half:], start=1):
        lake = tmp_path / str(number)
        when, then = ("before", "after") if number % 2 else ("after", "before")
        hit |= {killer.die_at(number, when, *run(lake)), killer.die_at(later, then, *run(lake))}
        killer.whole(*run(lake))
        assert_as_quiet(lake)
    assert hit - {None} == set(commits)


@pytest.fixture
def kill_at_work(tmp_path: Path, run: Run, killer: Runs, assert_as_quiet: Compare) -> KillAtWork:
    """Kills so many runs at work, each within a part of the time that a whole one takes.

    A new lake follows one that was done before it was to be killed.
    """
    killer.whole(*run(tmp_path / "warm"))
    began = time.monotonic()
    killer.whole(*run(tmp_path / "timed"))
    takes_s = time.monotonic() - began

    def kill(rng: random.Random, kills: int, part: float) -> None:
        killed = 0
        for lake in (tmp_path / str(number) for number in range(100)):
            while killed < kills and killer.die_after(rng.uniform(0.2, part) * takes_s, *run(lake)):
                killed += 1
            killer.whole(*run(lake))
            assert_as_quiet(lake)
            if killed == kills:
                return
        pytest.fail(f"only {killed} of {kills} runs were still at work when they were killed")

    return kill


def test_killed_at_random_moments(kill_at_work: KillAtWork) -> None:
    kill_at_work(random.Random(2), 20, 1)


@pytest.mark.soak
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", ["before", "after"])
def test_killed_twice_at_all_commits(
    tmp_path: Path,
    run: Run,
    killer: Runs,
    quiet: tuple[Path, list[str]],
    assert_as_quiet: Compare,
    when: str,
    then: str,
) -> None:
    """A run dies at each commit, and the one that goes on at its third."""
    for number in range(1, len(quiet[1]) + 1):
        lake = tmp_path / str(number)
        assert killer.die_at(number, when, *run(lake))
        killer.die_at(3, then, *run(lake))
        killer.whole(*run(lake))
        assert_as_quiet(lake)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_killed_thirty_times(kill_at_work: KillAtWork, seed: int) -> None:
    """Lakes that hardly get on, killed before they have done much each time."""
    kill_at_work(random.Random(seed), 30, 0.6)
