"""What changed in Silver since the last curate, found by SQL: the patients' hours with new rows, and alerts."""

from __future__ import annotations

from typing import Final

CHANGED: Final = (
    (
        "changed_events",
        """
        select patient_id, date_trunc('hour', event_time) as hour,
          max(unix_micros(event_time)) as last_us
        from silver_observations group by patient_id, date_trunc('hour', event_time)
        """,
    ),
    (
        "changed_hours",
        """
        select patient_id, hour from silver_presence
        union
        select patient_id, hour from silver_held_time
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
)
"""What changed: over Silver's rows that are newer than the last curate (``{last}``), the whole change log."""
