"""Which rows of the sources a curate reads for its touched keys, as predicates of SQL.

Dates stand in them as literals, by which an engine skips files; what they let through beyond the touched keys, the
curate leaves out of the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from vitalake.domain.tables import Table
from vitalake.domain.vitals import DAY_US
from vitalake.gold.definitions import Scope
from vitalake.gold.touched import LEAD_US
from vitalake.silver.tables import (
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_HELD_TIME,
    SILVER_OBSERVATIONS,
    SILVER_QUARANTINE,
    SILVER_READINGS,
    SILVER_VITAL_WINDOWS,
)

SOURCES: Final = (
    SILVER_OBSERVATIONS,
    SILVER_VITAL_WINDOWS,
    SILVER_HELD_TIME,
    SILVER_READINGS,
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_QUARANTINE,
)
"""What Gold is made from."""

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

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = {SILVER_OBSERVATIONS.name: "event_time", SILVER_VITAL_WINDOWS.name: "window_start"}
"""When the rows of a source begin to count, where that is no hour."""


@dataclass(frozen=True)
class Bounds:
    """The outermost instants that the touched keys read, in µs since 1970; None where there is nothing."""

    span_from_us: int | None = None
    span_to_us: int | None = None
    recent_from_us: int | None = None
    hour_from_us: int | None = None
    hour_to_us: int | None = None

    def of_source(self, table: Table, scope: Scope) -> str:
        """Yield which rows of a source are read for a scope."""
        if table in (SILVER_DUPLICATES, SILVER_QUARANTINE):
            return "date_trunc('hour', ingest_time) in (select hour from touched_hour)"
        if table == SILVER_ALERTS:
            return self._alerts(scope)
        if scope == "day":
            return self.days("event_date")
        time = _TIME.get(table.name, "hour")
        if scope in ("patient_hour", "patient_day"):
            return _in_days(self.span_from_us, self.span_to_us) + (
                " and exists (select 1 from touched_span where span_patient = patient_id"
                f" and span_from_us <= unix_micros({time}) and unix_micros({time}) < span_to_us)"
            )
        if scope == "patient":
            return _in_days(self.recent_from_us, None) + (
                " and exists (select 1 from touched_recent where recent_patient = patient_id"
                f" and recent_from_us <= unix_micros({time}))"
            )
        return (
            f"{_in_days(self.hour_from_us, self.hour_to_us)}"
            f" and date_trunc('hour', {time}) in (select hour from touched_hour)"
        )

    def of_gold(self, table: Table) -> str:
        """Yield which stored rows of a Gold table the later ones read besides those computed."""
        if "day" in table.names:
            return self.days("day")
        if "event_date" not in table.names:
            return "true"
        return self._patient_hours() if "patient_id" in table.names else self.days("event_date")

    def days(self, column: str) -> str:
        """Yield the rows of the touched days; ``column`` is their date."""
        earliest = None if self.hour_from_us is None else self.hour_from_us - LEAD_US
        return f"{_in_days(earliest, self.hour_to_us, column)} and {column} in (select day from touched_day)"

    def _patient_hours(self) -> str:
        starts = (self.hour_from_us, self.recent_from_us)
        earliest = min((us for us in starts if us is not None), default=None)
        return (
            f"{_in_days(earliest, None)} and (event_date in (select day from touched_day)"
            " or patient_id in (select patient_id from touched_patient))"
        )

    def _alerts(self, scope: Scope) -> str:
        """Yield all that still held when what it reads begins."""
        if scope in ("patient", "patient_day"):
            return "patient_id in (select patient_id from touched_patient)"
        earliest = (self.hour_from_us or 0) - (DAY_US + LEAD_US if scope == "day" else 0)
        return f"(cleared_at is null or unix_micros(cleared_at) >= {earliest})"


def _in_days(from_us: int | None, to_us: int | None, column: str = "event_date") -> str:
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
