"""Which rows of the sources a curate reads for its touched keys, as predicates of SQL.

Dates stand in them as literals, by which an engine skips files; what they let through beyond the touched keys, the
curate leaves out of the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from vitalake.domain.tables import Table
from vitalake.domain.vitals import DAY_US, HOUR_US
from vitalake.gold.definitions import Scope
from vitalake.gold.touched import LEAD_US
from vitalake.silver.tables import (
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_HELD_TIME,
    SILVER_OBSERVATIONS,
    SILVER_PRESENCE,
    SILVER_QUARANTINE,
    SILVER_READINGS,
    SILVER_VITAL_WINDOWS,
)

SOURCES: Final = (
    SILVER_OBSERVATIONS,
    SILVER_VITAL_WINDOWS,
    SILVER_PRESENCE,
    SILVER_HELD_TIME,
    SILVER_READINGS,
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_QUARANTINE,
)
"""What Gold is made from."""

BOUNDS: Final = """
    select
      (select min(unix_micros(hour)) from touched_patient_hour) as patient_from_us,
      (select max(unix_micros(hour)) from touched_patient_hour) as patient_to_us,
      (select min(as_of_us) - {recent_us} from reached_patients) as recent_from_us
"""

HOURS: Final = "select unix_micros(hour) as hour_us from touched_hour order by hour_us"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = {SILVER_OBSERVATIONS.name: "event_time", SILVER_VITAL_WINDOWS.name: "window_start"}
"""When the rows of a source begin to count, where that is no hour."""
_FEW: Final = 24


@dataclass(frozen=True)
class Bounds:
    """The outermost instants that the touched keys read, in µs since 1970; None where there is nothing."""

    patient_from_us: int | None = None
    patient_to_us: int | None = None
    recent_from_us: int | None = None
    hours_us: tuple[int, ...] = ()
    """The touched hours, in order."""

    @property
    def hour_from_us(self) -> int | None:
        """The first touched hour."""
        return self.hours_us[0] if self.hours_us else None

    @property
    def hour_to_us(self) -> int | None:
        """The last touched hour."""
        return self.hours_us[-1] if self.hours_us else None

    def of_source(self, table: Table, scope: Scope) -> str:
        """Yield which rows of a source are read for a scope."""
        if table in (SILVER_DUPLICATES, SILVER_QUARANTINE):
            return "date_trunc('hour', ingest_time) in (select hour from touched_hour)"
        if table == SILVER_ALERTS:
            return self._alerts(scope)
        if scope == "day":
            return self.days("event_date")
        if scope in ("patient_hour", "patient_day"):
            return (
                f"{_in_days(self.patient_from_us, self.patient_to_us)} and {_days_in('touched_patient_hour')}"
            )
        if scope == "patient":
            return f"{_in_days(self.recent_from_us, None)} and {_days_in('recent_days')}"
        return (
            f"{_in_days(self.hour_from_us, self.hour_to_us)} and {self._hours(_TIME.get(table.name, 'hour'))}"
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
        from_us = _back(self.hour_from_us, LEAD_US)
        return f"{_in_days(from_us, self.hour_to_us, column)} and {column} in (select day from touched_day)"

    def _hours(self, time: str) -> str:
        """Yield the rows of the touched hours: as ranges where they are few, which costs least."""
        known = set(self.hours_us)
        starts = [us for us in self.hours_us if us - HOUR_US not in known]
        ends = [us + HOUR_US for us in self.hours_us if us + HOUR_US not in known]
        if len(starts) > _FEW:
            return f"date_trunc('hour', {time}) in (select hour from touched_hour)"
        ranges = (
            f"({time} >= timestamp_micros({start}) and {time} < timestamp_micros({end}))"
            for start, end in zip(starts, ends, strict=True)
        )
        return f"({' or '.join(ranges) or 'false'})"

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


def _back(us: int | None, by_us: int) -> int | None:
    return None if us is None else us - by_us


def _days_in(view: str) -> str:
    return f"(patient_id, event_date) in (select patient_id, event_date from {view})"


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
