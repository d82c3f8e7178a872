"""Runs of vitalake that die by SIGKILL at a chosen commit, or after a chosen time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from following import COMPILED

_SERVER = """
import importlib, json, os, signal, sys, time
import vitalake.stages.curate, vitalake.sources.files
from vitalake.cli import main

engine = sys.argv[1]
importlib.import_module(f"vitalake.engines.{engine}.refine")
if engine == "spark":
    from vitalake.engines.spark.lake import SparkLake as Committing
    METHODS, named = ("add", "replace", "overwrite"), lambda arguments: arguments[1].name
else:
    from vitalake.engines.embedded.log import DeltaFolder as Committing
    METHODS, named = ("commit",), lambda arguments: arguments[0].table.name

def watch(asked, tell):
    where, when = asked["kill"] or (None, None)
    made = []
    def watched(commit):
        def commit_or_die(*arguments, **options):
            made.append(named(arguments))
            here = where in (len(made), made[-1])
            if here and when == "before":
                die()
            commit(*arguments, **options)
            if here:
                die()
        return commit_or_die
    def die():
        tell(made)
        os.killpg(0, signal.SIGKILL)
    for method in METHODS:
        setattr(Committing, method, watched(getattr(Committing, method)))
    return made

for line in sys.stdin:
    asked = json.loads(line)
    come, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()  # what it starts, a JVM, dies with it
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # and says nothing among our answers
        tell = lambda made: os.write(go, json.dumps(made).encode())
        made = watch(asked, tell)
        code = main(asked["arguments"])
        tell(made)
        os._exit(code)
    os.close(go)
    if asked["after_s"] is not None:
        time.sleep(asked["after_s"])
        os.killpg(child, signal.SIGKILL)  # one that has ended is still there to be waited for
    _, status = os.waitpid(child, 0)
    told = json.loads(os.read(come, 65536) or b"[]")
    os.close(come)
    print(json.dumps([os.waitstatus_to_exitcode(status), told]), flush=True)
"""
"""Imports vitalake once and forks a child a run: it kills itself around a commit, or is killed after a while."""


class Runs:
    """Runs of one command on lakes of one engine."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def whole(self, *arguments: object) -> list[str]:
        """Run to the end; yield the tables to which it committed, in order."""
        code, commits = self._ask(arguments)
        assert code == 0
        return commits

    def die_at(
        self, where: int | str, when: str, *arguments: object, at_last_s: float | None = None
    ) -> str | None:
        """Run and kill it ``before`` or ``after`` a commit: the n-th (from 1), or the first to a table.

        Yield the table, None where the run ended without that commit.  After ``at_last_s`` it is killed wherever it is.
        """
        code, commits = self._ask(arguments, kill=(where, when), after_s=at_last_s)
        assert code in (0, -signal.SIGKILL), code
        return commits[-1] if code and commits else None

    def die_after(self, seconds: float, *arguments: object) -> bool:
        """Run and kill it after a while; tell whether it was still at work."""
        code, _ = self._ask(arguments, after_s=seconds)
        assert code in (0, -signal.SIGKILL), code
        return code != 0

    def _ask(
        self,
        arguments: tuple[object, ...],
        kill: tuple[int | str, str] | None = None,
        after_s: float | None = None,
    ) -> tuple[int, list[str]]:
        assert self._server.stdin
        assert self._server.stdout
        asked = {"arguments": list(map(str, arguments)), "kill": kill, "after_s": after_s}
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        code, commits = json.loads(self._server.stdout.readline())
        return code, commits


@contextmanager
def runs(engine: str, settings: Mapping[str, str] | None = None) -> Iterator[Runs]:
    """Yield what starts and kills runs."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, engine],
        env={**COMPILED, **(settings or {})},
        stdin=pipe,
        stdout=pipe,
        text=True,
    ) as server:
        yield Runs(server)
        assert server.stdin
        server.stdin.close()
