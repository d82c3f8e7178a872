"""Runs of vitalake that die by SIGKILL at a chosen commit, or after a chosen time."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from forking import Ended, Forks, forks


class Runs:
    """Runs of one command on lakes of one engine."""

    def __init__(self, started: Forks) -> None:
        self._forks = started

    def whole(self, *arguments: object) -> list[str]:
        """Run to the end; yield the tables to which it committed, in order."""
        ended = self._forks.run(arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.commits

    def die_at(
        self, where: int | str, when: str, *arguments: object, at_last_s: float | None = None
    ) -> str | None:
        """Run and kill it ``before`` or ``after`` a commit: the n-th (from 1), or the first to a table.

        Yield the table, None where the run ended without that commit.  After ``at_last_s`` it is killed wherever it is.
        """
        ended = _killed(self._forks.run(arguments, kill=(where, when), after_s=at_last_s))
        return ended.commits[-1] if ended.returncode and ended.commits else None

    def die_after(self, seconds: float, *arguments: object) -> bool:
        """Run and kill it after a while; tell whether it was still at work."""
        return _killed(self._forks.run(arguments, after_s=seconds)).returncode != 0


def _killed(ended: Ended) -> Ended:
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended


@contextmanager
def runs(engine: str, settings: Mapping[str, str] | None = None) -> Iterator[Runs]:
    """Yield what starts and kills runs."""
    with forks(engine, settings) as started:
        yield Runs(started)
