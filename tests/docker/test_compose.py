"""compose.yaml as it runs: a ward sends, the stream keeps a lake up to it, alerts go out, Airflow does its runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from services.containers import Project, wait_for

KAFKA = "kafka:9092"
VITALS = f"kafka://{KAFKA}/vitals"
GOLD_S = 180
"""The stream brings Gold up to Silver every minute."""


@pytest.fixture(scope="module")
def ward(project: Project) -> Project:
    """The services without Airflow, healthy."""
    project.up("vitalake")
    return project


def test_the_stream_becomes_a_lake(ward: Project) -> None:
    patients = ("vitalake", "patients", "--json")  # an error as long as Gold is empty
    wait_for(lambda: not ward.try_in("vitalake", *patients).returncode, GOLD_S, lambda: ward.log("vitalake"))
    assert asked(ward, "patients") != []
    before = messages(ward)
    wait_for(lambda: messages(ward) > before, 30, lambda: ward.log("vitalake"))


def test_alerts_come_out(ward: Project) -> None:
    day = ("simulate", "--patients", "8", "--hours", "24", "--seed", "3", "--to", VITALS)
    sent = ward.try_in("simulator", "vitalake", *day)
    assert sent.returncode == 0, sent.stderr
    heard: list[dict[str, Any]] = []

    def all_kinds_heard() -> bool:
        heard[:] = heard_on(ward, "vitalake.alerts")
        return {event["type"] for event in heard} >= {"vitalake.alert.raised", "vitalake.alert.cleared"}

    wait_for(all_kinds_heard, 120, lambda: ward.log("vitalake"))
    assert {event["data"]["priority"] for event in heard} <= {"high", "medium", "low"}


def test_airflow_runs_the_dag_and_tells(ward: Project) -> None:
    ward.up("airflow")
    wait_for(lambda: dag_states(ward) == ["success"], 400, lambda: ward.log("airflow"))
    lake = ("--lake", "/data/scheduled")
    assert asked(ward, "patients", *lake) != []
    told = [event for event in heard_on(ward, "vitalake.pipeline") if "run" in event["type"]]
    assert told, "the run's completion"


def test_the_stream_ends_after_its_batch(ward: Project) -> None:
    assert ward.stop("vitalake") == 0, ward.log("vitalake")


def asked(ward: Project, *question: str) -> Any:
    done = ward.try_in("vitalake", "vitalake", *question, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def messages(ward: Project) -> int:
    ((count,),) = (row.values() for row in asked(ward, "sql", "select count(*) as n from bronze_events"))
    return int(count)


def heard_on(ward: Project, topic: str) -> list[dict[str, Any]]:
    listen = ("vitalake", "listen", f"{KAFKA}/{topic}", "--from-beginning", "--until-quiet", "5", "--json")
    done = ward.try_in("vitalake", *listen)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def dag_states(ward: Project) -> list[str]:
    done = ward.try_in("airflow", "airflow", "dags", "list-runs", "vitals_medallion", "--output", "json")
    _, start, listed = done.stdout.partition("[{")  # after what Airflow logs
    return [run["state"] for run in json.loads(start + listed)] if start else []
