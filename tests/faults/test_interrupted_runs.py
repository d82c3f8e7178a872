"""Runs that are cut short, or settled beside later batches, leave the lake of a quiet run: one case each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from interruptions import assert_as_quiet, at_commit, killed, streaming
from roads import rows_of, run_of

from vitalake.domain.rules import Rules
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.tables import SILVER_ALERT_CHANGES, SILVER_ALERTS, SILVER_OBSERVATIONS

FAST = {"heart_rate": 160, "method": "spot"}
"""Raises an alarm at once."""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def event(patient_id: str, event_time: str, **measured: object) -> bytes:
    """Yield the payload of an event, by default with a pulse that nobody minds."""
    event_id = {"event_id": event_time, "patient_id": patient_id, "event_time": event_time}
    return json.dumps(event_id | (measured or {"heart_rate": 80})).encode()


def test_what_is_repaired_beside_a_batch_is_read_by_the_next_settling(lake: Path) -> None:
    first, second, third = (
        event("p", f"2026-03-01T{hour}:00:00Z", spo2=95, resp_rate=16) for hour in ("08", "09", "10")
    )
    with streaming(lake) as stream:
        stream.take([second])
        stream.settle()
        stream.take([first])
        stream.begin_settling()
        stream.take([third])
        stream.end_settling()
        stream.settle()
    assert_as_quiet(lake, [first, second, third])


def test_time_spent_goes_on_over_midnight_when_the_day_before_is_settled(lake: Path) -> None:
    evening, night = event("p", "2026-03-01T23:50:00Z"), event("p", "2026-03-02T00:10:00Z")
    with streaming(lake) as stream:
        for each in (evening, night):
            stream.take([each])
            stream.settle()
    assert_as_quiet(lake, [evening, night])


def test_an_alarm_is_told_once_though_its_patients_first_batch_was_killed_after_telling_it(
    lake: Path,
) -> None:
    first = event("p", "2026-03-01T08:00:00Z", **FAST)
    with killed(SILVER_OBSERVATIONS.name), streaming(lake) as stream:
        stream.take([first])
    with streaming(lake) as stream:
        stream.settle()
    assert_as_quiet(lake, [first])


def test_time_alone_ends_alarms_of_patients_last_seen_long_ago(lake: Path) -> None:
    ill, *others = (
        event("ill", "2026-01-01T08:00:00Z", **FAST),
        event("other", "2026-03-01T08:00:00Z"),
        event("other", "2026-03-01T08:01:00Z"),
    )
    with streaming(lake) as stream:
        for each in (ill, others[0]):  # of a backlog that another run reads to its end
            stream.take([each], at_end=False)
        stream.settle()
    with streaming(lake) as stream:
        stream.take([others[1]])
        stream.settle()
    alarms = rows_of(EmbeddedLake(lake), SILVER_ALERTS)
    assert {(row["patient_id"], row["state"]) for row in alarms} == {("ill", "cleared")}
    assert_as_quiet(lake, [ill, *others])


def test_alarms_of_long_ago_stay_told_when_a_run_is_cut_short_after_their_end(lake: Path) -> None:
    ill, other, back = (
        event("ill", "2026-01-01T08:00:00Z", **FAST),
        event("other", "2026-03-01T08:00:00Z"),
        event("ill", "2026-03-02T08:00:00Z"),
    )
    with streaming(lake) as stream:
        stream.take([ill])
        stream.settle()
    with streaming(lake) as stream:
        stream.take([other])
    with streaming(lake) as stream:
        stream.take([back])
        stream.settle()
    assert_as_quiet(lake, [ill, other, back])


def test_repairs_of_two_runs_are_settled_at_once_while_a_batch_comes(lake: Path) -> None:
    hours = {
        hour: [event(who, f"2026-03-01T{hour}:00:00Z", spo2=95) for who in "pqr"] for hour in ("07", "08")
    }
    with streaming(lake) as stream:
        stream.take(hours["08"][:2])
        stream.settle()
        stream.take(hours["07"][:1])
    with streaming(lake) as stream:  # which repairs what the last one left
        stream.take(hours["07"][1:2])
        stream.begin_settling()
        with at_commit(2, lambda: stream.take(hours["08"][2:])):
            stream.end_settling()
        stream.settle()
    assert_as_quiet(lake, [*hours["07"][:2], *hours["08"]])


def test_a_lake_is_gone_on_with_though_its_events_are_of_the_first_year(lake: Path) -> None:
    events = [event("p", f"0001-01-0{day}T00:00:00Z") for day in (1, 2)]
    for each in events:
        with streaming(lake) as stream:
            stream.take([each])
            stream.settle()
    assert_as_quiet(lake, events)


def test_a_killed_batch_that_reached_the_end_tells_nothing_else_when_it_is_repeated(lake: Path) -> None:
    alarm, later, *end = (
        event("p", "2026-03-01T08:00:00Z", **FAST),
        event("p", "2026-03-01T08:00:01Z", temperature=37.0),
        event("q", "2026-03-01T15:00:00Z"),  # time alone ends the alarm
    )
    with streaming(lake) as stream:
        stream.take([alarm])
        stream.settle()
    with killed(SILVER_OBSERVATIONS.name), streaming(lake) as stream:
        stream.take([later, *end])
    told = rows_of(EmbeddedLake(lake), SILVER_ALERT_CHANGES)
    with streaming(lake) as stream:
        stream.take([])
        stream.settle()
    assert rows_of(EmbeddedLake(lake), SILVER_ALERT_CHANGES) == told
    assert_as_quiet(lake, [alarm, later, *end])


def test_a_rebuild_refines_what_a_killed_run_left_in_bronze(lake: Path) -> None:
    alarm, *calm = (
        event("p", "2026-03-01T08:00:00Z", **FAST),
        event("p", "2026-03-01T08:10:00Z", heart_rate=80, method="spot"),
        event("p", "2026-03-01T08:20:00Z"),
    )
    with streaming(lake) as stream:
        stream.take([alarm])
        stream.settle()
    with killed("lake_batches"), streaming(lake) as stream:
        stream.take(calm)
    run_of(EmbeddedLake(lake)).rebuild()
    assert len(rows_of(EmbeddedLake(lake), SILVER_OBSERVATIONS)) == 3
    with streaming(lake) as stream:
        stream.take([])
        stream.settle()
    assert_as_quiet(lake, [alarm, *calm])


def test_a_rebuild_with_other_rules_than_a_killed_one_keeps_all_events(lake: Path) -> None:
    first = event("p", "2026-03-01T08:00:00Z", **FAST)
    with streaming(lake) as stream:
        stream.take([first])
        stream.settle()
    with killed("silver_alerts"):
        run_of(EmbeddedLake(lake)).rebuild()
    run_of(EmbeddedLake(lake)).rebuild(Rules(grace_s=0))
    assert_as_quiet(lake, [first])


def test_an_alarm_is_told_once_though_its_patient_came_back_after_weeks_to_a_killed_batch(lake: Path) -> None:
    seen, other, ill = (
        event("ill", "2026-01-01T08:00:00Z"),
        event("other", "2026-03-01T08:00:00Z"),
        event("ill", "2026-03-02T08:00:00Z", **FAST),
    )
    with streaming(lake) as stream:
        stream.take([seen, other])
        stream.settle()
    with killed(SILVER_OBSERVATIONS.name), streaming(lake) as stream:
        stream.take([ill])
    with streaming(lake) as stream:
        stream.settle()
    assert_as_quiet(lake, [seen, other, ill])
