"""Runs on Airflow's own workers: whatever befalls them, the tables are those of one quiet run, told of once.

Wrong params are told before anything is written.
"""

import os
import signal

import pytest
from services.outcome import assert_same_tables, events_of

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.tables import SILVER_QUARANTINE


def commits(lake, table):
    return len(list((lake / table / "_delta_log").glob("*.json")))


def test_a_scheduled_run_does_what_the_settings_say(airflow, scheduled_lake, quiet_lake, brokers):
    (run,) = airflow.runs("scheduled")
    assert airflow.ended(run) == "success"
    assert_same_tables(scheduled_lake, quiet_lake)
    assert [event["type"] for event in events_of(brokers, run)] == ["vitalake.run.completed"]


def test_two_runs_asked_for_at_once_on_a_lake_in_use_make_one_quiet_run(
    airflow, tmp_path, messages, quiet_lake, brokers, wait
):
    lake = tmp_path / "lake"
    params = {"lake": str(lake), "source": str(messages), "publish_to": brokers, "batch_rows": 200}
    with EmbeddedLake(lake).lock("refine"):
        runs = [airflow.started(name, **params) for name in ("twin-1", "twin-2")]
        wait(lambda: airflow.task("twin-1", "silver.refine")["state"] == "up_for_retry", "the lock to be met")
        assert "Another process holds the refine stage" in airflow.log("twin-1", "silver.refine")
        assert set(airflow.states("twin-2").values()) == {None}, "a run waits for the one before it"
    assert [airflow.ended(run) for run in runs] == ["success", "success"]
    assert_same_tables(lake, quiet_lake)

    came = [airflow.said(run, "bronze.ingest")["messages"] for run in runs]
    assert came == [len(messages.read_bytes().splitlines()), 0]
    first, second = events_of(brokers, *runs)
    assert (first["type"], first["subject"]) == ("vitalake.run.completed", "twin-1")
    assert (second["type"], second["subject"]) == ("vitalake.run.completed", "twin-2")
    became = first["data"]
    assert (
        became["messages"] == became["observations"] + became["quarantined"] + became["duplicates"] == came[0]
    )
    assert became["versions"]["bronze_events"] == commits(lake, "bronze_events") - 1
    layers = airflow.asset_events("twin-1")
    assert set(layers) == {"vitalake_bronze", "vitalake_silver", "vitalake_gold"}
    assert layers["vitalake_bronze"]["lake"] == str(lake)


def test_a_killed_task_is_tried_again_and_goes_on(airflow, tmp_path, messages, quiet_lake, brokers, wait):
    lake, run = tmp_path / "lake", "killed"
    airflow.started(run, lake=str(lake), source=str(messages), publish_to=brokers, batch_rows=4)
    wait(lambda: commits(lake, "bronze_events") >= 3, "the first commits")
    os.kill(airflow.task(run, "bronze.ingest")["pid"], signal.SIGKILL)
    wait(lambda: airflow.task(run, "bronze.ingest")["state"] != "running", "Airflow to notice")
    committed = commits(lake, "bronze_events")
    assert airflow.ended(run) == "success"
    assert airflow.task(run, "bronze.ingest")["try_number"] == 2
    assert commits(lake, "bronze_events") > committed, "it was killed in mid-run"
    assert_same_tables(lake, quiet_lake)
    (event,) = events_of(brokers, run)
    assert event["type"] == "vitalake.run.completed"
    assert event["data"]["messages"] == len(messages.read_bytes().splitlines())

    airflow.clear(run, "publish.completed")
    wait(lambda: airflow.task(run, "publish.completed")["try_number"] == 2, "the task to be tried again")
    assert airflow.ended(run) == "success"
    assert [again["id"] for again in events_of(brokers, run)] == [event["id"]] * 2


def test_a_gate_that_fails_is_told_and_not_tried_again(
    airflow, tmp_path, messages, quiet_lake, brokers, vitalake
):
    path, run = tmp_path / "lake", "gate"
    vitalake("ingest", messages, "--lake", path)
    quiet = EmbeddedLake(quiet_lake)
    quiet.open(SILVER_QUARANTINE)
    one_too_many = quiet.rows("select * from silver_quarantine limit 1")
    EmbeddedLake(path).log(SILVER_QUARANTINE, one_too_many)
    airflow.started(run, lake=str(path), source=str(messages), publish_to=brokers)
    assert airflow.ended(run) == "failed"
    states = airflow.states(run)
    assert (states["gold.curate"], states["publish.failed"]) == ("failed", "success")
    assert airflow.task(run, "gold.curate")["try_number"] == 1
    assert "The quality gate failed: conservation (1)" in airflow.log(run, "gold.curate")
    assert not (path / "gold_patient_risk_snapshot").exists()
    (event,) = events_of(brokers, run)
    assert event["type"] == "vitalake.run.failed"


def test_a_run_that_fails_before_its_stages_is_told_where_there_is_a_lake(airflow, quiet_lake, brokers):
    run = "nothing-there"
    airflow.started(run, lake=str(quiet_lake), source="/there/is/none", publish_to=brokers)
    assert airflow.ended(run) == "failed"
    (event,) = events_of(brokers, run)
    assert event["type"] == "vitalake.run.failed"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"batch_rows": "many"}, "'many' is not of type 'integer'"),
        ({"batch_rows": 0}, "0 is less than the minimum of 1"),
        ({"engine": "flink"}, "'flink' is not one of"),
        ({"force": "yes"}, "'yes' is not of type 'boolean'"),
        ({"lake": ""}, "lake"),
        ({"lake": None}, "lake"),
    ],
)
def test_a_param_of_the_wrong_type_is_refused_when_the_run_is_asked_for(airflow, tmp_path, wrong, told):
    status, answer = airflow.trigger(
        "wrong", **{"lake": str(tmp_path / "lake"), "source": str(tmp_path)} | wrong
    )
    assert status == 400
    assert told in answer["detail"]


@pytest.mark.parametrize(
    ("run", "wrong", "told"),
    [
        ("no-source", {"source": "/there/is/none"}, "/there/is/none does not exist"),
        ("no-broker", {"publish_to": "kafka:port"}, "'kafka:port' is no broker's address"),
        ("no-such-param", {"sauce": "hot"}, "There is no param sauce. Known are: lake, source, batch_rows"),
    ],
)
def test_a_param_that_cannot_be_used_fails_the_first_task_at_once(
    airflow, tmp_path, messages, run, wrong, told
):
    lake = tmp_path / "lake"
    airflow.started(run, **{"lake": str(lake), "source": str(messages)} | wrong)
    assert airflow.ended(run) == "failed"
    assert airflow.states(run) == {
        "check": "failed",
        "bronze.ingest": "upstream_failed",
        "silver.refine": "upstream_failed",
        "gold.curate": "upstream_failed",
        "publish.completed": "upstream_failed",
        "publish.failed": "skipped",
    }
    assert airflow.task(run, "check")["try_number"] == 1
    assert told in airflow.log(run, "check")
    assert not lake.exists()
