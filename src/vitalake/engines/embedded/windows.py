"""silver_vital_windows: summarised again wherever events came."""

from __future__ import annotations

import pyarrow as pa

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import HOUR_US, MINUTE_US, VITALS
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.refine import utc_date
from vitalake.silver.tables import SILVER_OBSERVATIONS, SILVER_VITAL_WINDOWS
from vitalake.silver.windows import summarise


def replace_windows(lake: EmbeddedLake, touched: pa.Table, rules: Rules, batch: int) -> None:
    """Summarise the windows of the touched events, and those within the next hour, whose baseline they are."""
    length_us = rules.window_minutes * MINUTE_US
    lake.register("touched_events", touched)
    lake.materialise(
        "touched_windows",
        f"""
        select distinct patient_id, make_timestamptz(start_us + step * {length_us}) as window_start
        from (
          select distinct patient_id, epoch_us(event_time) - epoch_us(event_time) % {length_us} as start_us
          from touched_events
        ) cross join unnest(range({HOUR_US // length_us + 1})) as steps(step)
        """,
    )
    lake.register("new_windows", _summarise(lake, rules, batch, length_us))
    lake.materialise(
        "windows_to_write",
        "select * from new_windows semi join touched_windows using (patient_id, window_start)",
    )
    lake.replace(SILVER_VITAL_WINDOWS, "windows_to_write", "touched_windows", batch)


def _summarise(lake: EmbeddedLake, rules: Rules, batch: int, length_us: int) -> pa.Table:
    lake.materialise(
        "spans",
        f"""
        select patient_id, epoch_us(min(window_start)) - {HOUR_US} as from_us,
          epoch_us(max(window_start)) + {length_us} as to_us
        from touched_windows group by patient_id
        """,
    )
    lake.open(SILVER_OBSERVATIONS)
    names = ", ".join(["patient_id", "event_time", "event_id", *(vital.name for vital in VITALS)])
    events = lake.rows(f"""
        select {names} from silver_observations join spans using (patient_id)
        where epoch_us(event_time) >= from_us and epoch_us(event_time) < to_us
    """)
    windows = summarise(events, rules)
    n = windows.num_rows
    windows = windows.append_column("updated_batch", pa.repeat(pa.scalar(batch, pa.int64()), n))
    if "event_date" not in windows.column_names:
        windows = windows.append_column("event_date", utc_date(windows["window_start"]))
    return windows.select(SILVER_VITAL_WINDOWS.names).cast(SILVER_VITAL_WINDOWS.schema)
