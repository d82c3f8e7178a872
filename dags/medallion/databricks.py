"""The stages as notebooks on Databricks, through the official provider."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from airflow.providers.databricks.hooks.databricks import DatabricksHook
from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.sdk import Asset, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from medallion.assets import BRONZE, GOLD, SILVER, tell
from medallion.deployment import Deployment

CONNECTION: Final = "databricks_default"
"""The Airflow connection that says which workspace, and how to log in."""

_FINAL: Final = re.compile(r"\b(UserError|GateFailed)\b")
"""Errors of vitalake that the same call would meet again."""

_ENVIRONMENT: Final = "vitalake"
"""The name of the serverless environment."""

_WIDGETS: Final = {
    "lake": "{{ params.lake }}",
    "source": "{{ params.source }}",
    "batch_rows": "{{ params.batch_rows }}",
    "force": "{{ params.force | lower }}",
    "run_id": "{{ run_id }}#{{ ti.try_number }}",
}
"""What each notebook is told of the run."""


def check(params: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse what can't be before anything runs; the lake itself is looked at by the first notebook."""
    if params["engine"] not in {None, "spark"}:
        raise AirflowFailException("Databricks runs the spark engine: leave engine out.")
    DatabricksHook.get_connection(CONNECTION)
    return {"lake_id": None}


def steps(layer: str, deployment: Deployment) -> list[NotebookOperator]:
    """Yield the tasks that make a layer, one a notebook."""
    return [
        NotebookOperator(task_id=name, notebook=notebook, deployment=deployment, asset=asset)
        for name, notebook, asset in _NOTEBOOKS[layer]
    ]


_NOTEBOOKS: Final[dict[str, tuple[tuple[str, str, Asset | None], ...]]] = {
    "bronze": (("ingest", "01_bronze", BRONZE),),
    "silver": (("refine", "02_silver", SILVER),),
    "gold": (("curate", "03_gold", GOLD), ("quality", "04_quality", None)),
}


class NotebookOperator(DatabricksSubmitRunOperator):
    """Runs one notebook as a run of one task and yields what it said with ``dbutils.notebook.exit`` (JSON).

    A try that died while the notebook ran is gone on with: the next one waits for the same run.  The user's
    mistakes and a gate that failed are not tried again.
    """

    def __init__(
        self, *, notebook: str, deployment: Deployment, asset: Asset | None = None, **options: Any
    ) -> None:
        super().__init__(
            tasks=[_task(notebook, deployment)],
            environments=_environments(deployment),
            run_name="{{ dag.dag_id }} {{ run_id }} {{ ti.task_id }}",
            databricks_conn_id=CONNECTION,
            polling_period_seconds=deployment.databricks_poll_s,
            deferrable=False,  # waits in the task, so that it survives the task's death
            outlets=[] if asset is None else [asset],
            **options,
        )

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the notebook, or wait for the run that an earlier try began."""
        try:
            super().execute(context)
        except AirflowException as error:
            if _FINAL.search(str(error)):
                raise AirflowFailException(str(error)) from error
            raise
        said = self._said()
        for asset in self.outlets:
            tell(context, asset, said)
        return said

    def _said(self) -> dict[str, Any]:
        (task,) = self._hook.get_run_tasks(self.run_id)
        output = self._hook.get_run_output(task["run_id"])
        return dict(json.loads(output["notebook_output"]["result"]))


def _task(notebook: str, deployment: Deployment) -> dict[str, Any]:
    """Yield the one task of a run: on the named cluster, else on serverless compute."""
    cluster = deployment.databricks_cluster
    where = {"existing_cluster_id": cluster} if cluster else {"environment_key": _ENVIRONMENT}
    path = f"{deployment.databricks_notebooks}/{notebook}"
    told = {"notebook_path": path, "source": "WORKSPACE", "base_parameters": _told(deployment)}
    return {"task_key": notebook, "notebook_task": told, **where}


def _told(deployment: Deployment) -> dict[str, str]:
    """Yield what each notebook is told."""
    return {
        **_WIDGETS,
        "secret_scope": deployment.databricks_secret_scope,
        "stream_options": json.dumps(deployment.databricks_stream_options or {}),
    }


def _environments(deployment: Deployment) -> list[dict[str, Any]] | None:
    if deployment.databricks_cluster:
        return None
    wheels = [deployment.databricks_wheel] if deployment.databricks_wheel else []
    return [{"environment_key": _ENVIRONMENT, "spec": {"environment_version": "4", "dependencies": wheels}}]
