"""What Silver sums up of its observations, brought up to the touched ones: windows, time spent, readings.

The observations are read once: of each touched patient from the hour of the last event before the first touched hour,
whose end only now is known to be present, with the state before that hour.
"""

from __future__ import annotations

from typing import Final

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import HOUR_US
from vitalake.engines.spark.folding import STATE, SUMMARIES, SUMMARISED, SummarisePatients
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.read import names, struct_type
from vitalake.silver.tables import SILVER_OBSERVATIONS, SILVER_PATIENT_STATES

_STATE: Final = struct_type(STATE)
_EVENT: Final = struct_type(SUMMARISED)
_KINDS: Final = ", ".join(f"`{name}` {struct_type(table.columns)}" for name, table in SUMMARIES.items())


def replace_summaries(lake: SparkLake, settled: int, rules: Rules, batch: int) -> None:
    """Bring the four tables up to the observations that came or changed since the last settling."""
    lake.open(SILVER_OBSERVATIONS, f"updated_batch > {settled}")
    lake.materialise("touched_events", "select patient_id, event_time from silver_observations")
    lake.open(SILVER_PATIENT_STATES)
    lake.materialise("spans", _SPANS)
    lake.open(SILVER_OBSERVATIONS, _since(lake))
    summarise = SummarisePatients(rules.to_json(), batch)
    lake.stage("summaries", lake.sql(_EVENTS).mapInArrow(summarise, _KINDS))
    lake.materialise("touched_keys", " union all ".join((_windows(rules), _spent(rules), _READ)))
    for kind, table in SUMMARIES.items():
        scope, start = _KEYS[kind]
        lake.view(
            f"touched_{kind}",
            f"select patient_id, begins as {start}, event_date from touched_keys where scope = '{scope}'",
        )
        rows = f"select {kind}.* from summaries where {kind} is not null"
        lake.view(
            f"new_{kind}",
            f"select * from ({rows}) left semi join touched_{kind} using (patient_id, {start}, event_date)",
        )
        lake.replace(table, f"new_{kind}", f"touched_{kind}", batch)


_KEYS: Final = {
    "window": ("windows", "window_start"),
    "present": ("spent", "hour"),
    "held": ("spent", "hour"),
    "reading": ("read", "hour"),
}
"""Of each table of SUMMARIES which of the touched keys are its own, and what it calls their start."""


_SPANS: Final = """
    with touched as (
      select patient_id, date_trunc('hour', min(event_time)) as first_hour, max(event_time) as last_time
      from touched_events group by patient_id
    )
    select touched.patient_id, touched.last_time, known.end_us, known.state_hour, known.state_time,
      coalesce(known.event_hour, touched.first_hour) as from_hour
    from touched join (
      select patient_id, max(unix_micros(last_event_time)) as end_us,
        max(hour) filter (where is_before) as event_hour,
        max(hour) filter (where is_before and place = 2) as state_hour,
        max(last_event_time) filter (where is_before and place = 2) as state_time
      from (
        select patient_id, hour, last_event_time, hour < first_hour as is_before,
          row_number() over (partition by patient_id, hour < first_hour order by hour desc) as place
        from silver_patient_states join touched using (patient_id)
      ) group by patient_id
    ) as known using (patient_id)
"""
"""Of each touched patient where to read from, and the hour and last instant of the state before that (null: none)."""

_EVENTS: Final = f"""
    select * from (
      select patient_id, struct({names(STATE, "before")}) as state, cast(null as {_EVENT}) as event
      from silver_patient_states as before join (select patient_id, state_hour from spans) as span using (patient_id)
      where before.hour = span.state_hour
      union all
      select patient_id, cast(null as {_STATE}), struct({names(SUMMARISED, "event")})
      from silver_observations as event
      join (select patient_id, from_hour, state_time from spans) as span using (patient_id)
      where event.event_time >= span.from_hour or event.event_time = span.state_time
    ) cluster by patient_id
"""

_READ: Final = """
    select distinct 'read' as scope, patient_id, date_trunc('hour', event_time) as begins,
      cast(event_time as date) as event_date
    from touched_events
"""


def _since(lake: SparkLake) -> str:
    """Yield the condition that leaves out the days before all that is read."""
    (row,) = lake.rows(
        "select min(cast(coalesce(state_time, from_hour) as date)) as first from spans"
    ).to_pylist()
    return "false" if row["first"] is None else f"event_date >= date'{row['first']}'"


def _windows(rules: Rules) -> str:
    """Yield the windows of the touched events, and those within the next hour, whose baseline they are."""
    length_us = rules.window_us
    return f"""
        select distinct 'windows' as scope, patient_id, timestamp_micros(start_us) as begins,
          cast(timestamp_micros(start_us) as date) as event_date
        from (
          select patient_id, explode(sequence(own_us, own_us + {HOUR_US}, {length_us})) as start_us
          from (
            select distinct patient_id, unix_micros(event_time) - pmod(unix_micros(event_time), {length_us}) as own_us
            from touched_events
          )
        )
    """


def _spent(rules: Rules) -> str:
    """Yield the hours from where is read to where the touched events reach, never past the last event.

    Nothing reaches farther than that from an event: of years between two events most hours are of no concern.
    """
    return f"""
        select 'spent' as scope, patient_id, timestamp_micros(hour_us) as begins,
          cast(timestamp_micros(hour_us) as date) as event_date
        from (
          select patient_id, explode(sequence(hour_us, until_us - 1, {HOUR_US})) as hour_us
          from (
            select patient_id, unix_micros(hour) as hour_us,
              least(
                unix_micros(hour) + {HOUR_US + rules.reach_us},
                lead(unix_micros(hour)) over (partition by patient_id order by hour),
                unix_micros(last_time) + {rules.reach_us + 1}, end_us + 1
              ) as until_us
            from silver_patient_states join spans using (patient_id)
            where hour >= from_hour
          ) where until_us > hour_us
        )
    """
