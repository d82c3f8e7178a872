"""silver_alert_changes numbered and appended, silver_alerts folded from them."""

from __future__ import annotations

from typing import Final

from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.read import names
from vitalake.silver.tables import EPISODE, SILVER_ALERT_CHANGES, SILVER_ALERTS

_TOLD: Final = names(column for column in SILVER_ALERT_CHANGES.columns if column.name != "seq")


def write_changes(lake: SparkLake) -> None:
    """Append what the fold tells, each patient's in order, without gaps after the log's last number.

    A repetition tells only what the log does not say yet, so it needs no mark.
    """
    lake.open(SILVER_ALERT_CHANGES)
    (last,) = lake.rows("select coalesce(max(seq), 0) as seq from silver_alert_changes").to_pylist()
    numbered = f"cast({last['seq']} + row_number() over (order by patient_id, seq) as bigint) as seq"
    rows = lake.sql(f"select {numbered}, {_TOLD} from (select change.* from folded where change is not null)")
    lake.add(SILVER_ALERT_CHANGES, rows)


def settle_alerts(lake: SparkLake, settled: int, batch: int) -> None:
    """Fold the changes since the last settling into silver_alerts."""
    lake.open(SILVER_ALERT_CHANGES, f"batch > {settled}")
    lake.materialise(
        "latest_changes",
        f"""
        select {names(EPISODE)}, revision, batch as updated_batch, cast(raised_at as date) as event_date, change
        from silver_alert_changes qualify row_number() over (partition by alert_id order by seq desc) = 1
        """,
    )
    lake.view("touched_alerts", "select alert_id from latest_changes")
    lake.view("new_alerts", "select * from latest_changes where change <> 'retracted'")
    lake.replace(SILVER_ALERTS, "new_alerts", "touched_alerts", batch)
