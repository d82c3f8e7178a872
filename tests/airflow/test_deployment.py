"""Settings of the DAG: what can't be used is told when it is loaded."""

import pytest

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
        ({"SCHEDULE": "*/10 * * * *", "LAKE": "/lake"}, "needs VITALAKE_LAKE and VITALAKE_SOURCE"),
    ],
)
def test_settings_that_cannot_be_used_say_which_and_why(monkeypatch, settings, told):
    for name, value in settings.items():
        monkeypatch.setenv(f"VITALAKE_{name}", value)
    with pytest.raises(UserError, match=told):
        read_deployment()
