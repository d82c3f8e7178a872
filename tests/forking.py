"""`vitalake` as forks of a process that has imported it: tests start hundreds, and to import it takes each seconds."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

COMPILED = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
"""The environment of a child whose kernels are compiled."""

_SERVER = Path(__file__).with_name("fork_server.py")


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
            [sys.executable, "-P", _SERVER, engine],  # the folders here are no packages of the children's
            env={**COMPILED, **(settings or {})},
            stdin=pipe,
            stdout=pipe,
            text=True,
        ) as server,
    ):
        yield Forks(server, Path(folder))


_OPENED = ExitStack()
atexit.register(_OPENED.close)


@cache
def shared_forks(**settings: str) -> Forks:
    """Yield what forks runs until this process ends; each set of variables has a server of its own."""
    return _OPENED.enter_context(forks(settings=settings))
