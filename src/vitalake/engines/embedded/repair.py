"""Repairs: patients with events out of order are folded again from the state before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.vitals import HOUR_US
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.embedded.patients import BEGINNING
from vitalake.silver.kernel import Int64s
from vitalake.silver.refine import SCORED_NAMES
from vitalake.silver.states import States, unpack
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import (
    NORMALISED,
    PROVENANCE,
    SILVER_OBSERVATIONS,
    SILVER_PATIENT_STATES,
)
from vitalake.silver.timeline import Timeline, arrange

if TYPE_CHECKING:
    from vitalake.engines.embedded.refine import EmbeddedRefiner

_EVENT: Final = [column.name for column in (*NORMALISED, *PROVENANCE)]


def repair_from_lake(refiner: EmbeddedRefiner, batch: int) -> None:
    """Fold the dirty patients again and tell what changed in their alerts; settling rewrites what differs.

    Reads the newest state of an hour before the first event out of order, and all events after it.
    """
    lake, patients = refiner.lake, refiner.patients
    dirty = pa.table(
        {
            "patient_id": pa.array(list(patients.dirty), pa.string()),
            "from_us": pa.array(list(patients.dirty.values()), pa.int64()),
        }
    )
    lake.register("dirty", dirty)
    before = _states_before(lake, refiner.hours.over)
    timeline = arrange(_events_after(lake, before), patients.fold.pool)
    states = _starting_states(before, timeline.patients, patients.fold.pool)
    since = pa.table({"patient_id": timeline.patients, "since_us": states.alarms["last_us"]})
    refiner.alerts.recall(since)
    places = patients.places(timeline.patients.to_pylist())
    _fold_again(refiner, places, timeline, states, batch)
    patients.dirty.clear()


def repair_recent(refiner: EmbeddedRefiner, batch: int) -> None:
    """Fold again, from what is kept in mind, the dirty patients whose events are all in it."""
    patients = refiner.patients
    if patients.recent is None or not patients.dirty:
        return
    dirty = patients.places(list(patients.dirty))
    from_us = np.array(list(patients.dirty.values()), np.int64)
    for again in patients.recent.reached(dirty, from_us):
        timeline = arrange(again.events, patients.fold.pool)
        ids = timeline.patients.to_pylist()
        places = patients.places(ids)
        states = again.states.take(np.searchsorted(again.places, places))
        over = patients.recent.take_over(places, states.alarms["last_us"])
        refiner.alerts.recall_over(over)
        _fold_again(refiner, places, timeline, states, batch)
        for one in ids:
            del patients.dirty[one]


def _fold_again(
    refiner: EmbeddedRefiner, places: Int64s, timeline: Timeline, states: States, batch: int
) -> None:
    folded = refiner.patients.fold.fold(timeline, states)
    ended = refiner.keep(places, folded, batch)
    refiner.alerts.write(refiner.alerts.tell(places, ended, refiner.time_us, batch))
    refiner.repaired.add(folded.observations(batch))


def _states_before(lake: EmbeddedLake, pending: pa.Table) -> pa.Table:
    """Yield the newest state of an hour before the patient's ``from_us``."""
    lake.open(SILVER_PATIENT_STATES)
    lake.register("pending_hours", pending)
    hour_us = HOUR_US
    return lake.rows(f"""
        select patient_id, epoch_us(hour) as hour_us, state, names, devices, device_names
        from (select *, -1 as place from {SILVER_PATIENT_STATES.name} union all by name select * from pending_hours)
        join dirty using (patient_id)
        where epoch_us(hour) + {hour_us} <= from_us
        qualify row_number() over (partition by patient_id order by hour desc, place desc) = 1
    """)


def _events_after(lake: EmbeddedLake, before: pa.Table) -> pa.Table:
    lake.register("states_before", before)
    (row,) = lake.rows(f"""
        select cast(make_timestamp(min(coalesce(s.hour_us + {HOUR_US}, d.from_us))) as date) as day
        from dirty d left join states_before s using (patient_id)
    """).to_pylist()
    lake.open(SILVER_OBSERVATIONS, f"event_date >= date '{row['day']}'")
    columns = ", ".join(f'o."{name}"' for name in _EVENT)
    return lake.rows(f"""
        select {columns} from silver_observations o
        join dirty d using (patient_id)
        left join states_before s using (patient_id)
        where epoch_us(o.event_time) >= coalesce(s.hour_us + {HOUR_US}, {BEGINNING})
    """)


def _starting_states(before: pa.Table, patients: pa.Array, pool: StringPool) -> States:
    states = States.initial(len(patients))
    if before.num_rows:
        places: Int64s = pc.index_in(before["patient_id"], patients).to_numpy()
        states.put(places, unpack(before, pool))
    return states


def rewrite(lake: EmbeddedLake, repaired: pa.Table, batch: int) -> pa.Table:
    """Replace the observations whose scores differ from what stands in the lake; yield their patients and times."""
    lake.register("folded", repaired)
    days = pc.min_max(repaired["event_date"]).as_py()
    lake.open(SILVER_OBSERVATIONS, f"event_date between date '{days['min']}' and date '{days['max']}'")
    differs = " or ".join(f'f."{name}" is distinct from s."{name}"' for name in SCORED_NAMES)
    key = "patient_id, event_time, event_id"
    lake.materialise(
        "repaired",
        f"""
        select f.* from folded f join {SILVER_OBSERVATIONS.name} s using ({key})
        where s.updated_batch is null or {differs}
        """,
    )
    lake.view("touched_events", f"select {key}, event_date from repaired")
    touched = lake.rows("select patient_id, event_time from repaired")
    if touched.num_rows:
        lake.replace(SILVER_OBSERVATIONS, "repaired", "touched_events", batch)
    return touched
