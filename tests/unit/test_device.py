"""Episodes of device alarms: words in time order -> episodes, and what a state holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scenarios.alarms import START_S, Event, context_of, observations, piece, plain, seconds

from vitalake.domain.device_alarms import built_in, parse_device_alarms
from vitalake.silver import device
from vitalake.silver.context import Context
from vitalake.silver.episodes import Episodes, episode_table
from vitalake.silver.strings import NONE, StringPool
from vitalake.silver.timeline import Timeline, arrange

H = 3600


class Bedside:
    """One patient's device alarms, folded piece by piece."""

    def __init__(self) -> None:
        self.pool = StringPool()
        self.held = device.nothing_held()
        self.ended: list[pa.Table] = []
        self.alarms = built_in().extended(parse_device_alarms("code,alert_type\nXYZ,pacer\n", "own"))

    def hear(self, events: list[Event], *, one_by_one: bool = False) -> device.DeviceFold:
        timeline = arrange(observations(events), self.pool)
        context = context_of(timeline, {})
        size = 1 if one_by_one else len(events)
        for start in range(0, len(events), size):
            folded = self.fold(*piece(timeline, context, slice(start, start + size), self.pool))
        return folded

    def fold(self, timeline: Timeline, context: Context) -> device.DeviceFold:
        folded = device.fold_devices(timeline, context, self.held, self.alarms, self.pool)
        event_ids = timeline.table["event_id"]
        folded.episodes.settle_names(self.pool, event_ids)
        for name in device.NAMES:
            for records in (folded.held, folded.snapshots):
                codes = records[name]
                fresh = codes < NONE
                codes[fresh] = self.pool.encode(event_ids.take(pa.array(-2 - codes[fresh])))
        self.ended.append(self.table(folded.episodes))
        self.held = folded.held
        return folded

    def at(self, until_s: float) -> list[Event]:
        until = np.array([round((START_S + until_s) * 1_000_000)])
        ended, still = device.advance_devices(self.held, until)
        tables = [*self.ended, self.table(ended), self.table(still)]
        rows = [plain(row) for row in pa.concat_tables(tables).to_pylist()]
        return sorted(rows, key=lambda row: (row["raised_at"], row["alert_type"], row.get("subject", "")))

    def table(self, episodes: Episodes) -> pa.Table:
        return episode_table(episodes, pa.array(["p"]), self.pool, "v1")


def word(t: float, state: str = "start", code: str = "ASYSTOLE", **more: Any) -> Event:
    return {"t": t, "alert_code": code, "alert_state": state, **more}


SCENARIOS: dict[str, tuple[list[Event], float, list[dict[str, Any]]]] = {
    "raised by start, cleared by end": (
        [word(0), word(60, "end")], 60,
        [{"alert_type": "asystole", "priority": "high", "started_at": 0, "raised_at": 0, "cleared_at": 60,
          "cleared_by": "device_end", "duration_s": 60, "raising_event_id": "e00000",
          "clearing_event_id": "e00001", "alert_code": "ASYSTOLE", "extreme_value": None, "subject": None}]),
    "any word but end raises": (
        [word(0, "continue"), word(0, "update", "APNEA")], 0, [{"alert_type": "apnoea"}, {"alert_type": "asystole"}]),
    "an end without a start changes nothing": ([word(0, "end")], 60, []),
    "a point is raised and cleared at once": (
        [word(5, "point")], 5,
        [{"raised_at": 5, "cleared_at": 5, "duration_s": 0, "clearing_event_id": "e00000"}]),
    "a point clears what is open": ([word(0), word(5, "point")], 5, [{"raised_at": 0, "cleared_at": 5}]),
    "an hour without a word is a timeout": (
        [word(0)], H, [{"cleared_at": H, "cleared_by": "timeout", "duration_s": None, "clearing_event_id": None}]),
    "before that it is open": ([word(0)], H - 1, [{"state": "active"}]),
    "each word keeps it": (
        [word(0), word(3000, "continue"), word(6000, "update")], 9599, [{"raised_at": 0, "state": "active"}]),
    "a word at the hour still keeps it": ([word(0), word(H, "continue")], H, [{"raised_at": 0, "state": "active"}]),
    "an end at the hour still ends it": ([word(0), word(H, "end")], H, [{"cleared_by": "device_end"}]),
    "later is a new episode": (
        [word(0), word(H + 1)], H + 1, [{"cleared_by": "timeout", "cleared_at": H}, {"raised_at": H + 1}]),
    "a start at the instant of the end reopens": (
        [word(0), word(60, "end"), word(60)], 60, [{"raised_at": 0, "state": "active", "clearing_event_id": None}]),
    "a point there reopens and clears": (
        [word(0), word(60, "end"), word(60, "point")], 60,
        [{"raised_at": 0, "cleared_at": 60, "clearing_event_id": "e00002"}]),
    "a start later is a new one": (
        [word(0), word(60, "end"), word(61)], 61, [{"cleared_at": 60}, {"raised_at": 61}]),
    "each device has its own": (
        [word(0, device_id="m1"), word(0, device_id="m2"), word(0), word(9, "end", device_id="m1")], 9,
        [{"subject": None, "state": "active"}, {"subject": "m1", "device_id": "m1", "state": "cleared"},
         {"subject": "m2", "state": "active"}]),
    "a type is one episode, whatever its spelling": (
        [word(0, code="** HR High"), word(9, "end", code="hr_high")], 9,
        [{"alert_type": "tachycardia", "alert_code": "** HR High", "cleared_at": 9}]),
    "an unknown code is other, by code": (
        [word(0, code="Foo Bar", device_id="m"), word(0, code="baz", device_id="m"), word(0, code="baz"),
         word(9, "end", code="*FOO_BAR", device_id="m")], 9,
        [{"alert_type": "other", "subject": "baz", "device_id": "m", "priority": "medium"},
         {"alert_type": "other", "subject": "m baz"},
         {"alert_type": "other", "subject": "m foobar", "cleared_at": 9}]),
    "the device's priority, else the table's": (
        [word(0, alert_priority="low"), word(0, code="APNEA"), word(0, code="XYZ")], 0,
        [{"alert_type": "apnoea", "priority": "high"}, {"alert_type": "asystole", "priority": "low"},
         {"alert_type": "pacer", "priority": "medium"}]),
    "a higher priority escalates, a lower one and none do not": (
        [word(0, alert_priority="low"), word(5, "update", alert_priority="medium"),
         word(9, "update", alert_priority="low"), word(9, "continue")], 9,
        [{"priority": "medium", "escalated_at": 5}]),
    "not at the instant of the raise": (
        [word(0, alert_priority="low"), word(0, "update", alert_priority="high")], 0,
        [{"priority": "high", "escalated_at": None}]),
    "ward and bed as known at the raise, after its instant's last event": (
        [{"t": 0, "ward": "A", "bed": "1", "heart_rate": 80}, word(5), {"t": 5, "ward": "B", "heart_rate": 80},
         {"t": 6, "ward": "C", "heart_rate": 80}], 6,
        [{"ward": "B", "bed": "1"}]),
    "text of the raise": (
        [word(0, alert_text="look"), word(1, "update", alert_text="again")], 1, [{"alert_text": "look"}]),
}  # fmt: skip


@pytest.mark.parametrize("pieces", [False, True], ids=["at once", "event by event"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, pieces: bool) -> None:
    events, until_s, expected = SCENARIOS[name]
    bedside = Bedside()
    bedside.hear(events, one_by_one=pieces)
    found = bedside.at(until_s)
    assert [
        {key: row.get(key) for key in want} for row, want in zip(found, expected, strict=False)
    ] == expected
    assert len(found) == len(expected), found


def test_snapshots_hold_what_was_open_after_each_hour_that_is_over() -> None:
    folded = Bedside().hear([
        word(0), word(10, code="APNEA"), word(20, "end", code="APNEA"), {"t": H, "heart_rate": 80},
        {"t": 2 * H, "heart_rate": 80}, word(2 * H, "point", code="PNP"),
    ])  # fmt: skip
    kinds = [(int(held["owner"]), seconds(int(held["raised_us"]))) for held in folded.snapshots]
    assert kinds == [(0, 0), (0, 10), (1, 0)]
    assert [seconds(int(us)) for us in folded.held["raised_us"]] == [2 * H]


def test_due_is_the_next_timeout() -> None:
    bedside = Bedside()
    bedside.hear([word(0), word(20, code="APNEA"), word(30, "end", code="APNEA")])
    due = device.devices_due_at(bedside.held, 2)
    assert [seconds(int(due[0])), int(due[1])] == [H, 2**63 - 1]


def test_nothing_to_hear() -> None:
    folded = Bedside().hear([{"t": 0, "heart_rate": 80}])
    assert (len(folded.episodes), len(folded.held), len(folded.snapshots)) == (0, 0, 0)
