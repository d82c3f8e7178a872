"""silver_vital_windows: summarised again wherever events came."""

from __future__ import annotations

import pyarrow as pa

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import HOUR_US, MINUTE_US
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.hourly import Walk
from vitalake.silver.tables import SILVER_VITAL_WINDOWS
from vitalake.silver.windows import summarise


def replace_windows(lake: EmbeddedLake, walked: Walk, rules: Rules, batch: int) -> None:
    """Replace the windows of ``touched_events``, and those within the next hour, whose baseline they are.

    ``walked`` are all events of those patients from an hour before the first touched one.
    """
    length_us = rules.window_minutes * MINUTE_US
    lake.materialise(
        "touched_windows",
        f"""
        select distinct patient_id, make_timestamptz(start_us + step * {length_us}) as window_start,
          cast(window_start as date) as event_date
        from (
          select distinct patient_id, us - (us % {length_us} + {length_us}) % {length_us} as start_us
          from (select patient_id, epoch_us(event_time) as us from touched_events)
        ) cross join unnest(range({HOUR_US // length_us + 1})) as steps(step)
        """,
    )
    lake.register("new_windows", _summarise(walked, rules, batch))
    lake.materialise(
        "windows_to_write",
        "select * from new_windows semi join touched_windows using (patient_id, window_start)",
    )
    lake.replace(SILVER_VITAL_WINDOWS, "windows_to_write", "touched_windows", batch)


def _summarise(walked: Walk, rules: Rules, batch: int) -> pa.Table:
    windows = summarise(walked, rules)
    updated = pa.repeat(pa.scalar(batch, pa.int64()), windows.num_rows)
    windows = windows.append_column("updated_batch", updated)
    return windows.select(SILVER_VITAL_WINDOWS.names).cast(SILVER_VITAL_WINDOWS.schema)
