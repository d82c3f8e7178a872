"""Events a little out of order are told of at once, and leave the lake of a quiet run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from interruptions import assert_as_quiet, killed, streaming
from roads import rows_of

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.tables import LAKE_BATCHES, SILVER_ALERT_CHANGES

FAST = {"heart_rate": 160}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def event(minute: int, patient_id: str = "p", **measured: object) -> bytes:
    """Yield the payload of a spot check at so many minutes past 8, by default of a pulse that nobody minds."""
    at = f"2026-03-01T{8 + minute // 60:02}:{minute % 60:02}:00Z"
    ids = {"event_id": at, "patient_id": patient_id, "event_time": at, "method": "spot"}
    return json.dumps(ids | (measured or {"heart_rate": 80})).encode()


def told(lake: Path) -> list[tuple[str, str]]:
    """Yield what the change log says of tachycardia: of which event, what."""
    rows = rows_of(EmbeddedLake(lake), SILVER_ALERT_CHANGES)
    return [
        (row["raising_event_id"][11:16], row["change"]) for row in rows if row["alert_type"] == "tachycardia"
    ]


def test_an_alarm_of_an_event_out_of_order_is_told_without_settling(lake: Path) -> None:
    before, late, after = event(0), event(5, **FAST), event(10)
    with streaming(lake) as stream:
        stream.catch_up()
        stream.take([before])
        stream.take([after])
        stream.take([late])
        assert told(lake) == []
        stream.catch_up()
        assert told(lake) == [("08:05", "raised"), ("08:05", "cleared")]
        stream.settle()
    counted = sum(row["changes"] for row in rows_of(EmbeddedLake(lake), LAKE_BATCHES))
    assert counted == len(rows_of(EmbeddedLake(lake), SILVER_ALERT_CHANGES))
    assert_as_quiet(lake, [before, late, after])


def test_an_event_before_all_that_is_in_mind_waits_for_settling(lake: Path) -> None:
    late, *others = event(0, **FAST), event(5), event(10)
    with streaming(lake) as stream:
        stream.take([others[0]])
        stream.catch_up()
        stream.take([others[1]])
        stream.take([late])
        stream.catch_up()
        assert told(lake) == []
        stream.settle()
        assert told(lake) == [("08:00", "raised"), ("08:00", "cleared")]
    assert_as_quiet(lake, [late, *others])


def test_alarms_that_were_over_are_not_told_again(lake: Path) -> None:
    """The second time from an older moment than the first."""
    payloads = [event(0), event(1, **FAST), event(2), event(20), event(21, **FAST), event(22), event(40)]
    late = event(30), event(10)
    with streaming(lake) as stream:
        stream.catch_up()
        for payload in payloads[:4]:
            stream.take([payload])
        stream.settle()
        for payload in (*payloads[4:], *late):
            stream.take([payload])
            stream.catch_up()
        assert [change for _, change in told(lake)] == ["raised", "cleared"] * 2
        stream.settle()
    assert_as_quiet(lake, [*payloads, *late])


def test_a_moment_is_wrong_of_whom_an_earlier_event_came_since(lake: Path) -> None:
    """The first late event lies before the newer moment; the next one, after it, builds on the first."""
    payloads = [event(0), event(30, resp_rate=26), event(40)]
    late = event(10, spo2=90, systolic_bp=85), event(35)
    with streaming(lake) as stream:
        stream.catch_up()
        for payload in payloads[:2]:
            stream.take([payload])
        stream.settle()
        for payload in (payloads[2], *late):
            stream.take([payload])
            stream.catch_up()
        stream.settle()
    assert_as_quiet(lake, [*payloads, *late])


def test_of_an_hours_states_the_last_one_holds(lake: Path) -> None:
    """All in one batch: the hour's end, the next hour, and what comes late into the first."""
    first, late, last, following = event(0), event(30, resp_rate=26), event(50), event(70)
    with streaming(lake) as stream:
        stream.catch_up()
        stream.take([first, last])
        stream.take([following, late])
        stream.catch_up()
        stream.settle()
    assert_as_quiet(lake, [first, late, last, following])


def test_what_was_caught_up_with_survives_a_kill(lake: Path) -> None:
    payloads, late = [event(0), event(10), event(20)], event(5, **FAST)
    with killed(SILVER_ALERT_CHANGES.name, after=True), streaming(lake) as stream:
        stream.catch_up()
        for payload in (*payloads, late):
            stream.take([payload])
        stream.catch_up()
    assert told(lake) == [("08:05", "raised"), ("08:05", "cleared")]
    with streaming(lake) as stream:
        stream.settle()
    assert_as_quiet(lake, [*payloads, late])


def test_new_patients_are_in_mind_from_their_first_event(lake: Path) -> None:
    payloads = [event(0, "p"), event(20, "q"), event(10, "q", **FAST), event(15, "r"), event(14, "r", **FAST)]
    with streaming(lake) as stream:
        stream.catch_up()
        stream.take(payloads[:2])
        stream.take(payloads[2:])
        stream.catch_up()
        assert sorted(told(lake)) == [
            ("08:10", "cleared"), ("08:10", "raised"), ("08:14", "cleared"), ("08:14", "raised"),
        ]  # fmt: skip
        stream.settle()
    assert_as_quiet(lake, payloads)
