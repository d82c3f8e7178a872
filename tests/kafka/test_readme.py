"""The README's road from Kafka to Kafka, each line typed in a terminal of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from following import PATIENCE_S
from services.shell import blocks, terminal

from vitalake.cli import main
from vitalake.dev.kafka import free_port


class Terminal:
    """A line that runs until Ctrl-C."""

    def __init__(self, line: str, number: int, folder: Path, environment: dict[str, str]) -> None:
        self.line = line
        self.out, self.err = folder / f"{number}.out", folder / f"{number}.err"
        with self.out.open("w") as out, self.err.open("w") as err:
            self._process = subprocess.Popen(
                f"exec {line}",
                shell=True,
                cwd=folder,
                env=environment,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def wait_for(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < deadline, f"{self.line}: {self.err.read_text()}"
            assert self._process.poll() is None, f"{self.line} ended: {self.err.read_text()}"
            time.sleep(0.1)

    def interrupt(self) -> None:
        """Type Ctrl-C, if it has not ended by itself."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        code = self._process.wait(PATIENCE_S)
        assert code in {0, 130}, f"{self.line}: {code}, {self.err.read_text()}"
        assert "error" not in self.err.read_text()


def test_alerts_are_heard_as_the_readme_says(tmp_path: Path, compiled_environment: dict[str, str]) -> None:
    (lines,) = (block for block in blocks("console") if block[0].startswith("vitalake dev kafka"))
    port = str(free_port())
    environment = terminal(tmp_path, compiled_environment)
    with ExitStack() as closing:
        terminals = []
        for number, line in enumerate(lines):
            opened = Terminal(line.replace("9092", port), number, tmp_path, environment)
            closing.callback(opened.interrupt)
            terminals.append(opened)
            if not number:
                opened.wait_for(lambda: port in terminals[0].out.read_text() + terminals[0].err.read_text())
        *_, listener = terminals
        listener.wait_for(lambda: "alert.raised" in listener.out.read_text())
    assert main(["patients", "--lake", str(tmp_path / "kafka-lake"), "--json"]) == 0
