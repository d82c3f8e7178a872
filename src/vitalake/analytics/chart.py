"""What a patient's NEWS2 chart shows: one patient's observations and alerts, read from Silver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vitalake.analytics.ask import Ask, Rows
from vitalake.silver.tables import SILVER_ALERTS, SILVER_OBSERVATIONS

READS: Final = (SILVER_OBSERVATIONS, SILVER_ALERTS)
"""The tables that are read; the caller restricts them to the patient."""

OBSERVATIONS: Final = """
  select
    patient_id, event_time, method, heart_rate, resp_rate, spo2, systolic_bp, diastolic_bp, temperature, consciousness,
    on_oxygen, on_oxygen_carried, spo2_scale_carried, news2_score, news2_upper
  from silver_observations
  where event_time > (select max(event_time) - interval '24' hour from silver_observations)
  order by event_time, event_id
"""
"""The last 24 h, the tables being restricted to the patient."""

ALERTS: Final = """
  select alert_type, origin, priority, started_at, cleared_at
  from silver_alerts
  order by started_at, alert_type, alert_id
"""
"""The episodes of the chart."""


def read_chart(ask: Ask) -> Mapping[str, Rows]:
    """Yield what the chart of a patient shows; the tables that ``ask`` reads are restricted to that patient."""
    return {"observations": ask(OBSERVATIONS).to_pylist(), "alerts": ask(ALERTS).to_pylist()}
