"""`vitalake` as forks of a process that has imported it: tests start hundreds, and to import it takes each seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

COMPILED = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
"""The environment of a child whose kernels are compiled."""

_SERVER = """
import importlib, json, os, signal, sys, time
import vitalake.cli.app, vitalake.stages.curate, vitalake.sources.files, vitalake.sources.kafka
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

def write_to(file, descriptor):
    os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)

for line in sys.stdin:
    asked = json.loads(line)
    come, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()  # what it starts, a JVM, dies with it
        write_to(asked["out"], 1)
        write_to(asked["err"], 2)
        tell = lambda made: os.write(go, json.dumps(made).encode())
        made = watch(asked, tell)
        os.chdir(asked["folder"])
        sys.argv[1:] = asked["arguments"]
        signal.alarm(asked["patience_s"])
        try:
            code = main()
        finally:
            tell(made)
        sys.exit(code)
    os.close(go)
    if asked["after_s"] is not None:
        time.sleep(asked["after_s"])
        os.killpg(child, signal.SIGKILL)  # one that has ended is still there to be waited for
    _, status = os.waitpid(child, 0)
    told = json.loads(os.read(come, 65536) or b"[]")
    os.close(come)
    print(json.dumps([os.waitstatus_to_exitcode(status), told]), flush=True)
"""
"""Imports vitalake once and forks a child a run: it ends by itself, kills itself around a commit, or is killed."""


@dataclass(frozen=True)
class Ended:
    """How a run ended, what it printed, to which tables it committed."""

    returncode: int
    stdout: str
    stderr: str
    commits: list[str]


class Forks:
    """Runs commands, one after the other."""

    def __init__(self, server: subprocess.Popen[str], folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._numbers = count()

    def run(
        self,
        arguments: tuple[object, ...],
        *,
        kill: tuple[int | str, str] | None = None,
        after_s: float | None = None,
        patience_s: int = 3_600,
        folder: Path | None = None,
    ) -> Ended:
        """Run a command in a folder (the one we are in); kill it at a commit, or after a while."""
        number = next(self._numbers)  # what a run leaves behind may go on writing to its own files
        out, err = self._folder / f"{number}.out", self._folder / f"{number}.err"
        asked = {
            "arguments": list(map(str, arguments)),
            "folder": str(folder or Path.cwd()),
            "out": str(out),
            "err": str(err),
            "kill": kill,
            "after_s": after_s,
            "patience_s": patience_s,
        }
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        assert answer, "what forks runs has ended: see stderr"
        code, commits = json.loads(answer)
        ended = Ended(code, out.read_text(), err.read_text(), commits)
        assert code != -signal.SIGALRM, f"{arguments} goes on after {patience_s} s: {ended.stderr}"
        return ended


@contextmanager
def forks(engine: str = "embedded", settings: Mapping[str, str] | None = None) -> Iterator[Forks]:
    """Yield what forks runs; those of one engine can be killed at a commit."""
    pipe = subprocess.PIPE
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", _SERVER, engine],
            env={**COMPILED, **(settings or {})},
            stdin=pipe,
            stdout=pipe,
            text=True,
        ) as server,
    ):
        yield Forks(server, Path(folder))
