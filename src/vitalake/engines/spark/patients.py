"""Whose events are folded again, from which state on, and what goes into the fold with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vitalake.domain.vitals import HOUR_US
from vitalake.engines.spark.folding import EVENT, STATE, STORED, TOLD
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.read import names, nulls, struct_type
from vitalake.silver.tables import SILVER_ALERT_CHANGES, SILVER_OBSERVATIONS, SILVER_PATIENT_STATES

_MEMORY: Final = timedelta(days=31)
"""Nothing is carried, nor falls due, longer than that after an event."""

_NEWEST: Final = "qualify row_number() over (partition by patient_id order by hour desc) = 1"
_KINDS: Final = {"state": STATE, "told": TOLD, "event": STORED}
_NULLS: Final = {name: f"cast(null as {struct_type(columns)})" for name, columns in _KINDS.items()}


def gather_patients(lake: SparkLake, batch: int, time_us: int | None, before_us: int | None) -> str | None:
    """Yield the SELECT of what is folded: patients with new ``events``, and those for whom something fell due.

    The first go on from the newest state before the hour of their first new event, with all their events after it:
    an event in order costs its own hour, one out of order what follows it.  ``time_us`` is how far time alone has come,
    ``before_us`` how far it had come before this batch.  None where there is nobody.
    """
    lake.open(SILVER_PATIENT_STATES)
    lake.view("touched", _touched(time_us, before_us))
    lake.materialise(
        "folding",
        f"""
        select touched.patient_id, touched.from_hour, unix_micros(before.hour) as hour_us,
          {names(STATE[1:], "before")}
        from touched left join (
          select states.* from silver_patient_states as states join touched using (patient_id)
          where touched.from_hour is null or states.hour < touched.from_hour
          qualify row_number() over (partition by states.patient_id order by states.hour desc) = 1
        ) as before using (patient_id)
        """,
    )
    since = _since(lake)
    if since is None:
        return None
    lake.open(SILVER_OBSERVATIONS, f"batch < {batch}{since}")
    lake.open(SILVER_ALERT_CHANGES)
    return f"""
        select patient_id, {_kind("state")} from folding where state is not null
        union all {_told_of()}
        union all {_events_of()}
    """


def _touched(time_us: int | None, before_us: int | None) -> str:
    fresh = """
        select patient_id, date_trunc('hour', min(event_time)) as from_hour
        from events where repeats = 'new' group by patient_id
    """
    if time_us is None:
        return fresh
    memory_us = _MEMORY // timedelta(microseconds=1)
    told = "" if before_us is None else f" and unix_micros(last_event_time) > {before_us - memory_us}"
    return f"""
        {fresh}
        union all
        select patient_id, cast(null as timestamp) from (
          select patient_id, due_at, last_event_time from silver_patient_states {_NEWEST}
        )
        where unix_micros(due_at) <= {time_us}{told}
          and patient_id not in (select patient_id from events where repeats = 'new')
    """


def _since(lake: SparkLake) -> str | None:
    """Yield the condition that leaves out the days before all that is folded again; None where nobody is."""
    (row,) = lake.rows(f"""
        select count(*) as patients, min(cast(timestamp_micros(
          case when from_hour is not null then coalesce(hour_us + {HOUR_US}, unix_micros(from_hour)) end
        ) as date)) as first
        from folding
    """).to_pylist()
    if not row["patients"]:
        return None
    return "" if row["first"] is None else f" and event_date >= date'{row['first']}'"


def _told_of() -> str:
    """Yield what the log says last of each alert that what is folded may still change."""
    return f"""
        select patient_id, {_kind("told", "latest")}
        from (
          select * from silver_alert_changes where patient_id in (select patient_id from folding)
          qualify row_number() over (partition by alert_id order by seq desc) = 1
        ) as latest join (select patient_id, hour_us from folding) as known using (patient_id)
        where change = 'retracted' or cleared_at is null or hour_us is null
          or unix_micros(cleared_at) >= hour_us
    """


def _events_of() -> str:
    scores = nulls(column for column in STORED if column not in EVENT)
    return f"""
        select patient_id, {_kind("event", "stored")}
        from silver_observations as stored
        join (select patient_id, from_hour, hour_us from folding) as known using (patient_id)
        where from_hour is not null and unix_micros(event_time) >= coalesce(hour_us + {HOUR_US}, unix_micros(from_hour))
        union all
        select patient_id, {_kind("event", "fresh")}
        from (select {names(EVENT)}, {scores} from events where repeats = 'new') as fresh
    """


def _kind(kind: str, of: str = "folding") -> str:
    """Yield the three columns of structs, of which only one is filled."""
    filled = f"struct({names(_KINDS[kind], of)})"
    return ", ".join(f"{filled if name == kind else null} as {name}" for name, null in _NULLS.items())
