"""How this Airflow runs vitalake: settings from the environment (``VITALAKE_...``), read when the DAG is loaded.

What a single run does is not here but in the DAG's params, for which these settings are the defaults.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Json, PositiveInt, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from vitalake.errors import UserError

PREFIX: Final = "VITALAKE_"


class Deployment(BaseSettings):
    """Where the tasks run, and what a run does unless it is told otherwise."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore")

    run_on: Literal["local", "databricks"] = "local"
    """Whether the tasks run the stages on Airflow's workers or as notebooks on Databricks."""
    lake: str | None = None
    """The lake: a folder; on Databricks also ``CATALOG.SCHEMA``."""
    source: str | None = None
    """Where messages come from."""
    batch_rows: PositiveInt = 200_000
    """The most messages of one batch."""
    publish_to: str | None = None
    """Kafka brokers that hear of completed and failed runs."""
    schedule: str | None = None
    """A cron expression; without one the DAG runs by hand only."""
    databricks_notebooks: str | None = None
    """The workspace folder that holds the notebooks."""
    databricks_cluster: str | None = None
    """The id of an existing cluster; without one the notebooks run on serverless compute."""
    databricks_wheel: str | None = None
    """vitalake's wheel (a path or a requirement) for serverless compute."""
    databricks_secret_scope: str = ""
    """The scope with the secret ``kafka-jaas``, the login of the source's broker; empty where none is needed."""
    databricks_stream_options: Json[dict[str, Any]] | None = None
    """JSON: options of the source as Spark names them; no passwords, for Databricks shows them."""
    databricks_poll_s: PositiveInt = 15
    """Seconds between two looks at a running notebook."""

    @model_validator(mode="after")
    def _complete(self) -> Deployment:
        if self.run_on == "databricks" and self.databricks_notebooks is None:
            raise ValueError("VITALAKE_RUN_ON=databricks needs VITALAKE_DATABRICKS_NOTEBOOKS")
        if self.schedule is not None and (self.lake is None or self.source is None):
            raise ValueError("VITALAKE_SCHEDULE needs VITALAKE_LAKE and VITALAKE_SOURCE")
        return self


def read_deployment() -> Deployment:
    """Yield the settings.

    Raises:
        UserError: one can't be used; Airflow shows it as the DAG's import error.
    """
    try:
        return Deployment()
    except ValidationError as error:
        first = error.errors()[0]
        name = "".join(PREFIX + str(part).upper() for part in first["loc"]) or "The environment"
        raise UserError(f"{name} can't be used ({first['msg']})", "See docs/airflow.md") from None
