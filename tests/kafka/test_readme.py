"""The README's road from Kafka to Kafka, each line typed in a terminal of its own."""

from __future__ import annotations

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

from following import Process
from services.shell import blocks, terminal

from vitalake.cli import main
from vitalake.dev.kafka import free_port
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.stages.progress import read_progress


class Terminal(Process):
    """A line that runs until Ctrl-C."""

    def __init__(self, line: str, number: int, folder: Path, environment: dict[str, str]) -> None:
        self.out, self.log = folder / f"{number}.out", folder / f"{number}.err"
        with self.out.open("w") as out, self.log.open("w") as err:
            self._process = subprocess.Popen(
                f"exec {line}", shell=True, cwd=folder, env=environment, stdout=out, stderr=err
            )

    def interrupt(self) -> None:
        """Type Ctrl-C, if it has not ended by itself."""
        assert self.end(signal.SIGINT) in {0, 130}, self.said()
        assert "error" not in self.said()


def test_alerts_are_heard_as_the_readme_says(tmp_path: Path, compiled_environment: dict[str, str]) -> None:
    (lines,) = (block for block in blocks("console") if block[0].startswith("vitalake dev kafka"))
    port = str(free_port())
    lake = tmp_path / "kafka-lake"
    environment = terminal(tmp_path, compiled_environment) | {"VITALAKE_GOLD_EVERY_S": "5"}  # or a minute
    with ExitStack() as closing:
        terminals = []
        for number, line in enumerate(lines):
            opened = Terminal(line.replace("9092", port), number, tmp_path, environment)
            closing.callback(opened.interrupt)
            terminals.append(opened)
            if not number:
                opened.wait_for(lambda: port in terminals[0].out.read_text(), "the broker served")
        *_, follower, listener = terminals
        listener.wait_for(lambda: "alert.raised" in listener.out.read_text(), "an alert heard")
        # Settling and Gold give way to all else: on a machine that other tests keep busy they take their time.
        follower.wait_for(lambda: read_progress(EmbeddedLake(lake)).batch("curate") > 0, "Gold is made", 900)
    assert main(["patients", "--lake", str(lake), "--json"]) == 0
