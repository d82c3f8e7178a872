"""Which rows of Gold a curate must compute again: the touched keys of each scope, found by SQL.

Whose time was spent otherwise, Silver says itself: refine marks every hour that an event reaches.  More hours than
needed do no harm: they are computed whole and come out as they were.
"""

from __future__ import annotations

from typing import Final

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import DAY_US, HOUR_US, SCORE_HOLD_US

LEAD_US: Final = HOUR_US
"""How long before its raise an episode still tells of a reading."""

TOUCHED: Final = (
    (
        "reached_patients",
        """
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
            union all
            select patient_id, cast(null as bigint) as last_us from changed_hours
          ) as either group by patient_id
        ) as changed
        left join (
          select patient_id, unix_micros(as_of) as as_of_us from gold_patient_risk_snapshot
        ) as stored on stored.patient_id = changed.patient_id
        """,
    ),
    (
        "touched_patient_hour",
        """
        select patient_id, hour, cast(hour as date) as event_date from (
          select patient_id, hour from changed_events
          union
          select patient_id, hour from changed_hours
        ) as hours
        """,
    ),
    (
        "touched_raises",
        """
        select patient_id, date_trunc('hour', raised_at) as hour from changed_alerts
        union
        select alerts.patient_id, date_trunc('hour', alerts.raised_at)
        from silver_alerts as alerts
        join changed_alerts as changed
          on changed.patient_id = alerts.patient_id and changed.alert_type = alerts.alert_type
            and (alerts.cleared_at is null or changed.started_at < alerts.cleared_at)
            and (changed.cleared_at is null or alerts.started_at < changed.cleared_at)
        """,
    ),
    (
        "touched_hour",
        """
        select distinct hour, cast(hour as date) as event_date from (
          select hour from touched_patient_hour
          union all select hour from touched_raises
          union all select date_trunc('hour', ingest_time) from silver_duplicates
          union all select date_trunc('hour', ingest_time) from silver_quarantine
          union all select date_trunc('hour', timestamp_micros(stored_us))
          from reached_patients where stored_us is not null
        ) as hours
        """,
    ),
    (
        "touched_patient_day",
        """
        select distinct patient_id, cast(hour as date) as day from (
          select patient_id, hour from touched_patient_hour
          union all select patient_id, hour from touched_raises
        ) as hours
        """,
    ),
    (
        "touched_day",
        f"""
        select event_date as day from touched_hour
        union
        select cast(timestamp_micros(unix_micros(hour) - {LEAD_US}) as date) from touched_raises
        """,
    ),
)
"""The touched keys by scope, in the order in which they are made; only new duplicates and quarantine are open then."""

TOUCHED_PATIENT: Final = "select patient_id from reached_patients"
"""Those of the scope ``patient``."""


def recent_us(rules: Rules) -> int:
    """Yield how far back a snapshot looks: to what was in force when the 24 h of its clock began, or is still."""
    ages = (rules.age_us(name, charted=charted) for name in rules.maximum_age_s for charted in (False, True))
    return max(DAY_US + SCORE_HOLD_US, *ages)


def recent_days(rules: Rules) -> str:
    """Yield the SELECT of the patients' days that are read for snapshots."""
    days = ", ".join(f"({i * DAY_US})" for i in range(-(-recent_us(rules) // DAY_US) + 1))
    return f"""
        select distinct patient_id, cast(timestamp_micros(as_of_us - back.us) as date) as event_date
        from reached_patients cross join (values {days}) as back(us)
        where as_of_us is not null
    """
