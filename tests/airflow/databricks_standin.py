"""A stand-in of Databricks at the HTTP boundary: the endpoints for one-time runs, as the provider calls them.

The runs are real: each notebook is executed on local Spark and Delta, by a process of its own that stands for the
cluster and keeps its session warm.  Cancelling a run kills that process.

``python databricks_standin.py PORT TOKEN NOTEBOOKS_FOLDER`` serves until it is ended; the folder is the workspace's
``/Workspace/vitalake``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

HOST: Final = "127.0.0.1"
WORKSPACE: Final = "/Workspace/vitalake"
WORKER: Final = Path(__file__).parents[1] / "spark" / "notebook_worker.py"


class Refused(Exception):
    """A request that Databricks would refuse."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.answer = status, {"error_code": code, "message": message}


@dataclass
class TaskRun:
    """One notebook of a run."""

    run_id: int
    asked: dict[str, Any]
    state: dict[str, str] = field(
        default_factory=lambda: {"life_cycle_state": "PENDING", "state_message": ""}
    )
    output: dict[str, Any] = field(default_factory=dict)
    start_time: int = field(default_factory=lambda: int(time.time() * 1000))

    def end(self, result: str, message: str = "") -> None:
        """Come to an end, once."""
        if self.state["life_cycle_state"] != "TERMINATED":
            self.state = {"life_cycle_state": "TERMINATED", "result_state": result, "state_message": message}

    def told(self) -> dict[str, Any]:
        """Yield the task as ``runs/get`` shows it."""
        shown = {"task_key": self.asked["task_key"], "notebook_task": self.asked["notebook_task"]}
        return shown | {
            "run_id": self.run_id,
            "state": self.state,
            "start_time": self.start_time,
            "attempt_number": 0,
        }


class Cluster:
    """The process that runs notebooks, one after the other."""

    def __init__(self, notebooks: Path) -> None:
        self.notebooks = notebooks
        self.waiting: SimpleQueue[TaskRun] = SimpleQueue()
        self.process: subprocess.Popen[str] | None = None
        threading.Thread(target=self._work, daemon=True).start()

    def kill(self) -> None:
        """End the process and what it runs."""
        if self.process is not None:
            self.process.kill()

    def _work(self) -> None:
        while True:
            task = self.waiting.get()
            if task.state["life_cycle_state"] == "PENDING":
                self._run(task)

    def _run(self, task: TaskRun) -> None:
        task.state = {"life_cycle_state": "RUNNING", "state_message": "In run"}
        asked = task.asked["notebook_task"]
        path = self.notebooks / f"{Path(asked['notebook_path']).relative_to(WORKSPACE)}.py"
        try:
            answer = self._ask({"path": str(path), "parameters": asked.get("base_parameters", {})})
        except (OSError, ValueError) as error:
            answer = {"error": f"The cluster ended: {error}", "error_trace": traceback.format_exc()}
        task.output = answer
        failed = "error" in answer
        task.end(
            "FAILED" if failed else "SUCCESS", "Workload failed, see run output for details" if failed else ""
        )

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [sys.executable, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))


class Jobs:
    """The runs that were asked for."""

    def __init__(self, notebooks: Path) -> None:
        self.cluster = Cluster(notebooks)
        self.runs: dict[int, tuple[dict[str, Any], list[TaskRun]]] = {}
        self.tokens: dict[str, int] = {}
        self.lock = threading.Lock()

    def submit(self, asked: dict[str, Any]) -> dict[str, Any]:
        """POST runs/submit: queue the tasks of a new run."""
        with self.lock:
            token = asked.get("idempotency_token")
            if token in self.tokens:
                return {"run_id": self.tokens[token]}
            environments = {each["environment_key"] for each in asked.get("environments", [])}
            for task in asked.get("tasks", []):
                _check(task, environments)
            number = 1000 * (len(self.runs) + 1)
            tasks = [TaskRun(number + i, task) for i, task in enumerate(asked["tasks"], start=1)]
            self.runs[number] = (asked, tasks)
            if token:
                self.tokens[token] = number
        for each in tasks:
            self.cluster.waiting.put(each)
        return {"run_id": number}

    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """GET runs/get: what a run, or one task of it, came to."""
        number = int(asked["run_id"])
        submitted, tasks = self._find(number)
        ours = tasks if number in self.runs else [task for task in tasks if task.run_id == number]
        return {
            "run_id": number,
            "job_id": number // 1000,
            "run_name": submitted.get("run_name", "Untitled"),
            "run_page_url": f"http://{HOST}/?o=0#job/{number // 1000}/run/{number}",
            "state": _state(ours),
            "tasks": [task.told() for task in ours],
        }

    def output(self, asked: dict[str, Any]) -> dict[str, Any]:
        """GET runs/get-output: what a task's notebook said."""
        number = int(asked["run_id"])
        _, tasks = self._find(number)
        if number in self.runs:
            message = "Retrieving the output of runs with multiple tasks is not supported"
            raise Refused(400, "INVALID_PARAMETER_VALUE", message)
        (task,) = (task for task in tasks if task.run_id == number)
        return {"metadata": task.told(), **task.output}

    def cancel(self, asked: dict[str, Any]) -> dict[str, Any]:
        """POST runs/cancel: end a run."""
        _, tasks = self._find(int(asked["run_id"]))
        if any(task.state["life_cycle_state"] == "RUNNING" for task in tasks):
            self.cluster.kill()
        for task in tasks:
            task.end("CANCELED", "Run cancelled.")
        return {}

    def list(self, _: dict[str, Any]) -> dict[str, Any]:
        """GET runs/list: all runs, newest first."""
        return {"runs": [self.get({"run_id": number}) for number in reversed(self.runs)]}

    def _find(self, number: int) -> tuple[dict[str, Any], list[TaskRun]]:
        found = self.runs.get(number) or self.runs.get(number - number % 1000)
        if found is None:
            raise Refused(404, "RESOURCE_DOES_NOT_EXIST", f"Run {number} does not exist.")
        return found


def _check(task: dict[str, Any], environments: set[str]) -> None:
    """Refuse a task that Databricks would refuse."""
    if "notebook_task" not in task:
        raise Refused(400, "INVALID_PARAMETER_VALUE", "This stand-in runs notebooks only.")
    if "existing_cluster_id" not in task and task.get("environment_key") not in environments:
        raise Refused(400, "INVALID_PARAMETER_VALUE", "A task needs a cluster or an environment of the run.")
    wrong = [
        name for name, value in task["notebook_task"]["base_parameters"].items() if not isinstance(value, str)
    ]
    if wrong:
        raise Refused(400, "MALFORMED_REQUEST", f"Parameters are strings: {', '.join(wrong)}")


def _state(tasks: list[TaskRun]) -> dict[str, str]:
    """Yield the state of a run from those of its tasks: the first that is not yet a success."""
    return next((t.state for t in tasks if t.state.get("result_state") != "SUCCESS"), tasks[-1].state)


def _routes(jobs: Jobs) -> dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]]:
    return {
        ("POST", "/api/2.2/jobs/runs/submit"): jobs.submit,
        ("GET", "/api/2.2/jobs/runs/get"): jobs.get,
        ("GET", "/api/2.2/jobs/runs/get-output"): jobs.output,
        ("GET", "/api/2.2/jobs/runs/list"): jobs.list,
        ("POST", "/api/2.2/jobs/runs/cancel"): jobs.cancel,
    }


def make_server(port: int, token: str, jobs: Jobs) -> ThreadingHTTPServer:
    """Yield a server of the endpoints, for those who know the token."""
    routes = _routes(jobs)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            self._answer({name: values[0] for name, values in query.items()})

        def do_POST(self) -> None:
            self._answer(self._body())

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the parent's signature
            """Say nothing: the runs tell what happened."""

        def _body(self) -> dict[str, Any]:
            length = int(self.headers.get("Content-Length") or 0)
            return dict(json.loads(self.rfile.read(length))) if length else {}

        def _answer(self, asked: dict[str, Any]) -> None:
            try:
                status, answer = 200, self._call(asked)
            except Refused as refusal:
                status, answer = refusal.status, refusal.answer
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _call(self, asked: dict[str, Any]) -> dict[str, Any]:
            if self.headers.get("Authorization") != f"Bearer {token}":
                raise Refused(403, "PERMISSION_DENIED", "Invalid access token.")
            route = routes.get((self.command, urlsplit(self.path).path))
            if route is None:
                raise Refused(404, "ENDPOINT_NOT_FOUND", f"No API found for {self.command} {self.path}")
            return route(asked)

    return ThreadingHTTPServer((HOST, port), Handler)


if __name__ == "__main__":
    served = Jobs(Path(sys.argv[3]))
    try:
        make_server(int(sys.argv[1]), sys.argv[2], served).serve_forever()
    finally:
        served.cluster.kill()
