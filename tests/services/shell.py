"""A terminal as the README's reader has it: `vitalake` on the path, and no settings of this machine's user."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[list[str]]:
    """Yield the lines of the README's code blocks in a language."""
    return [block.splitlines() for block in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)]


def terminal(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Yield the environment of a terminal whose programs and settings lie in a folder."""
    program = folder / "bin" / "vitalake"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m vitalake "$@"\n')
    program.chmod(0o755)
    home = {name: str(folder / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    return {**environment, **home, "PATH": f"{program.parent}:{os.environ['PATH']}"}


def typed(line: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run what is typed in a folder to its end."""
    return subprocess.run(
        line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
