"""What Silver sums up of its observations, brought up to the touched ones: windows, time spent, readings.

The observations are read once: of each touched patient from the hour of the last event before the first touched hour,
whose end only now is known to be present.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import pyarrow as pa

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import DAY_US, FORGET_AFTER_US
from vitalake.engines.embedded.hours import replace_readings, replace_time_spent
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.windows import replace_windows
from vitalake.silver.hourly import READS, walk
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import SILVER_OBSERVATIONS, SILVER_PATIENT_STATES

_EARLIEST: Final = date(1, 1, 1)


def replace_summaries(lake: EmbeddedLake, touched: pa.Table, rules: Rules, batch: int) -> None:
    """Bring the four tables up to the touched events (patient_id, event_time), whose states are stored."""
    if not touched.num_rows:  # nothing but duplicates and what can't be used came
        return
    lake.register("touched_events", touched)
    _find_spans(lake)
    pool = StringPool()
    walked = walk(_read_events(lake), pool)
    replace_windows(lake, walked, rules, batch)
    replace_time_spent(lake, walked, pool, rules, batch)
    replace_readings(lake, walked, batch)


def _find_spans(lake: EmbeddedLake) -> None:
    """Materialise ``spans``: of each patient where to read from, and the hour and last instant of the state before.

    Both are null where there is no state. No event lies between the hours of two states.
    """
    lake.materialise(
        "touched_patients",
        """
        select patient_id, min(event_time) as first_time, max(event_time) as last_time
        from touched_events group by patient_id
        """,
    )
    lake.open(SILVER_PATIENT_STATES, f"event_date >= {_day(_first_us(lake), FORGET_AFTER_US + DAY_US)}")
    lake.materialise(
        "spans",
        f"""
        select t.patient_id, t.last_time, s.state_hour, s.state_time,
          coalesce(s.event_hour, date_trunc('hour', t.first_time)) as from_hour
        from touched_patients t left join (
          select patient_id, max(hour) as event_hour, min(hour) filter (where place = 2) as state_hour,
            min(last_event_time) filter (where place = 2) as state_time
          from (
            select s.patient_id, s.hour, s.last_event_time,
              row_number() over (partition by s.patient_id order by s.hour desc) as place
            from {SILVER_PATIENT_STATES.name} s join touched_patients t using (patient_id)
            where s.hour < date_trunc('hour', t.first_time)
            qualify place <= 2
          ) group by patient_id
        ) s using (patient_id)
        """,
    )


def _read_events(lake: EmbeddedLake) -> pa.Table:
    """Yield the observations from ``from_hour`` on, and those of the last instant of the state before."""
    earlier = lake.rows("""
        select distinct cast(unnest([from_hour, state_time]) as date) as day from spans
    """)["day"].drop_null()
    days = "".join(f" or event_date = date '{day}'" for day in earlier.to_pylist())
    lake.open(SILVER_OBSERVATIONS, f"(event_date >= {_day(_first_us(lake))}{days})")
    columns = ", ".join(f'o."{name}"' for name in READS)
    return lake.rows(f"""
        select {columns} from {SILVER_OBSERVATIONS.name} o join spans s
        on s.patient_id = o.patient_id and (o.event_time >= s.from_hour or o.event_time = s.state_time)
    """)


def _first_us(lake: EmbeddedLake) -> int:
    """Yield the first touched instant, in microseconds."""
    (row,) = lake.rows("select epoch_us(min(first_time)) as first from touched_patients").to_pylist()
    return int(row["first"])


def _day(instant_us: int, back_us: int = 0) -> str:
    """Yield the date so long before an instant, as a literal by which files are skipped."""
    days = max((instant_us - back_us) // DAY_US, (_EARLIEST - date(1970, 1, 1)).days)
    return f"date '{date.fromordinal(date(1970, 1, 1).toordinal() + days)}'"
