"""What the DAG makes: one asset a layer, on which other DAGs can be scheduled."""

from __future__ import annotations

from typing import Any, Final

from airflow.sdk import Asset, Context

BRONZE: Final = Asset("vitalake_bronze", group="vitalake")
SILVER: Final = Asset("vitalake_silver", group="vitalake")
GOLD: Final = Asset("vitalake_gold", group="vitalake")


def tell(context: Context, asset: Asset, facts: dict[str, Any]) -> dict[str, Any]:
    """Yield the facts, having put them and the lake's name on the asset's event."""
    context["outlet_events"][asset].extra = {"lake": context["params"]["lake"], **facts}
    return facts
