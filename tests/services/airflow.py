"""A real Airflow: API server, scheduler and DAG processor on a SQLite database in a folder of its own.

Tests drive it as an operator would, through its REST API; they import nothing of Airflow themselves.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitalake.dev.kafka import HOST, free_port

ROOT = Path(__file__).parent.parent.parent
AIRFLOW = ROOT / ".venv-airflow" / "bin" / "airflow"
DAG = "vitals_medallion"
READY_S, RUN_S = 240, 900
POLL_S = 1
"""How often Airflow is asked: each answer costs it, and the tests beside these, some of their time."""
DATABASE_TRIES = 5
ENDED = {"success", "failed"}
PROCESSES = ("api-server", "scheduler", "dag-processor")


@dataclass
class Airflow:
    """An Airflow in a folder of its own."""

    home: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    token: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True)
        self.environment = self.environment | {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}?timeout=60",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{self.port}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": f"http://{HOST}:{self.port}",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of the tests, known to each of the processes, long enough",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self.home / "logs"),
            "NO_PROXY": HOST,
        }

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one of Airflow's commands."""
        return subprocess.run(
            [AIRFLOW, *arguments],
            env=self.environment | environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=READY_S + RUN_S,
        )

    @property
    def database(self) -> Path:
        """The file that holds all it knows."""
        return self.home / "airflow.db"

    def migrate(self) -> None:
        """Make the database."""
        made = self.command("db", "migrate")
        assert made.returncode == 0, made.stderr

    def start(self) -> None:
        """Start the processes and wait until the DAG is there."""
        for name in PROCESSES:
            with (self.home / f"{name}.log").open("wb") as log:
                self.processes[name] = subprocess.Popen(
                    [AIRFLOW, name],
                    env=self.environment,
                    cwd=self.home,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        wait_for(self._answers, READY_S, "Airflow to answer", POLL_S)
        wait_for(lambda: self._get(f"dags/{DAG}") is not None, READY_S, "the DAG to be loaded", POLL_S)

    def stop(self) -> None:
        """End the processes that were started here, each with its children."""
        for by in (signal.SIGTERM, signal.SIGKILL):
            for process in self.processes.values():
                try:
                    os.killpg(process.pid, by)
                except ProcessLookupError:
                    continue
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and any(p.poll() is None for p in self.processes.values()):
                time.sleep(0.1)

    def trigger(self, run: str, **params: Any) -> tuple[int, Any]:
        """Ask for a run by hand; yield the HTTP status and the answer."""
        body = {"dag_run_id": run, "logical_date": None, "conf": params}
        return self._call("POST", f"dags/{DAG}/dagRuns", body)

    def started(self, run: str, **params: Any) -> str:
        """Ask for a run by hand that must be accepted."""
        status, answer = self.trigger(run, **params)
        assert status == 200, answer
        return run

    def runs(self, kind: str) -> list[str]:
        """Yield the ids of the runs of a kind: scheduled or manual."""
        return [run["dag_run_id"] for run in self._get(f"dags/{DAG}/dagRuns?run_type={kind}")["dag_runs"]]

    def ended(self, run: str) -> str:
        """Wait for a run's end; yield its state."""
        path = f"dags/{DAG}/dagRuns/{run}"
        wait_for(lambda: (self._get(path) or {}).get("state") in ENDED, RUN_S, f"the end of {run}", POLL_S)
        return str(self._get(path)["state"])

    def task(self, run: str, name: str) -> dict[str, Any]:
        """Yield what Airflow says of a task: state, try_number, pid, ..."""
        return dict(self._get(f"dags/{DAG}/dagRuns/{run}/taskInstances/{name}"))

    def states(self, run: str) -> dict[str, str]:
        """Yield the state of each task of a run."""
        tasks = self._get(f"dags/{DAG}/dagRuns/{run}/taskInstances")["task_instances"]
        return {each["task_id"]: each["state"] for each in tasks}

    def said(self, run: str, name: str) -> Any:
        """Yield what a task returned."""
        path = f"dags/{DAG}/dagRuns/{run}/taskInstances/{name}/xcomEntries/return_value?deserialize=true"
        return self._get(path)["value"]

    def log(self, run: str, name: str, attempt: int = 1) -> str:
        """Yield the log of a try of a task."""
        return json.dumps(self._get(f"dags/{DAG}/dagRuns/{run}/taskInstances/{name}/logs/{attempt}"))

    def asset_events(self, run: str) -> dict[str, dict[str, Any]]:
        """Yield what a run told of each asset, by its name."""
        events = self._get(f"assets/events?source_dag_id={DAG}&source_run_id={run}")["asset_events"]
        return {event["name"]: event["extra"] for event in events}

    def clear(self, run: str, name: str) -> None:
        """Let a task of a run run again."""
        body = {"dag_run_id": run, "task_ids": [name], "dry_run": False, "only_failed": False}
        status, answer = self._call("POST", f"dags/{DAG}/clearTaskInstances", body)
        assert status == 200, answer

    def _answers(self) -> bool:
        for name, process in self.processes.items():
            assert process.poll() is None, (self.home / f"{name}.log").read_text()
        try:
            self.token = str(self._call("GET", "../../auth/token")[1]["access_token"])
        except OSError:
            return False
        return True

    def _get(self, path: str) -> Any:
        status, answer = self._call("GET", path)
        assert status in {200, 404}, answer
        return answer if status == 200 else None

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Call the API; ask again where the database failed it, as SQLite does when it is locked.

        Airflow's API server writes its audit log in its event loop: where another request's transaction waits for
        that loop, each waits for the other until SQLite gives up, before anything of the request was done.
        """
        for _ in range(DATABASE_TRIES):
            status, answer = self._call_once(method, path, body)
            if status != 500 or "Database error" not in json.dumps(answer):
                break
        return status, answer

    def _call_once(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        prefix = "" if path.startswith("../") else "api/v2/"
        request = urllib.request.Request(
            f"http://{HOST}:{self.port}/{prefix}{path.replace('../', '')}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(
                request, timeout=READY_S
            ) as answer:  # a writer waits for SQLite's lock
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read())


def wait_for(holds: Callable[[], bool], seconds: float, what: str, every_s: float = 0.1) -> None:
    """Wait until something holds; fail where it doesn't in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(every_s)


@contextmanager
def running_airflow(home: Path, environment: Mapping[str, str], database: Path) -> Iterator[Airflow]:
    """Yield an Airflow that runs, and end it afterwards; it begins with what another one's database holds."""
    airflow = Airflow(home, dict(environment))
    shutil.copy(database, airflow.database)
    try:
        airflow.start()
        yield airflow
    finally:
        airflow.stop()
