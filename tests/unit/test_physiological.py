"""Every rule of physiological alarms, as scenarios: times in seconds and values -> expected episodes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from scenarios.alarms import Event, episodes, every

from vitalake.domain.policy_file import parse_policy

H = 3600.0
Scenario = tuple[list[Event], float, list[dict[str, Any]]]


def monitored(vital: str, *points: tuple[float, float], step: float = 10) -> list[Event]:
    """Yield monitored values every ``step`` s: each (from, value) up to the next one's from; the last names the end."""
    return [
        {"t": start + step * k, vital: value}
        for (start, value), (end, _) in pairwise(points)
        for k in range(int((end - start) // step))
    ]


SCENARIOS: dict[str, Scenario] = {
    "a value at the limit is none": (monitored("heart_rate", (0, 120), (600, 0)), 600, []),
    "low is raised after its delay, at a timer": (
        [{"t": t, "heart_rate": 121} for t in (0, 50, 100)],
        125,
        [{"priority": "low", "started_at": 0, "raised_at": 120, "extreme_value": 121, "limit_value": 120, "margin": 1,
          "state": "active", "raising_event_id": "e00002"}],
    ),
    "not before": ([{"t": t, "heart_rate": 121} for t in (0, 50, 100)], 119.999999, []),
    "a condition that ends exactly at its delay reaches nothing": (
        [*every(20, 0, 100, heart_rate=121), {"t": 120, "heart_rate": 120}], 200, []),
    "one that goes on there is raised there": (
        every(20, 0, 120, heart_rate=121), 120, [{"raised_at": 120, "raising_event_id": "e00006"}]),
    "the highest of several reached at one instant": (
        [{"t": 0, "heart_rate": 155, "method": "spot"}], 0,
        [{"priority": "high", "raised_at": 0, "limit_value": 150, "margin": 5}]),
    "each higher priority escalates": (
        monitored("heart_rate", (0, 125), (200, 135), (300, 160), (400, 0)),
        400,
        [{"priority": "high", "started_at": 0, "raised_at": 120, "escalated_at": 310, "limit_value": 150,
          "extreme_value": 160, "margin": 10}],
    ),
    "high before low where its delay is shorter": (
        monitored("heart_rate", (0, 160), (60, 0)), 60,
        [{"priority": "high", "started_at": 0, "raised_at": 10}]),
    "a break starts the delay anew": (
        monitored("heart_rate", (0, 121), (60, 120), (70, 121), (200, 0)), 200,
        [{"started_at": 70, "raised_at": 190}]),
    "between limit and band an episode goes on": (
        monitored("heart_rate", (0, 125), (200, 118), (400, 0)), 400, [{"state": "active"}]),
    "recovery at the band": (
        monitored("heart_rate", (0, 125), (200, 117), (400, 0)), 400,
        [{"cleared_at": 200, "cleared_by": "recovery", "duration_s": 200, "clearing_event_id": "e00020"}]),
    "expiry when the probe falls off": (
        every(10, 0, 200, heart_rate=125), 300,
        [{"cleared_at": 230, "cleared_by": "expiry", "state": "cleared"}]),
    "an expired episode has no duration and no clearing event": (
        every(10, 0, 200, heart_rate=125), 230, [{"duration_s": None, "clearing_event_id": None}]),
    "a rejected value ends the hold": (
        [*every(10, 0, 200, heart_rate=125), {"t": 205, "rejected": ["heart_rate"]}], 205,
        [{"cleared_at": 205, "cleared_by": "expiry"}]),
    "three beats of the longest of three intervals": (
        [{"t": t, "heart_rate": 125} for t in (0, 20, 80, 100, 120)], 400,
        [{"raised_at": 120, "cleared_at": 300}]),
    "a fourth interval forgets the first": (
        [{"t": t, "heart_rate": 125} for t in (0, 60, 80, 100, 120)], 400,
        [{"raised_at": 120, "cleared_at": 180}]),
    "an unknown beat holds two minutes": ([{"t": 0, "heart_rate": 131}], 500, [
        {"priority": "medium", "raised_at": 60, "cleared_at": 120}]),
    "a short beat holds at least 30 s": (
        every(1, 0, 130, heart_rate=125), 400, [{"raised_at": 120, "cleared_at": 160}]),
    "a long beat holds at most 15 min": (
        every(600, 0, 1800, heart_rate=125), 4000, [{"started_at": 600, "raised_at": 720, "cleared_at": 2700}]),
    "a gap of an hour is an interval": (
        [{"t": 0, "heart_rate": 125}, {"t": H, "heart_rate": 125}], 2 * H, [{"started_at": H, "cleared_at": H + 900}]),
    "a longer one starts anew": (
        [{"t": 0, "heart_rate": 131}, {"t": 10, "heart_rate": 131}, {"t": H + 11, "heart_rate": 131}], 2 * H,
        [{"started_at": H + 11, "raised_at": H + 71, "cleared_at": H + 131}]),
    "monitored temperature holds an hour": (
        [{"t": 0, "temperature": 39.5}], 2 * H, [{"alert_type": "fever", "priority": "medium", "cleared_at": H}]),
    "a spot value holds for its maximum age and reaches at once": (
        [{"t": 0, "spo2": 89, "method": "spot"}], 7 * H,
        [{"priority": "medium", "raised_at": 0, "cleared_at": 6 * H, "cleared_by": "expiry"}]),
    "a manual value reaches what a monitored one began": (
        [*every(10, 0, 20, spo2=91), {"t": 25, "spo2": 91, "method": "manual"}], 25,
        [{"started_at": 0, "raised_at": 25, "raising_event_id": "e00003"}]),
    "charted values are judged": (
        [{"t": 0, "heart_rate": 120.49, "method": "spot"}, {"t": 10, "heart_rate": 120.5, "method": "spot"}], 10,
        [{"started_at": 10, "extreme_value": 121}]),
    "temperature is charted in tenths": (
        [{"t": 0, "temperature": 38.04, "method": "spot"}, {"t": 9, "temperature": 38.05, "method": "spot"}], 9,
        [{"alert_type": "fever", "started_at": 9, "extreme_value": 38.1, "limit_value": 38.0, "margin": 0.1}]),
    "below: the extreme is the least, the margin positive": (
        [{"t": 0, "spo2": 83, "method": "spot"}, {"t": 5, "spo2": 91, "method": "spot"}], 5,
        [{"priority": "high", "extreme_value": 83, "limit_value": 85, "margin": 2}]),
    "recovery below": (
        [{"t": 0, "spo2": 91, "method": "spot"}, {"t": 5, "spo2": 92, "method": "spot"},
         {"t": 9, "spo2": 93, "method": "spot"}], 9,
        [{"alert_type": "hypoxaemia", "cleared_at": 9, "cleared_by": "recovery"}]),
    "the greatest event id of an instant counts": (
        [{"t": 0, "heart_rate": 160, "method": "spot", "event_id": "a"},
         {"t": 0, "heart_rate": 90, "method": "spot", "event_id": "b"}], 100, []),
    "a rejection of a greater id counts too": (
        [{"t": 0, "heart_rate": 160, "method": "spot", "event_id": "a"},
         {"t": 0, "rejected": ["heart_rate"], "event_id": "b"}], 100, []),
    "tachycardia looks at pulse_rate where heart_rate is not in hold": (
        [{"t": 0, "pulse_rate": 140, "method": "spot"}], 0, [{"alert_type": "tachycardia", "priority": "medium"}]),
    "heart_rate wins while it holds": (
        [{"t": 0, "heart_rate": 90, "pulse_rate": 140, "method": "spot"}], 0, []),
    "pulse_rate takes over when the hold of heart_rate ends": (
        [{"t": 0, "pulse_rate": 140, "method": "spot"}, {"t": 10, "heart_rate": 90}], 200,
        [{"started_at": 0, "cleared_at": 10}, {"started_at": 130, "raised_at": 130, "raising_event_id": "e00000"}]),
    "a condition goes on over the change from heart_rate to pulse_rate": (
        [*every(10, 0, 60, heart_rate=125), *every(10, 5, 155, pulse_rate=126)], 125,
        [{"started_at": 0, "raised_at": 120, "extreme_value": 126}]),
    "a cuff reading is a spot value whatever the method": (
        [{"t": 0, "systolic_bp": 78, "diastolic_bp": 50}], 0,
        [{"alert_type": "hypotension", "priority": "medium", "raised_at": 0}]),
    "a cuff reading changes nothing while an arterial value is in hold": (
        [*every(10, 0, 60, systolic_bp=120, bp_method="arterial"), {"t": 65, "systolic_bp": 60}], 90, []),
    "nor does a rejected one": (
        [*every(10, 0, 60, systolic_bp=70, bp_method="arterial"), {"t": 61, "rejected": ["systolic_bp"]}], 61,
        [{"alert_type": "hypotension", "raised_at": 60, "state": "active"}]),
    "nor at the arterial value's own instant": (
        [{"t": 0, "systolic_bp": 120, "bp_method": "arterial", "event_id": "a"},
         {"t": 0, "systolic_bp": 60, "event_id": "b"}], 0, []),
    "a rejected arterial value makes way for the cuff": (
        [{"t": 0, "systolic_bp": 120, "bp_method": "arterial"},
         {"t": 10, "rejected": ["systolic_bp"], "bp_method": "arterial"}, {"t": 10, "systolic_bp": 60}], 10,
        [{"alert_type": "hypotension", "priority": "high"}]),
    "a monitored arterial value keeps its delay": (
        [*every(10, 0, 50, systolic_bp=60, bp_method="arterial")], 59, []),
    "low mean pressure starts at medium, its lowest priority": (
        [{"t": 0, "mean_bp": 64, "method": "spot"}, {"t": 9, "mean_bp": 54, "method": "spot"}], 9,
        [{"alert_type": "low_mean_pressure", "priority": "high", "started_at": 0, "raised_at": 0, "escalated_at": 9}]),
    "scale 2 has lower limits": ([{"t": 0, "spo2": 89, "spo2_scale": 2, "method": "spot"}], 0, []),
    "the scale in force at each instant": (
        [{"t": 0, "spo2": 89, "spo2_scale": 2, "method": "spot"}, {"t": 60, "spo2_scale": 1}], 60,
        [{"alert_type": "hypoxaemia", "priority": "medium", "started_at": 60, "raised_at": 60,
          "raising_event_id": "e00000"}]),
    "a change of scale can be a recovery": (
        [{"t": 0, "spo2": 89, "method": "spot"}, {"t": 60, "spo2_scale": 2}], 60,
        [{"cleared_at": 60, "cleared_by": "recovery", "clearing_event_id": "e00000"}]),
    "hyperoxaemia on scale 2 and oxygen": (
        [{"t": 0, "spo2": 97, "spo2_scale": 2, "on_oxygen": True, "method": "spot"}], 0,
        [{"alert_type": "hyperoxaemia", "priority": "medium", "limit_value": 96}]),
    "not with oxygen unknown": ([{"t": 0, "spo2": 97, "spo2_scale": 2, "method": "spot"}], 0, []),
    "hyperoxaemia off oxygen is back": (
        [{"t": 0, "spo2": 97, "spo2_scale": 2, "on_oxygen": True, "method": "spot"}, {"t": 30, "on_oxygen": False}], 40,
        [{"cleared_at": 30, "cleared_by": "recovery", "clearing_event_id": "e00000", "duration_s": 30}]),
    "oxygen is forgotten after 12 h, the value is back": (
        [{"t": 0, "spo2_scale": 2, "on_oxygen": True}, {"t": 11 * H, "spo2": 97, "method": "spot"}], 13 * H,
        [{"raised_at": 11 * H, "cleared_at": 12 * H, "cleared_by": "recovery", "clearing_event_id": "e00001"}]),
    "early warning keeps its delay also for charted values": (
        [{"t": 0, "news2_score": 5, "method": "manual"}], 119, []),
    "early warning": (
        [{"t": 0, "news2_score": 5}, {"t": 60, "news2_score": 7}], 180,
        [{"alert_type": "early_warning", "priority": "high", "started_at": 0, "raised_at": 120, "escalated_at": 180,
          "extreme_value": 7, "limit_value": 6, "margin": 1, "raising_event_id": "e00001"}]),
    "a score holds to the next event, at most 12 h": (
        [{"t": 0, "news2_score": 5}], 13 * H, [{"cleared_at": 12 * H, "cleared_by": "expiry"}]),
    "a score that is back clears": (
        [{"t": 0, "news2_score": 5}, {"t": 200, "news2_score": 4}, {"t": 300, "news2_score": 3}], 300,
        [{"cleared_at": 300, "cleared_by": "recovery", "clearing_event_id": "e00002"}]),
    "nobody recovers by going unmeasured": (
        [{"t": 0, "news2_score": 5, "known": 7}, {"t": 300, "news2_score": 3, "known": 6}], 300,
        [{"cleared_at": 300, "cleared_by": "expiry", "clearing_event_id": None, "duration_s": None}]),
    "fewer known than the event that raised, not than the one that started": (
        [{"t": 0, "news2_score": 5, "known": 7}, {"t": 60, "news2_score": 5, "known": 5},
         {"t": 300, "news2_score": 3, "known": 6}], 300,
        [{"cleared_at": 300, "cleared_by": "recovery"}]),
    "single parameter": (
        [{"t": 0, "news2_score": 3, "news2_max_component": 3}, {"t": 150, "news2_score": 2, "news2_max_component": 2}],
        150,
        [{"alert_type": "single_parameter", "priority": "low", "raised_at": 120, "cleared_at": 150, "margin": 1}]),
    "single parameter, nothing known any more": (
        [{"t": 0, "news2_score": 3, "news2_max_component": 3},
         {"t": 150, "news2_score": 0, "news2_max_component": -1, "known": 0}], 150,
        [{"cleared_at": 150, "cleared_by": "expiry"}]),
    "reduced consciousness is raised at once, without a value": (
        [{"t": 0, "consciousness": "V"}, {"t": 60, "consciousness": "U"}], 60,
        [{"alert_type": "reduced_consciousness", "priority": "high", "raised_at": 0, "escalated_at": 60,
          "extreme_value": None, "limit_value": None, "margin": None}]),
    "alert again": (
        [{"t": 0, "consciousness": "C"}, {"t": 60, "heart_rate": 80}, {"t": 90, "consciousness": "A"}], 90,
        [{"priority": "medium", "cleared_at": 90, "cleared_by": "recovery"}]),
    "the carried consciousness holds from its event": (
        [{"t": 0, "consciousness": "P"}, {"t": 11 * H, "heart_rate": 80}], 24 * H,
        [{"priority": "high", "cleared_at": 23 * H, "cleared_by": "expiry"}]),
    "and is unknown where it is older than 12 h": (
        [{"t": 0, "consciousness": "P"}, {"t": 11 * H, "heart_rate": 80}, {"t": 12 * H, "heart_rate": 80}], 24 * H,
        [{"cleared_at": 12 * H, "cleared_by": "expiry"}]),
    "ward, bed and device are those known at the raise": (
        [{"t": 0, "spo2": 91, "ward": "A", "bed": "1", "device_id": "m"}, {"t": 60, "ward": "B", "spo2": 91}], 240,
        [{"raised_at": 120, "ward": "B", "bed": "1", "device_id": "m"}]),
    "a new episode after a recovery": (
        [{"t": t, "spo2": v, "method": "spot"} for t, v in ((0, 91), (5, 95), (9, 91))], 9,
        [{"started_at": 0, "cleared_at": 5}, {"started_at": 9, "state": "active"}]),
    "a value that comes where a hold ends goes on": (
        [*every(10, 0, 20, heart_rate=125), *every(10, 50, 120, heart_rate=125)], 120, [{"started_at": 0}]),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    events, until_s, expected = SCENARIOS[name]
    found = episodes(events, until_s)
    assert [
        {key: row.get(key) for key in want} for row, want in zip(found, expected, strict=False)
    ] == expected
    assert len(found) == len(expected), found


WARDS = parse_policy("""
extends: default
alarms: {}
wards:
  ICU:
    tachycardia: {limits: {low: 130, medium: 140}, delays_s: {low: 10}, hysteresis: 10}
    fever: {limits: {low: null, medium: null, high: null}}
  short: {tachycardia: {limits: {low: null}}}
""")

WARD_SCENARIOS: dict[str, Scenario] = {
    "a ward's own limits": (
        [{"t": 0, "heart_rate": 125, "ward": "ICU", "method": "spot"}], 0, []),
    "others keep the policy's": (
        [{"t": 0, "heart_rate": 125, "ward": "W", "method": "spot"}], 0, [{"limit_value": 120, "ward": "W"}]),
    "the ward known at each instant": (
        [{"t": 0, "heart_rate": 125, "ward": "ICU", "method": "spot"}, {"t": 60, "ward": "W"}], 60,
        [{"started_at": 60, "raised_at": 60, "raising_event_id": "e00000"}]),
    "a move can be a recovery": (
        [{"t": 0, "temperature": 39, "ward": "W", "method": "spot"}, {"t": 60, "ward": "ICU"}], 60,
        [{"alert_type": "fever", "cleared_at": 60, "cleared_by": "recovery"}]),
    "a move between limits changes the delay": (
        [*every(10, 0, 50, heart_rate=135, ward="W"), {"t": 55, "heart_rate": 135, "ward": "ICU"}], 55,
        [{"priority": "low", "started_at": 0, "raised_at": 55, "limit_value": 130}]),
    "a ward is forgotten after 30 days": (
        [{"t": 0, "ward": "ICU", "heart_rate": 80}, {"t": 30 * 24 * H - 60, "heart_rate": 125, "method": "spot"}],
        30 * 24 * H,
        [{"started_at": 30 * 24 * H, "raised_at": 30 * 24 * H, "ward": None}]),
    "starts at the lowest priority that has a limit, with the extreme since": (
        [{"t": 0, "heart_rate": 129, "ward": "W"}, {"t": 10, "heart_rate": 121}, {"t": 11, "ward": "short"},
         {"t": 20, "heart_rate": 131, "method": "spot"}], 20,
        [{"priority": "medium", "started_at": 20, "extreme_value": 131}]),
}  # fmt: skip


@pytest.mark.parametrize("name", WARD_SCENARIOS)
def test_ward_override(name: str) -> None:
    events, until_s, expected = WARD_SCENARIOS[name]
    found = episodes(events, until_s, WARDS)
    assert [
        {key: row.get(key) for key in want} for row, want in zip(found, expected, strict=False)
    ] == expected
    assert len(found) == len(expected), found


def test_alert_id_names_the_episode() -> None:
    events = [{"t": 0, "spo2": 91, "method": "spot"}]
    (active,), (cleared,) = episodes(events, 0), episodes(events, 7 * H)
    assert active["alert_id"] == cleared["alert_id"]
    assert active["policy_version"] != episodes(events, 0, WARDS)[0]["policy_version"]
