"""What a run of the DAG can be told, with types: Airflow refuses others before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.sdk import Param

from medallion.deployment import Deployment
from vitalake.cli.options import EngineName
from vitalake.errors import UserError


def params_of(deployment: Deployment) -> dict[str, Param]:
    """Yield the DAG's params; ``lake`` and ``source`` must be given where the deployment names none."""
    texts = {
        "lake": "The lake: a folder, made where there is none. On Databricks also CATALOG.SCHEMA.",
        "source": "Files or a folder of messages, or kafka://BROKERS/TOPIC. What was read before is not read again.",
    }
    needed = {name: _needed(getattr(deployment, name), text) for name, text in texts.items()}
    return needed | {
        "batch_rows": Param(
            deployment.batch_rows, type="integer", minimum=1, description="The most messages of one batch."
        ),
        "engine": Param(
            None,
            type=["null", "string"],
            enum=[None, *EngineName],
            description="What computes and writes; null: embedded. A lake stays with the engine that made it.",
        ),
        "force": Param(
            False,
            type="boolean",
            description="Write Gold even where the quality gate fails; this is recorded.",
        ),
        "publish_to": Param(
            deployment.publish_to,
            type=["null", "string"],
            minLength=1,
            description="Kafka brokers (HOST:PORT, comma separated) that hear how the run ended; null: none.",
        ),
    }


def _needed(default: str | None, description: str) -> Param:
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "description": description}
    return Param(**schema) if default is None else Param(default, **schema)


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise UserError where a run was given a param that the DAG doesn't have."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise UserError(f"There is no param {', '.join(unknown)}", f"Known are: {', '.join(known)}")
