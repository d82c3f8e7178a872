"""The tasks that run on Airflow's workers.

What they need is imported when they run: the DAG is loaded often, and its own imports must be light.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from medallion.assets import BRONZE, GOLD, SILVER, tell
from medallion.params import refuse_unknown

if TYPE_CHECKING:
    from medallion.local import Work


@task
def check(run_on: str) -> dict[str, Any]:
    """Refuse params that can't be used, before anything is written."""
    from vitalake.cli.kafka import read_brokers

    context = get_current_context()
    refuse_unknown(context["dag_run"].conf or {}, context["dag"].params)
    if context["params"]["publish_to"] is not None:
        read_brokers(context["params"]["publish_to"])
    if run_on == "databricks":
        from medallion import databricks

        return databricks.check(context["params"])
    from medallion import local

    return local.check(_work())


@task(outlets=[BRONZE])
def ingest() -> dict[str, Any]:
    """Keep every new message, byte for byte."""
    from medallion import local

    return tell(get_current_context(), BRONZE, local.ingest(_work()))


@task(outlets=[SILVER])
def refine() -> dict[str, Any]:
    """Validate, deduplicate, score, find alerts."""
    from medallion import local

    return tell(get_current_context(), SILVER, local.refine(_work()))


@task(outlets=[GOLD])
def curate() -> dict[str, Any]:
    """Compute what people ask; write it if the quality gate lets it."""
    from medallion import local

    return tell(get_current_context(), GOLD, local.curate(_work()))


STEPS: Final = {"bronze": (ingest,), "silver": (refine,), "gold": (curate,)}
"""What makes each layer."""


@task
def completed() -> str:
    """Send the event that the run completed."""
    return _publish("completed", _told())


@task(trigger_rule=TriggerRule.ONE_FAILED)
def failed(run_on: str) -> str:
    """Send the event that the run failed, also where no task came as far as to say of which lake."""
    if run_on == "databricks":
        return _publish("failed", _told())
    from medallion import local

    return _publish("failed", [local.lake_of(_work()), *_told()])


def _work() -> Work:
    from medallion.local import Work

    context = get_current_context()
    return Work(context["params"], context["run_id"], context["ti"].try_number)


def _told() -> list[dict[str, Any]]:
    """Yield what the tasks before told."""
    context = get_current_context()
    return [each or {} for each in context["ti"].xcom_pull(task_ids=_stages(context["dag"]))]


def _publish(status: str, told: list[dict[str, Any]]) -> str:
    from medallion.completion import event_of, send
    from vitalake import clock

    context = get_current_context()
    brokers = context["params"]["publish_to"]
    if brokers is None:
        raise AirflowSkipException("publish_to names no Kafka: nobody is told.")
    ended_at = next((each["ended_at"] for each in told if "ended_at" in each), None)
    when = clock.now() if ended_at is None else datetime.fromisoformat(ended_at)
    event = event_of(context["run_id"], status, when, told)
    if event is None:
        raise AirflowSkipException("The run ended before its lake was known: there is nothing to tell.")
    send(brokers, event)
    return str(event.event["id"])


def _stages(dag: Any) -> list[str]:
    """Yield the ids of the tasks that come before the run is told of."""
    return [name for name in dag.task_ids if not name.startswith("publish.")]
