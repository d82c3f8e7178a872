"""Which rows of Gold a curate must compute again, and which rows of the sources they read: found by SQL.

An event's severity lasts to the next event, so what changed reaches from 12 h before to 12 h after, never
past the patient's last event.  Where events only follow on, it reaches back just to the patient's
``as_of`` as Gold has it.  A patient whose ``as_of`` moved gets time after the old one, however long ago
that was.  More hours than needed do no harm: they are computed whole and come out as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from vitalake.domain.vitals import DAY_US, HOUR_US, SCORE_HOLD_US
from vitalake.gold.definitions import Reads

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RECENT_US: Final = DAY_US + SCORE_HOLD_US
_MONITORED_US: Final = 4 * HOUR_US
"""How far back a monitored value reaches: its hold and three intervals of its signal, each 1 h at most."""


def _hours(reach_us: int) -> str:
    """Yield the rows 0, 1, ... up to the hours of ``reach_us``."""
    return ", ".join(f"({i})" for i in range(reach_us // HOUR_US + 1))


_TOUCHED_HOURS: Final = _hours(2 * SCORE_HOLD_US + 2 * HOUR_US)

CHANGED: Final = (
    (
        "changed_events",
        """
        select patient_id, date_trunc('hour', event_time) as hour, count(*) as n,
          min(unix_micros(event_time)) as first_us, max(unix_micros(event_time)) as last_us
        from silver_observations group by patient_id, date_trunc('hour', event_time)
        """,
    ),
    (
        "changed_alerts",
        """
        select changes.patient_id, changes.alert_type,
          changes.started_at, changes.raised_at, changes.cleared_at
        from silver_alert_changes as changes
        semi join (select alert_id from silver_alert_changes where batch > {last}) as newer
          on newer.alert_id = changes.alert_id
        """,
    ),
    (
        "changed_arrivals",
        """
        select distinct date_trunc('hour', ingest_time) as hour
        from (
          select ingest_time from silver_duplicates
          union all select ingest_time from silver_quarantine
        ) as arrived
        """,
    ),
)
"""What changed: over Silver's rows that are newer than the last curate (``{last}``), the whole change log."""

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
          ) as either group by patient_id
        ) as changed
        left join (
          select patient_id, unix_micros(as_of) as as_of_us from gold_patient_risk_snapshot
        ) as stored on stored.patient_id = changed.patient_id
        """,
    ),
    (
        "touched_patient_hour",
        f"""
        with reaches as (
          select events.patient_id,
            case
              when events.first_us <= reached.stored_us then events.first_us - {SCORE_HOLD_US}
              else greatest(events.first_us - {SCORE_HOLD_US}, coalesce(reached.stored_us, events.first_us))
            end as from_us,
            least(events.last_us + {SCORE_HOLD_US}, reached.as_of_us) as to_us
          from changed_events as events
          join reached_patients as reached on reached.patient_id = events.patient_id
          union all
          select patient_id, stored_us, least(stored_us + {SCORE_HOLD_US}, as_of_us)
          from reached_patients where stored_us < as_of_us
        ),
        cut as (
          select patient_id, to_us,
            unix_micros(date_trunc('hour', timestamp_micros(from_us))) + hours.i * {HOUR_US} as hour_us
          from reaches cross join (values {_TOUCHED_HOURS}) as hours(i)
        )
        select distinct patient_id,
          timestamp_micros(hour_us) as hour, cast(timestamp_micros(hour_us) as date) as event_date
        from cut where hour_us <= to_us
        """,
    ),
    ("touched_patient", "select patient_id from reached_patients"),
    (
        "patient_ends",
        """
        select patient_id, as_of_us from reached_patients
        union all
        select stored.patient_id, unix_micros(stored.as_of)
        from gold_patient_risk_snapshot as stored
        anti join reached_patients as reached on reached.patient_id = stored.patient_id
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
          union all select hour from changed_arrivals
          union all select date_trunc('hour', timestamp_micros(stored_us))
          from reached_patients where stored_us is not null
        ) as hours
        """,
    ),
    *(
        (
            name,
            f"""
            select distinct timestamp_micros(unix_micros(hour) - back.i * {HOUR_US}) as hour
            from touched_hour cross join (values {_hours(reach_us)}) as back(i)
            """,
        )
        for name, reach_us in (("held_hour", SCORE_HOLD_US), ("monitored_hour", _MONITORED_US))
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
    ("touched_day", "select distinct event_date as day from touched_hour"),
    (
        "touched_span",
        f"""
        select patient_id as span_patient, min(unix_micros(hour)) - {SCORE_HOLD_US} as span_from_us,
          max(unix_micros(hour)) + {HOUR_US} as span_to_us
        from touched_patient_hour group by patient_id
        """,
    ),
    (
        "touched_recent",
        f"""
        select patient_id as recent_patient, as_of_us - {_RECENT_US} as recent_from_us
        from reached_patients where as_of_us is not null
        """,
    ),
)
"""The touched keys by scope, in the order in which they are made."""

PATIENT_ENDS: Final = """
    select patient_id, max(unix_micros(event_time)) as as_of_us from silver_observations group by patient_id
"""
"""The last event of each patient, where all observations are read."""

BOUNDS: Final = """
    select
      (select min(span_from_us) from touched_span) as span_from_us,
      (select max(span_to_us) from touched_span) as span_to_us,
      (select min(recent_from_us) from touched_recent) as recent_from_us,
      (select min(unix_micros(hour)) from touched_hour) as hour_from_us,
      (select max(unix_micros(hour)) from touched_hour) as hour_to_us
"""


@dataclass(frozen=True)
class Bounds:
    """The outermost instants that the touched keys read, in µs since 1970; None where there is nothing."""

    span_from_us: int | None
    span_to_us: int | None
    recent_from_us: int | None
    hour_from_us: int | None
    hour_to_us: int | None

    def events(self, reads: Reads) -> str:
        """Yield which observations are read."""
        if reads in ("patient_hour", "patient_day"):
            return _in_days(self.span_from_us, self.span_to_us) + (
                " and exists (select 1 from touched_span where span_patient = patient_id"
                " and span_from_us <= unix_micros(event_time) and unix_micros(event_time) < span_to_us)"
            )
        if reads == "patient":
            return _in_days(self.recent_from_us, None) + (
                " and exists (select 1 from touched_recent where recent_patient = patient_id"
                " and recent_from_us <= unix_micros(event_time))"
            )
        if reads == "held_hour" and self.hour_from_us is not None:
            return _in_days(self.hour_from_us - SCORE_HOLD_US, self.hour_to_us) + (
                " and (date_trunc('hour', event_time) in (select hour from monitored_hour)"
                " or (method <> 'monitor' or bp_method is not null)"
                " and date_trunc('hour', event_time) in (select hour from held_hour))"
            )
        days = _in_days(self.hour_from_us, self.hour_to_us)
        return f"{days} and date_trunc('hour', event_time) in (select hour from touched_hour)"

    def windows(self, reads: Reads) -> str:
        """Yield which windows are read: they hold nothing of what is in hold."""
        if reads == "held_hour":
            return "false"
        return self.events(reads).replace("event_time", "window_start")

    def alerts(self, reads: Reads) -> str:
        """Yield which alert episodes are read: all that still held when what it reads begins."""
        if reads in ("patient", "patient_day"):
            return "patient_id in (select patient_id from touched_patient)"
        earliest = (self.hour_from_us or 0) - (DAY_US if reads == "day" else 0)
        return f"(cleared_at is null or unix_micros(cleared_at) >= {earliest})"

    def arrivals(self) -> str:
        """Yield which repeats and quarantined messages the touched hours count."""
        return "date_trunc('hour', ingest_time) in (select hour from touched_hour)"

    def gold(self) -> str:
        """Yield which stored rows of an hour by patient the later tables read."""
        starts = (self.hour_from_us, self.recent_from_us)
        earliest = min((us for us in starts if us is not None), default=None)
        return (
            f"{_in_days(earliest, None)} and (event_date in (select day from touched_day)"
            " or patient_id in (select patient_id from touched_patient))"
        )

    def days(self, column: str = "event_date") -> str:
        """Yield which stored rows of an hour or day the later tables read; ``column`` is their date."""
        return f"{_in_days(self.hour_from_us, self.hour_to_us, column)} and {column} in (select day from touched_day)"


def _in_days(from_us: int | None, to_us: int | None, column: str = "event_date") -> str:
    """Yield the dates as literals, by which an engine skips files."""
    if from_us is None:
        return "false"
    upper = "" if to_us is None else f" and {column} <= cast('{_date(to_us)}' as date)"
    return f"{column} >= cast('{_date(from_us)}' as date){upper}"


def _date(us: int) -> str:
    lowest, highest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    if us <= (lowest - _EPOCH) // timedelta(microseconds=1):
        return lowest.date().isoformat()
    if us >= (highest - _EPOCH) // timedelta(microseconds=1):
        return highest.date().isoformat()
    return (_EPOCH + timedelta(microseconds=us)).date().isoformat()
