"""Alarms are a function of the events: whatever the batches, whenever somebody looks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from scenarios.alarms import Event, Ward, context_of, observations, piece, scores_of

from vitalake.domain.device_alarms import built_in
from vitalake.domain.policy_file import parse_policy
from vitalake.silver import device
from vitalake.silver.strings import NONE, StringPool
from vitalake.silver.timeline import Timeline, arrange

POLICY = parse_policy("""
extends: default
wards:
  ICU:
    tachycardia: {limits: {low: 130, medium: 140}, delays_s: {low: 10}}
    hypoxaemia_scale_1: {limits: {low: null}}
""")

STEPS_S = st.sampled_from([0, 0, 1, 5, 10, 30, 60, 120, 300, 900, 3600, 3601, 20_000, 43_200, 50_000])
VITALS: dict[str, tuple[float, ...]] = {
    "heart_rate": (40, 49, 80, 117, 120, 121, 129, 131, 151),
    "pulse_rate": (44, 80, 125, 160),
    "resp_rate": (8, 9.5, 16, 25, 36),
    "spo2": (83, 85, 87, 89, 91, 92, 93, 97),
    "systolic_bp": (70, 90, 96, 120, 185, 220),
    "mean_bp": (54, 64, 68, 90),
    "temperature": (33.9, 36.04, 37, 38.05, 39.1),
}


@st.composite
def events(draw: st.DrawFn) -> Event:
    event: Event = {
        "step": draw(STEPS_S),
        "method": draw(st.sampled_from(["monitor", "monitor", "spot", "manual"])),
    }
    for name in draw(st.sets(st.sampled_from(sorted(VITALS)), max_size=3)):
        event[name] = draw(st.sampled_from(VITALS[name]))
    event["rejected"] = [
        n for n in draw(st.sets(st.sampled_from(sorted(VITALS)), max_size=1)) if n not in event
    ]
    event["bp_method"] = draw(st.sampled_from(["cuff", "arterial"]))
    event |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "consciousness": st.sampled_from("ACVPU"),
                "on_oxygen": st.booleans(),
                "spo2_scale": st.sampled_from([1, 2]),
                "ward": st.sampled_from(["ICU", "W"]),
                "bed": st.sampled_from(["1", "2"]),
                "device_id": st.sampled_from(["m1", "m2"]),
                "news2_score": st.integers(0, 8),
                "news2_max_component": st.integers(-1, 3),
                "known": st.integers(0, 7),
                "alert_code": st.sampled_from(["APNEA", "ASYSTOLE", "foo"]),
                "alert_priority": st.sampled_from(["low", "high"]),
            },
        )
    )
    if "alert_code" in event:
        event["alert_state"] = draw(st.sampled_from(["start", "continue", "update", "end", "point"]))
    return event


@st.composite
def stays(draw: st.DrawFn) -> list[Event]:
    stay = draw(st.lists(events(), min_size=1, max_size=25))
    times = np.cumsum([event.pop("step") for event in stay])
    return [{"t": int(t), **event} for t, event in zip(times, stay, strict=True)]


def cut(n: int, cuts: set[int]) -> list[slice]:
    bounds = [0, *sorted(c for c in cuts if 0 < c < n), n]
    return [slice(a, b) for a, b in pairwise(bounds)]


CUTS = st.sets(st.integers(1, 24), max_size=6)
LATER_S = st.sampled_from([0, 1, 30, 120, 900, 3600, 50_000, 10**7])


@given(stays(), CUTS, LATER_S)
def test_pieces_make_the_same_episodes_and_states(stay: list[Event], cuts: set[int], later_s: int) -> None:
    pool = StringPool()
    whole, parts = Ward(POLICY, pool=pool), Ward(POLICY, pool=pool)
    timeline = arrange(observations(stay), pool)
    context = context_of(timeline, scores_of(stay))
    expected = whole.fold(timeline, context).snapshots
    passed: set[bytes] = set()
    for rows in cut(len(stay), cuts):
        over = parts.fold(*piece(timeline, context, rows, pool)).snapshots
        passed |= {state.tobytes() for states in (over, parts.states) for state in states}
    assert parts.at(stay[-1]["t"] + later_s) == whole.at(stay[-1]["t"] + later_s)
    assert parts.states.tobytes() == whole.states.tobytes()
    assert {state.tobytes() for state in expected} <= passed


@given(stays(), LATER_S)
def test_looking_moves_no_state(stay: list[Event], later_s: int) -> None:
    ward = Ward(POLICY)
    timeline = arrange(observations(stay), ward.pool)
    ward.fold(timeline, context_of(timeline, scores_of(stay)))
    before = ward.states.tobytes()
    first = ward.at(stay[-1]["t"] + later_s)
    ward.due()
    assert ward.states.tobytes() == before
    assert ward.at(stay[-1]["t"] + later_s) == first


@given(stays())
def test_due_is_when_something_changes(stay: list[Event]) -> None:
    ward = Ward(POLICY)
    timeline = arrange(observations(stay), ward.pool)
    ward.fold(timeline, context_of(timeline, scores_of(stay)))
    now = ward.at(stay[-1]["t"])
    due = ward.due()
    if due is None:
        assert ward.at(10**9) == now
    else:
        assert due > stay[-1]["t"]
        assert ward.at(due - 0.000001) == now
        assert ward.at(due) != now


@given(stays(), LATER_S)
def test_an_episode_keeps_its_word(stay: list[Event], later_s: int) -> None:
    ward = Ward(POLICY)
    timeline = arrange(observations(stay), ward.pool)
    ward.fold(timeline, context_of(timeline, scores_of(stay)))
    found = ward.at(stay[-1]["t"] + later_s)
    assert len({row["alert_id"] for row in found}) == len(found)
    last_end: dict[str, float] = {}
    for row in found:
        end = row.get("cleared_at", float("inf"))
        assert row["started_at"] <= row["raised_at"] < end
        assert row["raised_at"] < row.get("escalated_at", float("inf")) < end or "escalated_at" not in row
        assert last_end.get(row["alert_type"], -1) <= row["started_at"]
        last_end[row["alert_type"]] = end
        assert row.get("margin", 0) >= 0
        assert ("clearing_event_id" in row) == (row.get("cleared_by") == "recovery") == ("duration_s" in row)


@given(stays(), events())
def test_a_month_of_silence_leaves_nothing(stay: list[Event], event: Event) -> None:
    pool = StringPool()
    seen, fresh = Ward(POLICY, pool=pool), Ward(POLICY, pool=pool)
    last = {**event, "t": stay[-1]["t"] + 31 * 86_400}
    timeline = arrange(observations([*stay, last]), pool)
    context = context_of(timeline, scores_of([*stay, last]))
    seen.fold(timeline, context)
    fresh.fold(*piece(timeline, context, slice(len(stay), len(stay) + 1), pool))
    assert seen.states.tobytes() == fresh.states.tobytes()


@given(stays(), CUTS)
def test_pieces_make_the_same_device_episodes(stay: list[Event], cuts: set[int]) -> None:
    pool = StringPool()
    timeline = arrange(observations(stay), pool)
    context = context_of(timeline, {})
    until = np.array([timeline.time_us[-1]])
    results = []
    for slices in ([slice(0, len(stay))], cut(len(stay), cuts)):
        held, ended = device.nothing_held(), []
        for rows in slices:
            part = piece(timeline, context, rows, pool)
            folded = device.fold_devices(*part, held, built_in(), pool)
            settle(folded.held, part[0], pool)
            settle(folded.episodes.records, part[0], pool)
            held = folded.held
            ended.append(folded.episodes.records)
        over, still = device.advance_devices(held, until)
        everything = np.concatenate([*ended, over.records, still.records])
        results.append((sorted(record.tobytes() for record in everything), held.tobytes()))
    assert results[0] == results[1]


def settle(records: np.ndarray, timeline: Timeline, pool: StringPool) -> None:
    for name in device.NAMES:
        codes = records[name]
        fresh = codes < NONE
        codes[fresh] = pool.encode(timeline.table["event_id"].take(pa.array(-2 - codes[fresh])))


def folded_stays(seed: int) -> list[Any]:
    """Yield the episodes of made-up stays: run compiled and uncompiled."""
    random = np.random.default_rng(seed)
    found: list[Any] = []
    for _ in range(20):
        stay: list[Event] = []
        t = 0
        for _ in range(30):
            t += int(random.choice([0, 1, 10, 60, 300, 4000, 30_000]))
            names = random.choice(sorted(VITALS), 3, replace=False)
            event: Event = {name: float(random.choice(VITALS[name])) for name in names}
            event |= {
                "t": t,
                "method": str(random.choice(["monitor", "spot"])),
                "ward": str(random.choice(["ICU", "W"])),
            }
            event |= {"spo2_scale": int(random.integers(1, 3)), "on_oxygen": bool(random.integers(0, 2))}
            event |= {"news2_score": int(random.integers(0, 9)), "known": int(random.integers(4, 8))}
            event |= {"bp_method": str(random.choice(["cuff", "arterial"]))}
            stay.append(event)
        ward = Ward(POLICY)
        timeline = arrange(observations(stay), ward.pool)
        ward.fold(timeline, context_of(timeline, scores_of(stay)))
        found.append([ward.at(t + 60), ward.due(), ward.states.tobytes().hex()])
    return found


def test_compiled_is_uncompiled(compiled_environment: dict[str, str]) -> None:
    here = Path(__file__)
    code = "import json, test_alarm_pieces as t; print(json.dumps(t.folded_stays(7)))"
    path = os.pathsep.join([str(here.parent), str(here.parent.parent), *sys.path])
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=compiled_environment | {"PYTHONPATH": path},
        capture_output=True,
        check=True,
    )
    assert json.loads(ran.stdout) == json.loads(json.dumps(folded_stays(7)))
