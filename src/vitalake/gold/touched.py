"""Which rows of Gold a curate must compute again: the touched keys of each scope, found by SQL.

An event's severity lasts to the next event, so what changed reaches from 12 h before to 12 h after, never
past the patient's last event; what it puts in hold may reach farther.  Where events only follow on, it reaches back
just to the patient's ``as_of`` as Gold has it.  A patient whose ``as_of`` moved gets time after the old one, however
long ago that was.  More hours than needed do no harm: they are computed whole and come out as they were.
"""

from __future__ import annotations

from typing import Final

from vitalake.domain.vitals import DAY_US, HOUR_US, SCORE_HOLD_US

RECENT_US: Final = DAY_US + SCORE_HOLD_US
"""How far back a snapshot looks: the 24 h of its clock, and what was in force when they began."""

LEAD_US: Final = HOUR_US
"""How long before its raise an episode still tells of a reading."""


def touched(reach_us: int) -> tuple[tuple[str, str], ...]:
    """Yield the touched keys by scope, in the order in which they are made; ``reach_us`` as of silver_held_time."""
    hours = ", ".join(f"({i})" for i in range((reach_us + SCORE_HOLD_US) // HOUR_US + 3))
    return (
        ("reached_patients", _REACHED),
        ("touched_patient_hour", _PATIENT_HOURS.format(reach=reach_us, hours=hours)),
        ("touched_patient", "select patient_id from reached_patients"),
        ("patient_ends", _ENDS),
        ("touched_raises", _RAISES),
        ("touched_hour", _HOURS),
        ("touched_patient_day", _PATIENT_DAYS),
        ("touched_day", _DAYS),
        ("touched_span", _SPANS),
        ("touched_recent", _RECENT),
    )


_REACHED: Final = """
    select changed.patient_id, stored.as_of_us as stored_us,
      greatest(
        coalesce(changed.last_us, stored.as_of_us), coalesce(stored.as_of_us, changed.last_us)
      ) as as_of_us
    from (
      select patient_id, max(last_us) as last_us
      from (
        select patient_id, last_us from changed_events
        union all
        select patient_id, cast(null as bigint) as last_us from changed_alerts
      ) as either group by patient_id
    ) as changed
    left join (
      select patient_id, unix_micros(as_of) as as_of_us from gold_patient_risk_snapshot
    ) as stored on stored.patient_id = changed.patient_id
"""

_PATIENT_HOURS: Final = f"""
    with reaches as (
      select events.patient_id,
        case
          when events.first_us <= reached.stored_us then events.first_us - {SCORE_HOLD_US}
          else greatest(events.first_us - {SCORE_HOLD_US}, coalesce(reached.stored_us, events.first_us))
        end as from_us,
        least(events.last_us + {{reach}}, reached.as_of_us) as to_us
      from changed_events as events
      join reached_patients as reached on reached.patient_id = events.patient_id
      union all
      select patient_id, stored_us, least(stored_us + {{reach}}, as_of_us)
      from reached_patients where stored_us < as_of_us
    ),
    cut as (
      select patient_id, to_us,
        unix_micros(date_trunc('hour', timestamp_micros(from_us))) + hours.i * {HOUR_US} as hour_us
      from reaches cross join (values {{hours}}) as hours(i)
    )
    select distinct patient_id,
      timestamp_micros(hour_us) as hour, cast(timestamp_micros(hour_us) as date) as event_date
    from cut where hour_us <= to_us
"""

_ENDS: Final = """
    select patient_id, as_of_us from reached_patients
    union all
    select stored.patient_id, unix_micros(stored.as_of)
    from gold_patient_risk_snapshot as stored
    anti join reached_patients as reached on reached.patient_id = stored.patient_id
"""

_RAISES: Final = """
    select patient_id, date_trunc('hour', raised_at) as hour from changed_alerts
    union
    select alerts.patient_id, date_trunc('hour', alerts.raised_at)
    from silver_alerts as alerts
    join changed_alerts as changed
      on changed.patient_id = alerts.patient_id and changed.alert_type = alerts.alert_type
        and (alerts.cleared_at is null or changed.started_at < alerts.cleared_at)
        and (changed.cleared_at is null or alerts.started_at < changed.cleared_at)
"""

_HOURS: Final = """
    select distinct hour, cast(hour as date) as event_date from (
      select hour from touched_patient_hour
      union all select hour from touched_raises
      union all select hour from changed_arrivals
      union all select date_trunc('hour', timestamp_micros(stored_us))
      from reached_patients where stored_us is not null
    ) as hours
"""

_PATIENT_DAYS: Final = """
    select distinct patient_id, cast(hour as date) as day from (
      select patient_id, hour from touched_patient_hour
      union all select patient_id, hour from touched_raises
    ) as hours
"""

_DAYS: Final = f"""
    select event_date as day from touched_hour
    union
    select cast(timestamp_micros(unix_micros(hour) - {LEAD_US}) as date) from touched_raises
"""

_SPANS: Final = f"""
    select patient_id as span_patient, min(unix_micros(hour)) - {SCORE_HOLD_US} as span_from_us,
      max(unix_micros(hour)) + {HOUR_US} as span_to_us
    from touched_patient_hour group by patient_id
"""

_RECENT: Final = f"""
    select patient_id as recent_patient, as_of_us - {RECENT_US} as recent_from_us
    from reached_patients where as_of_us is not null
"""
