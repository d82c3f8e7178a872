"""The one function of Silver, put together: events in time order -> scored observations and states.

``parse`` gives observations, :class:`Fold` scores and judges them from the state that went before, ``summarise`` makes
windows.
Both engines call these and nothing else for what a number means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.device_alarms import built_in, map_codes, own_device_alarms
from vitalake.domain.policy_file import preset, read_policy
from vitalake.domain.rules import Rules
from vitalake.domain.vitals import HOUR_US
from vitalake.silver.alarm_limits import tabulate
from vitalake.silver.alarm_machine import FOREVER
from vitalake.silver.carry import carry
from vitalake.silver.device import advance_devices, devices_due_at, fold_devices
from vitalake.silver.device_machine import TIMEOUT_US
from vitalake.silver.episodes import Episodes
from vitalake.silver.kernel import Int64s
from vitalake.silver.physiological import advance, due_at, fold_alarms, open_episodes
from vitalake.silver.scores import score
from vitalake.silver.states import States
from vitalake.silver.strings import StringPool
from vitalake.silver.tables import SCORED, SILVER_OBSERVATIONS, SILVER_PATIENT_STATES
from vitalake.silver.timeline import Timeline

SCORED_NAMES: Final = tuple(column.name for column in SCORED)
_INSTANT: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Folded:
    """What a fold yields, in the timeline's order: scores, the states it went through, the episodes that ended.

    ``snapshots`` are the states after each patient-hour that is over, ``due_us`` when time alone next changes something
    in them; ``newest`` are those of the hours that go on.
    """

    timeline: Timeline
    scored: pa.Table
    newest: States
    snapshots: States
    due_us: Int64s
    ended: list[Episodes]

    def observations(self, batch: int) -> pa.Table:
        """Yield the rows of silver_observations, changed by ``batch``."""
        return observation_rows(self.timeline.table, self.scored, batch)

    def hours_over(self, pool: StringPool, batch: int) -> pa.Table:
        """Yield rows of silver_patient_states, of the hours that are over."""
        rows = np.flatnonzero(self.timeline.snapshot >= 0)
        ids = self.timeline.table["patient_id"].take(pa.array(rows)).combine_chunks()
        return hour_rows(self.snapshots, ids, np.full(len(rows), batch), self.due_us, pool)


def hour_rows(
    states: States, patients: pa.Array, batches: Int64s, due_us: Int64s, pool: StringPool
) -> pa.Table:
    """Yield the rows of silver_patient_states of states in which hours ended, each with its patient and batch."""
    last_us = states.carry["last_time_us"]
    hours = pa.array(last_us // HOUR_US * HOUR_US).cast(_INSTANT)
    columns = states.pack(pool) | {
        "patient_id": patients,
        "hour": hours,
        "last_event_time": pa.array(last_us).cast(_INSTANT),
        "last_event_id": pool.decode(states.carry["last_event"]),
        "due_at": pa.array(due_us, mask=due_us == FOREVER).cast(_INSTANT),
        "updated_batch": pa.array(batches, pa.int64()),
        "event_date": utc_date(hours),
    }
    return pa.table(columns, schema=SILVER_PATIENT_STATES.schema)


class Fold:
    """The fold with its configuration: ages and assumptions, alarm limits, device codes, and the texts it points to."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.policy = preset() if rules.policy is None else read_policy(rules.policy)
        self.devices = built_in().extended(own_device_alarms(rules.device_alarms))
        self.renew(StringPool())

    def renew(self, pool: StringPool) -> None:
        """Go on with another pool of texts."""
        self.pool = pool
        self._limits = tabulate(self.policy, pool)

    def type_alarms(self, observations: pa.Table) -> pa.Table:
        """Yield the observations with the type of each device alarm."""
        at = observations.schema.get_field_index("alert_type")
        types = map_codes(observations["alert_code"], self.devices)
        return observations.set_column(at, observations.schema.field(at), types)

    def fold(self, timeline: Timeline, states: States) -> Folded:
        """Score and judge each event, going on from ``states`` (one a patient), which become the newest."""
        carried = carry(timeline, states.carry, self.rules)
        scored = score(carried, self.rules, timeline, self.pool)
        context = scored.context(carried)
        alarms = fold_alarms(timeline, context, states.alarms, self._limits, self.rules)
        devices = fold_devices(timeline, context, states.held, self.devices, self.pool)
        states.held = devices.held
        snapshots = States(carried.snapshots, alarms.snapshots, devices.snapshots)
        ended = [alarms.episodes, devices.episodes]
        event_ids = timeline.table["event_id"]
        for kept in (states, snapshots):
            kept.settle_names(self.pool, event_ids)
        for episodes in ended:
            episodes.settle_names(self.pool, event_ids)
        return Folded(timeline, scored.columns, states, snapshots, self.due_us(snapshots), ended)

    def standing(self, states: States, until_us: Int64s) -> tuple[list[Episodes], Int64s]:
        """Yield the episodes that events may still change, as they stand at each patient's time, and what is due next.

        They are open then, or time alone ended them since the last event; the states are brought to that time.
        """
        over, due_us = advance(states.alarms, until_us, self._limits)
        timed_out, still_open = advance_devices(states.held, until_us)
        later = states.held.compress(states.held["word_us"] + TIMEOUT_US > until_us[states.held["owner"]])
        due_us = np.minimum(due_us, devices_due_at(later, len(states)))
        return [over, open_episodes(states.alarms), timed_out, still_open], due_us

    def hours(self, folded: Folded, batch: int) -> pa.Table:
        """Yield rows of silver_patient_states, of the hours that are over and of those that go on."""
        newest, patients = folded.newest, folded.timeline.patients
        batches = np.full(len(newest), batch)
        going_on = hour_rows(newest, patients, batches, self.due_us(newest), self.pool)
        return pa.concat_tables([folded.hours_over(self.pool, batch), going_on])

    def due_us(self, states: States) -> Int64s:
        """Yield when time alone next changes something; FOREVER for never."""
        return np.minimum(due_at(states.alarms, self._limits), devices_due_at(states.held, len(states)))


def observation_rows(events: pa.Table, scored: pa.Table | None, batch: int) -> pa.Table:
    """Yield silver_observations rows; without scores they wait for a repair."""
    n = events.num_rows
    fields = {field.name: field for field in SILVER_OBSERVATIONS.schema}
    columns: list[pa.Array | pa.ChunkedArray] = []
    for name, field in fields.items():
        if name in events.column_names:
            columns.append(events[name])
        elif name == "updated_batch":
            value = None if scored is None else batch
            columns.append(pa.repeat(pa.scalar(value, pa.int64()), n))
        elif name == "event_date":
            columns.append(utc_date(events["event_time"]))
        else:
            columns.append(pa.nulls(n, field.type) if scored is None else scored[name])
    return pa.Table.from_arrays(columns, schema=SILVER_OBSERVATIONS.schema)


def utc_date(instants: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Yield the UTC dates."""
    return pc.cast(pc.cast(instants, pa.timestamp("us")), pa.date32(), safe=False)
