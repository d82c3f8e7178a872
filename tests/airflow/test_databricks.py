"""Runs as notebooks on Databricks, through a stand-in of its endpoints that really runs them on Spark and Delta."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from services.airflow import ROOT, Airflow, running_airflow
from services.databricks import Workspace, running_workspace
from services.outcome import assert_same_tables, events_of

NOTEBOOKS = ["01_bronze", "02_silver", "03_gold", "04_quality"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, clean_environment) -> Iterator[Workspace]:
    """A workspace that holds the project's notebooks."""
    log = tmp_path_factory.mktemp("databricks") / "standin.log"
    with running_workspace(ROOT / "notebooks", clean_environment, log) as running:
        yield running


@pytest.fixture(scope="module")
def remote_airflow(tmp_path_factory, clean_environment, workspace, database) -> Iterator[Airflow]:
    """An Airflow whose tasks run the notebooks in the workspace."""
    chosen = {
        "VITALAKE_RUN_ON": "databricks",
        "VITALAKE_DATABRICKS_NOTEBOOKS": "/Workspace/vitalake",
        "VITALAKE_DATABRICKS_WHEEL": "/Workspace/vitalake/vitalake.whl",
        "VITALAKE_DATABRICKS_POLL_S": "1",
        "AIRFLOW_CONN_DATABRICKS_DEFAULT": workspace.connection,
    }
    home = tmp_path_factory.mktemp("remote") / "home"
    with running_airflow(home, clean_environment | chosen, database) as running:
        yield running


def test_a_killed_task_waits_for_the_notebook_that_it_began(
    remote_airflow, workspace, tmp_path, messages, quiet_lake, brokers, wait
):
    lake, run = tmp_path / "lake", "remote"
    remote_airflow.started(run, lake=str(lake), source=str(messages.parent), publish_to=brokers)
    wait(
        lambda: any(each["state"]["life_cycle_state"] == "RUNNING" for each in workspace.runs()), "a notebook"
    )
    os.kill(remote_airflow.task(run, "bronze.ingest")["pid"], signal.SIGKILL)
    assert remote_airflow.ended(run) == "success"
    assert remote_airflow.task(run, "bronze.ingest")["try_number"] == 2
    runs = workspace.runs()
    assert [each["tasks"][0]["task_key"] for each in runs] == NOTEBOOKS
    assert {each["state"]["result_state"] for each in runs} == {"SUCCESS"}
    assert_same_tables(lake, quiet_lake)
    (event,) = events_of(brokers, run)
    assert event["type"] == "vitalake.run.completed"
    assert event["data"]["messages"] == len(messages.read_bytes().splitlines())


def test_the_users_mistake_in_a_notebook_is_not_tried_again(remote_airflow, workspace, tmp_path):
    before, run, lake = len(workspace.runs()), "remote-mistake", tmp_path / "lake"
    remote_airflow.started(run, lake=str(lake), source="nowhere")
    assert remote_airflow.ended(run) == "failed"
    assert remote_airflow.task(run, "bronze.ingest")["try_number"] == 1
    assert len(workspace.runs()) == before + 1
    assert "UserError" in remote_airflow.log(run, "bronze.ingest")
    assert not (lake / "bronze_events").exists()


def test_where_the_settings_name_no_lake_a_run_must(remote_airflow):
    status, answer = remote_airflow.trigger("nowhere", source="/Volumes/ward/vitals/landing")
    assert status == 400
    assert "lake" in answer["detail"]
    assert remote_airflow.runs("scheduled") == []
