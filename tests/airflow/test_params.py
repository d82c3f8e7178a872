"""Wrong params: a clear error, before anything is written."""

import pytest


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
