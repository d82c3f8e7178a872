"""Rows of Silver for Gold's tests, from what a test cares about."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.domain.vitals import RISK_GROUPS, VITALS
from vitalake.silver import alarm_state
from vitalake.silver.hourly import walk
from vitalake.silver.readings import read_hours
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import (
    SILVER_ALERT_CHANGES,
    SILVER_ALERTS,
    SILVER_HELD_TIME,
    SILVER_OBSERVATIONS,
    SILVER_PRESENCE,
    SILVER_READINGS,
    SILVER_VITAL_WINDOWS,
)
from vitalake.silver.time_spent import spend_time

START = datetime(2026, 3, 1, tzinfo=UTC)
SCORE_OF = {"unknown": 0, "low": 1, "low_medium": 3, "medium": 5, "high": 8}


def at(minutes: float) -> datetime:
    """Yield the instant so many minutes after the start of the tests' day."""
    return START + timedelta(minutes=minutes)


def observation(patient: str, minutes: float, event_id: str = "e", *, batch: int = 1, **values) -> dict:
    """Yield one row of silver_observations; what is not given is null, severity low."""
    severity = values.get("severity", "low")
    row = dict.fromkeys(SILVER_OBSERVATIONS.names) | {
        "patient_id": patient,
        "event_time": at(minutes),
        "event_id": event_id,
        "method": "monitor",
        "issues": [],
        "assumed": [],
        "news2_score": SCORE_OF[severity],
        "news2_upper": 20,
        "news2_missing": 0,
        "news2_max_component": 3 if severity == "low_medium" else 1,
        "severity": severity,
        "severity_upper": "high",
        "risk_group": RISK_GROUPS[severity],
        "qsofa": 0,
        "qsofa_missing": 0,
        "source": "test",
        "partition": 0,
        "offset": 0,
        "ingest_time": at(minutes) + timedelta(seconds=3),
        "batch": batch,
        "updated_batch": batch,
        "event_date": at(minutes).date(),
    }
    return row | values


def observations(rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SILVER_OBSERVATIONS.schema)


def messages(rows: list[dict]) -> pa.Table:
    """Yield a bronze row for each observation."""
    fixed = {
        "source": "test",
        "partition": 0,
        "headers": [],
        "ingest_time": START,
        "ingest_date": START.date(),
    }
    raw = [fixed | {"offset": n, "batch": row["batch"]} for n, row in enumerate(rows)]
    return pa.Table.from_pylist(raw, schema=BRONZE_EVENTS.schema)


def windows(rows: list[dict]) -> pa.Table:
    """Yield the windows of 15 min that the observations fill (without baseline)."""
    groups = {}
    for row in rows:
        start = START + (row["event_time"] - START) // timedelta(minutes=15) * timedelta(minutes=15)
        for vital in VITALS:
            if row[vital.name] is not None:
                groups.setdefault((row["patient_id"], vital.name, start), []).append(
                    round(row[vital.name] * 100)
                )
    table = [
        {
            "patient_id": patient,
            "vital": vital,
            "window_start": start,
            "n": len(values),
            "sum": sum(values),
            "sum_sq": sum(value * value for value in values),
            "mean": sum(values) / len(values) / 100,
            "min": min(values) / 100,
            "max": max(values) / 100,
            "slope_per_h": 1.0 * len(values),
            "baseline_n": 0,
            "updated_batch": 1,
            "event_date": start.date(),
        }
        for (patient, vital, start), values in sorted(groups.items())
    ]
    return pa.Table.from_pylist(table, schema=SILVER_VITAL_WINDOWS.schema)


def summaries(
    rows: list[dict], batch: int = 1, before: dict[str, pa.Table] | None = None
) -> dict[str, pa.Table]:
    """Yield what Silver sums up of the observations, by table; hours that are as ``before`` keep their batch."""
    pool = StringPool()
    walked = walk(observations(rows), pool)
    spent = spend_time(walked, alarm_state.initial(len(walked.patients)), Rules(), pool)
    hourly = {
        SILVER_PRESENCE: spent.present,
        SILVER_HELD_TIME: spent.held,
        SILVER_READINGS: read_hours(walked),
    }
    stamped = {
        table.name: _stamped(table, made, batch, (before or {}).get(table.name))
        for table, made in hourly.items()
    }
    return {SILVER_VITAL_WINDOWS.name: windows(rows)} | stamped


def _stamped(table: Table, made: pa.Table, batch: int, before: pa.Table | None) -> pa.Table:
    """Yield the rows with the batch that last changed their patient-hour."""
    old, new = _by_hour([] if before is None else before.to_pylist()), _by_hour(made.to_pylist())
    rows = []
    for key, hour in new.items():
        known = old.get(key, [])
        same = [{k: v for k, v in row.items() if k != "updated_batch"} for row in known] == hour
        rows += [row | {"updated_batch": known[0]["updated_batch"] if same else batch} for row in hour]
    return pa.Table.from_pylist(rows, schema=table.schema)


def _by_hour(rows: list[dict]) -> dict[tuple, list[dict]]:
    hours = {}
    for row in rows:
        hours.setdefault((row["patient_id"], row["hour"]), []).append(row)
    return hours


def alert(alert_id: str, patient: str, raised: float, cleared: float | None, **values) -> dict:
    """Yield one episode, without the columns that a change or a state adds."""
    by_recovery = cleared is not None and values.get("cleared_by", "recovery") == "recovery"
    return {
        "alert_id": alert_id,
        "patient_id": patient,
        "origin": "physiological",
        "alert_type": "tachycardia",
        "state": "active" if cleared is None else "cleared",
        "priority": "medium",
        "started_at": at(raised - 1),
        "raised_at": at(raised),
        "cleared_at": None if cleared is None else at(cleared),
        "cleared_by": None if cleared is None else "recovery",
        "duration_s": (cleared - raised + 1) * 60.0 if by_recovery else None,
        "ward": "A",
        "policy_version": "p",
    } | values


def alerts(rows: list[dict], batch: int = 1) -> pa.Table:
    """Yield silver_alerts."""
    states = [
        row | {"revision": 1, "updated_batch": batch, "event_date": row["raised_at"].date()} for row in rows
    ]
    return pa.Table.from_pylist(states, schema=SILVER_ALERTS.schema)


def alert_changes(rows: list[tuple[int, dict]]) -> pa.Table:
    """Yield silver_alert_changes from (batch, episode) in order."""
    changes = [
        row | {"seq": seq, "revision": 1, "change": "revised", "batch": batch}
        for seq, (batch, row) in enumerate(rows)
    ]
    return pa.Table.from_pylist(changes, schema=SILVER_ALERT_CHANGES.schema)
