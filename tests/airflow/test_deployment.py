"""Settings of the DAG: what can't be used is told when it is loaded."""

import json
import re

import pytest
from services.airflow import ROOT

from dags.medallion.deployment import Deployment, read_deployment
from vitalake.errors import UserError


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in Deployment.model_fields:
        monkeypatch.delenv(f"VITALAKE_{name.upper()}", raising=False)


def test_without_settings_runs_are_local_and_by_hand():
    deployment = read_deployment()
    assert (deployment.run_on, deployment.schedule, deployment.lake) == ("local", None, None)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"RUN_ON": "moon"}, "VITALAKE_RUN_ON can't be used .*'local' or 'databricks'"),
        ({"BATCH_ROWS": "0"}, "VITALAKE_BATCH_ROWS can't be used"),
        ({"RUN_ON": "databricks"}, "needs VITALAKE_DATABRICKS_NOTEBOOKS"),
        ({"DATABRICKS_STREAM_OPTIONS": "{"}, "VITALAKE_DATABRICKS_STREAM_OPTIONS can't be used .*JSON"),
        ({"DATABRICKS_STREAM_OPTIONS": "[]"}, "VITALAKE_DATABRICKS_STREAM_OPTIONS can't be used .*dict"),
        ({"SCHEDULE": "*/10 * * * *", "LAKE": "/lake"}, "needs VITALAKE_LAKE and VITALAKE_SOURCE"),
    ],
)
def test_settings_that_cannot_be_used_say_which_and_why(monkeypatch, settings, told):
    for name, value in settings.items():
        monkeypatch.setenv(f"VITALAKE_{name}", value)
    with pytest.raises(UserError, match=told):
        read_deployment()


OPTIONS = {"kafka.security.protocol": "SASL_SSL", "kafka.sasl.mechanism": "PLAIN"}


@pytest.mark.parametrize(
    ("settings", "scope", "options"),
    [
        ({}, "", {}),
        ({"SECRET_SCOPE": "ward", "STREAM_OPTIONS": json.dumps(OPTIONS)}, "ward", OPTIONS),
    ],
)
def test_notebooks_are_told_where_the_login_is(monkeypatch, settings, scope, options):
    for name, value in ({"NOTEBOOKS": "/Workspace/vitalake"} | settings).items():
        monkeypatch.setenv(f"VITALAKE_DATABRICKS_{name}", value)
    told = told_of(monkeypatch, "01_bronze")
    assert (told["secret_scope"], json.loads(told["stream_options"])) == (scope, options)


def test_what_notebooks_are_told_one_of_them_asks_for(monkeypatch):
    asked = {
        name
        for notebook in (ROOT / "notebooks").glob("*.py")
        for name in re.findall(r'dbutils\.widgets\.\w+\("(\w+)"', notebook.read_text())
    }
    told = set(told_of(monkeypatch, "01_bronze"))
    assert told <= asked
    assert asked - told == {"checkpoint", "report"}  # they have a place of their own, or none


def told_of(monkeypatch, notebook):
    """Yield the parameters with which the DAG runs a notebook."""
    monkeypatch.syspath_prepend(ROOT / "dags")
    from medallion.databricks import _task  # noqa: PLC0415 - found only now

    return _task(notebook, read_deployment())["notebook_task"]["base_parameters"]
