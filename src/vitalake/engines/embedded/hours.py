"""silver_presence, silver_held_time and silver_readings: made anew for the hours that touched events reach."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.domain.vitals import HOUR_US
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver import alarm_state
from vitalake.silver.hourly import Walk
from vitalake.silver.kernel import Int64s, Records
from vitalake.silver.readings import read_hours
from vitalake.silver.records import put_records
from vitalake.silver.states import unpack
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import (
    SILVER_HELD_TIME,
    SILVER_PATIENT_STATES,
    SILVER_PRESENCE,
    SILVER_READINGS,
)
from vitalake.silver.time_spent import spend_time


def replace_time_spent(lake: EmbeddedLake, walked: Walk, pool: StringPool, rules: Rules, batch: int) -> None:
    """Replace the hours from those of ``spans`` to where the touched events reach, never past the last event."""
    spent = spend_time(walked, _states_before(lake, walked.patients, pool), rules, pool)
    lake.register("walked_hours", _walked_hours(walked))
    # Nothing reaches farther than this from an event: of years between two events most hours are of no concern.
    lake.materialise(
        "touched_hours",
        f"""
        select patient_id, unnest(range(hour_us, least(next_us, far_us, to_us + 1), {HOUR_US})) as hour_us
        from (
          select patient_id, hour_us, hour_us + {HOUR_US} + {rules.reach_us} as far_us, next_us,
            least(epoch_us(last_time) + {rules.reach_us}, end_us) as to_us
          from walked_hours join spans using (patient_id)
          where hour_us >= epoch_us(from_hour)
        )
        """,
    )
    _replace(lake, SILVER_PRESENCE, spent.present, batch)
    _replace(lake, SILVER_HELD_TIME, spent.held, batch)


def _walked_hours(walked: Walk) -> pa.Table:
    """Yield each hour of a patient that has events, the next such hour (null: none), and the patient's last instant."""
    rows, patient = walked.stretches(HOUR_US)
    is_last = np.append(patient[1:] != patient[:-1], True)[: len(rows)]
    hours = walked.time_us[rows] // HOUR_US * HOUR_US
    return pa.table(
        {
            "patient_id": walked.patients.take(pa.array(patient)),
            "hour_us": hours,
            "next_us": pa.array(np.roll(hours, -1), mask=is_last),
            "end_us": walked.time_us[walked.starts[patient + 1] - 1],
        }
    )


def replace_readings(lake: EmbeddedLake, walked: Walk, batch: int) -> None:
    """Replace the hours of the touched events."""
    lake.materialise(
        "touched_hours",
        "select distinct patient_id, epoch_us(date_trunc('hour', event_time)) as hour_us from touched_events",
    )
    _replace(lake, SILVER_READINGS, read_hours(walked), batch)


def _replace(lake: EmbeddedLake, table: Table, rows: pa.Table, batch: int) -> None:
    lake.register("hourly_rows", rows)
    lake.materialise(
        "touched_keys",
        """
        select patient_id, make_timestamptz(hour_us) as hour, cast(make_timestamptz(hour_us) as date) as event_date
        from touched_hours
        """,
    )
    lake.view(
        "rows_to_write",
        f"""
        select r.*, cast({batch} as bigint) as updated_batch
        from hourly_rows r semi join touched_keys k on k.patient_id = r.patient_id and k.hour = r.hour
        """,
    )
    lake.replace(table, "rows_to_write", "touched_keys", batch)


def _states_before(lake: EmbeddedLake, patients: pa.Array, pool: StringPool) -> Records:
    """Yield what the alarms carry of each patient before ``spans``."""
    states = alarm_state.initial(len(patients))
    stored = lake.rows(f"""
        select s.patient_id, s.state, s.names, s.devices, s.device_names
        from {SILVER_PATIENT_STATES.name} s join spans on spans.patient_id = s.patient_id and spans.state_hour = s.hour
    """)
    if stored.num_rows:
        places: Int64s = pc.index_in(stored["patient_id"], patients).to_numpy().astype(np.int64)
        put_records(states, places, unpack(stored, pool).alarms)
    return states
