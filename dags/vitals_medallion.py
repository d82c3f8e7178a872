"""### Vitals: bronze → silver → gold → told.

Brings a lake up to its source: **bronze** keeps every message, **silver** validates, scores and finds alerts,
**gold** is what people ask, written only if the quality gate lets it; then other systems hear how the run ended.

A task that is killed or meets a lake in use is tried again and goes on where the last try stopped. The user's mistakes
and a gate that failed are not tried again. Runs wait for each other. docs/airflow.md says how to set it up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, ExceptionRetryPolicy, RetryAction, RetryRule, TaskGroup, chain
from medallion import tasks
from medallion.deployment import read_deployment
from medallion.params import params_of

from vitalake.errors import LakeBusy, TopicMissing, Unavailable, VitalakeError

deployment = read_deployment()

WHAT_IS_TRIED_AGAIN = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=[LakeBusy, TopicMissing, Unavailable], action=RetryAction.RETRY),
        RetryRule(exception=VitalakeError, action=RetryAction.FAIL, reason="The same call would fail again."),
    ]
)

LAYERS = {
    "bronze": "Every message, byte for byte",
    "silver": "Validated and scored, with alerts",
    "gold": "What people ask, behind the quality gate",
}


def steps_of(layer: str) -> list[Any]:
    """Yield the tasks that make a layer: notebooks on Databricks, or work of Airflow's own."""
    if deployment.run_on == "databricks":
        from medallion.databricks import steps

        return list(steps(layer, deployment))
    return [step() for step in tasks.STEPS[layer]]


with DAG(
    "vitals_medallion",
    doc_md=__doc__,
    schedule=deployment.schedule,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # a run reads all that is new, so a missed one needs no making up
    max_active_runs=1,
    params=params_of(deployment),
    default_args={
        "retries": 5,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=5),
        "retry_policy": WHAT_IS_TRIED_AGAIN,
    },
    tags=["vitalake"],
):
    checked = tasks.check(deployment.run_on)
    road = [checked]
    for layer, what in LAYERS.items():
        with TaskGroup(layer, tooltip=what):
            road += steps_of(layer)
    with TaskGroup("publish", tooltip="Tells other systems how the run ended"):
        completed, failed = tasks.completed(), tasks.failed(deployment.run_on)
    chain(*road, completed)
    chain(road, failed)
