"""Events as plain data -> episodes as plain data: times in seconds, values in the vital's own unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa

from vitalake.domain.policy import Policy
from vitalake.domain.policy_file import preset
from vitalake.domain.rules import Rules
from vitalake.domain.vitals import DAY_US, HOUR_US
from vitalake.silver import physiological
from vitalake.silver.alarm_limits import tabulate
from vitalake.silver.context import Context
from vitalake.silver.episodes import Episodes, episode_table
from vitalake.silver.kernel import Int64s, Records
from vitalake.silver.strings import NONE, StringPool
from vitalake.silver.tables import NORMALISED
from vitalake.silver.timeline import Timeline, arrange

SECOND = 1_000_000
START_S = 1_800_000_000
"""Second 0 of every scenario (a full hour): 2027-01-15T08:00:00Z."""

Event = dict[str, Any]

_SCHEMA = pa.schema([column.arrow for column in NORMALISED])
_SCORES = ("news2_score", "news2_max_component", "news2_known")


def observations(events: Iterable[Event]) -> pa.Table:
    """Yield normalised observations; ``t`` is the time in seconds, ``rejected`` names implausible vitals."""
    rows = []
    for number, event in enumerate(events):
        row = dict.fromkeys(_SCHEMA.names) | {
            "patient_id": "p",
            "event_id": f"e{number:05}",
            "method": "monitor",
        }
        row |= {name: value for name, value in event.items() if name in row}
        row["event_time"] = round((START_S + event["t"]) * SECOND)
        row["issues"] = [f"{vital}:implausible" for vital in event.get("rejected", ())]
        pressures = {"systolic_bp", "diastolic_bp", "mean_bp"} & ({*event} | {*event.get("rejected", ())})
        row["bp_method"] = event.get("bp_method", "cuff" if pressures else None)
        rows.append(row)
    columns = {name: [row[name] for row in rows] for name in _SCHEMA.names}
    return pa.table(
        {name: pa.array(columns[name], _SCHEMA.field(name).type) for name in _SCHEMA.names}, schema=_SCHEMA
    )


def context_of(timeline: Timeline, scores: dict[str, tuple[int, int, int]]) -> Context:
    """Yield what is carried, in the slowest way; ``scores`` by event id, else nothing is scored (0, none known)."""
    n = len(timeline.time_us)
    ids = timeline.table["event_id"].to_pylist()
    columns: dict[str, Any] = {}
    until_us: dict[str, Int64s] = {}
    carried = {
        "ward": (timeline.ward, 30 * DAY_US),
        "bed": (timeline.bed, 30 * DAY_US),
        "device": (timeline.device, 30 * DAY_US),
        "consciousness": (timeline.consciousness, 12 * HOUR_US),
        "on_oxygen": (timeline.on_oxygen, 12 * HOUR_US),
        "spo2_scale": (timeline.spo2_scale, 30 * DAY_US),
    }
    for name, (sent, age_us) in carried.items():
        columns[name], until_us[name] = sent.copy(), np.full(n, -(2**63), np.int64)
        for i in range(n):
            first = timeline.starts[np.searchsorted(timeline.starts, i, "right") - 1]
            latest = [j for j in range(first, i + 1) if sent[j] != NONE]
            columns[name][i] = NONE
            if latest and timeline.time_us[latest[-1]] + age_us > timeline.time_us[i]:
                columns[name][i] = sent[latest[-1]]
                until_us[name][i] = timeline.time_us[latest[-1]] + age_us
    columns["place"] = np.stack([columns.pop(name) for name in ("ward", "bed", "device")])
    columns["place_until_us"] = np.stack([until_us[name] for name in ("ward", "bed", "device")])
    columns["therapy_until_us"] = np.stack([until_us[name] for name in ("on_oxygen", "spo2_scale")])
    told = [scores.get(event, (0, -1, 0)) for event in ids]
    for k, name in enumerate(_SCORES):
        columns[name] = np.array([score[k] for score in told], np.int8)
    return Context(**columns)


def piece(timeline: Timeline, context: Context, rows: slice, pool: StringPool) -> tuple[Timeline, Context]:
    """Yield some consecutive rows of a timeline and its context."""
    part = timeline.table.slice(rows.start, rows.stop - rows.start)
    return arrange(part, pool), Context(
        **{f.name: getattr(context, f.name)[..., rows] for f in fields(Context)}
    )


def scores_of(events: Sequence[Event]) -> dict[str, tuple[int, int, int]]:
    """Yield the scores that events bring with them: score, greatest component, components known."""
    return {
        event.get("event_id", f"e{n:05}"): (
            event["news2_score"],
            event.get("news2_max_component", 1),
            event.get("known", 7),
        )
        for n, event in enumerate(events)
        if "news2_score" in event
    }


class Ward:
    """Patients whose events are folded piece by piece."""

    def __init__(
        self, policy: Policy | None = None, rules: Rules | None = None, pool: StringPool | None = None
    ) -> None:
        self.policy = policy or preset()
        self.pool = StringPool() if pool is None else pool
        self.limits = tabulate(self.policy, self.pool)
        self.rules = rules or Rules()
        self.states: Records = physiological.initial(1)
        self.ended: list[pa.Table] = []
        self.patients = pa.array(["p"])

    def fold(self, timeline: Timeline, context: Context) -> physiological.AlarmFold:
        """Fold one patient's next events."""
        folded = physiological.fold_alarms(timeline, context, self.states, self.limits, self.rules)
        event_ids = timeline.table["event_id"]
        folded.episodes.settle_names(self.pool, event_ids)
        for states in (self.states, folded.snapshots):
            for name in physiological.NAMES:
                codes = states[name]
                fresh = codes < NONE
                codes[fresh] = self.pool.encode(event_ids.take(pa.array(-2 - codes[fresh])))
        self.ended.append(self.table(folded.episodes))
        return folded

    def at(self, until_s: float) -> list[Event]:
        """Yield all episodes as of a patient's time, in seconds."""
        until = np.array([round((START_S + until_s) * SECOND)], np.int64)
        advanced = self.states.copy()
        ended, _ = physiological.advance(advanced, until, self.limits)
        tables = [*self.ended, self.table(ended), self.table(physiological.open_episodes(advanced))]
        rows = [plain(row) for row in pa.concat_tables(tables).to_pylist()]
        return sorted(rows, key=lambda row: (row["raised_at"], row["alert_type"]))

    def due(self) -> float | None:
        """Yield when time alone changes something next, in seconds."""
        due = int(physiological.due_at(self.states, self.limits)[0])
        return None if due == 2**63 - 1 else seconds(due)

    def table(self, episodes: Episodes) -> pa.Table:
        """Yield episodes as rows."""
        return episode_table(episodes, self.patients, self.pool, self.policy.version)


def seconds(us: int) -> float:
    """Yield seconds since the scenario's start."""
    return us / SECOND - START_S


def plain(row: Event) -> Event:
    """Yield an episode without its nulls, instants in seconds since the start."""
    known = {name: value for name, value in row.items() if value is not None}
    for name in ("started_at", "raised_at", "escalated_at", "cleared_at"):
        if name in known:
            known[name] = round(known[name].timestamp() - START_S, 6)
    return known


def episodes(events: Sequence[Event], until_s: float, policy: Policy | None = None) -> list[Event]:
    """Yield the episodes of one patient as of ``until_s``."""
    pool_ward = Ward(policy)
    timeline = arrange(observations(events), pool_ward.pool)
    pool_ward.fold(timeline, context_of(timeline, scores_of(events)))
    return pool_ward.at(until_s)


def every(step_s: float, start_s: float, end_s: float, **values: Any) -> list[Event]:
    """Yield equal events from start to end (included)."""
    count = int((end_s - start_s) // step_s) + 1
    return [{"t": start_s + step_s * k, **values} for k in range(count)]
