"""A workspace of the stand-in of Databricks: started, asked for its runs, ended."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.airflow import ROOT, wait_for

from vitalake.dev.kafka import HOST, free_port

MAIN = ROOT / ".venv" / "bin" / "python"
"""The environment of development, where Spark lives."""
STANDIN = ROOT / "tests" / "airflow" / "databricks_standin.py"
TOKEN = "dapi-of-the-tests"


@dataclass(frozen=True)
class Workspace:
    """A stand-in that serves."""

    port: int

    @property
    def connection(self) -> str:
        """The workspace as an Airflow connection."""
        where = {
            "conn_type": "databricks",
            "schema": "http",
            "host": HOST,
            "port": self.port,
            "password": TOKEN,
        }
        return json.dumps(where)

    def runs(self) -> list[dict[str, Any]]:
        """Yield the runs so far, oldest first."""
        url = f"http://{HOST}:{self.port}/api/2.2/jobs/runs/list"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return list(reversed(json.loads(answer.read())["runs"]))

    def answers(self) -> bool:
        """Tell whether it serves yet."""
        try:
            return self.runs() is not None
        except OSError:
            return False


@contextmanager
def running_workspace(notebooks: Path, environment: Mapping[str, str], log: Path) -> Iterator[Workspace]:
    """Yield a workspace that holds the notebooks, and end it afterwards."""
    workspace = Workspace(free_port())
    command = [MAIN, STANDIN, str(workspace.port), TOKEN, notebooks]
    with (
        log.open("wb") as said,
        subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process,
    ):
        try:
            wait_for(workspace.answers, 60, "the stand-in to serve")
            yield workspace
        finally:
            process.terminate()
