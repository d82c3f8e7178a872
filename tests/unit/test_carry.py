"""What is carried from event to event, for how long, and what is forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from observing import carried, columns

from vitalake.domain.rules import Rules
from vitalake.silver.carry import NEVER

MINUTE, HOUR, DAY = 60, 3600, 86400
US = timedelta(microseconds=1)
LATER = {"diastolic_bp": 60}
"""An event that brings nothing that is carried."""


def after(seconds: float, less: timedelta = timedelta(0)) -> dict[str, Any]:
    return LATER | {"at": timedelta(seconds=seconds) - less}


@pytest.mark.parametrize(
    ("event", "name", "age_s"),
    [
        ({"heart_rate": 70}, "heart_rate", 15 * MINUTE),
        ({"heart_rate": 70, "method": "spot"}, "heart_rate", 6 * HOUR),
        ({"heart_rate": 70, "method": "manual"}, "heart_rate", 6 * HOUR),
        ({"pulse_rate": 70}, "heart_rate", 15 * MINUTE),
        ({"resp_rate": 14}, "resp_rate", 15 * MINUTE),
        ({"spo2": 97, "method": "spot"}, "spo2", 6 * HOUR),
        ({"systolic_bp": 120, "bp_method": "arterial"}, "systolic_bp", 15 * MINUTE),
        ({"systolic_bp": 120, "bp_method": "arterial", "method": "manual"}, "systolic_bp", 6 * HOUR),
        ({"systolic_bp": 120, "bp_method": "cuff"}, "systolic_bp", 6 * HOUR),
        ({"temperature": 37}, "temperature", 12 * HOUR),
        ({"temperature": 37, "method": "spot"}, "temperature", 12 * HOUR),
        ({"consciousness": "A"}, "consciousness", 12 * HOUR),
        ({"on_oxygen": True}, "on_oxygen", 12 * HOUR),
        ({"spo2_scale": 2}, "spo2_scale", 30 * DAY),
    ],
)
def test_a_value_is_carried_until_its_maximum_age(event: dict[str, Any], name: str, age_s: float) -> None:
    value, age = f"{name}_carried", f"{name}_age_s"
    assert columns([event, after(age_s, US)], age) == (age_s * 1_000_000 - 1) / 1_000_000
    assert columns([event, after(age_s, US)], value) == columns([event], value) is not None
    assert columns([event, after(age_s)], value, age) == [None, None]


def test_its_own_event_carries_it_at_age_0() -> None:
    assert columns([{"heart_rate": 70.25}], "heart_rate_carried", "heart_rate_age_s") == [70.25, 0.0]


def test_the_latest_value_decides_by_how_it_was_taken() -> None:
    events = [{"heart_rate": 60, "method": "spot"}, {"at": HOUR, "heart_rate": 90}, after(HOUR + 15 * MINUTE)]
    assert columns(events[:2], "heart_rate_carried") == 90
    assert columns(events, "heart_rate_carried") is None


def test_a_rejected_value_changes_nothing() -> None:
    rejected = {"at": 60, "issues": ["heart_rate:implausible"], "spo2": 97}
    assert columns([{"heart_rate": 70}, rejected], "heart_rate_carried", "heart_rate_age_s") == [70, 60]


def test_pulse_rate_stands_in_for_heart_rate_with_its_own_age() -> None:
    events = [{"heart_rate": 70}, {"at": 60, "pulse_rate": 75}, after(14 * MINUTE), after(15 * MINUTE)]
    names = ("heart_rate_carried", "heart_rate_age_s")
    assert columns(events[:2], *names) == [70, 60]
    assert columns(events[:3], *names) == [70, 14 * MINUTE]
    assert columns(events, *names) == [75, 14 * MINUTE]


def test_events_of_one_instant_follow_their_ids() -> None:
    events = [{"event_id": "b", "spo2": 91}, {"event_id": "a", "spo2": 97}, {"event_id": "B", "spo2": 99}]
    assert [value / 100 for value in carried(events).of("spo2")] == [99, 97, 91]


def test_patients_do_not_mix() -> None:
    events = [{"patient_id": "P1", "spo2": 91}, {"patient_id": "P2", "heart_rate": 70, "at": 1}]
    assert columns(events, "spo2_carried", "heart_rate_carried") == [None, 70]


class TestScale:
    def known(self, *events: dict[str, Any]) -> int | None:
        timed = [{"at": 60 * k, "diastolic_bp": 60} | event for k, event in enumerate(events)]
        scale: int | None = columns(timed, "spo2_scale_carried")
        return scale

    def test_lasts_until_changed(self) -> None:
        assert self.known({"spo2_scale": 2}, {}, {}) == 2
        assert self.known({"spo2_scale": 2}, {"spo2_scale": 1}, {}) == 1

    def test_ends_with_the_first_event_of_another_encounter(self) -> None:
        assert self.known({"spo2_scale": 2, "encounter_id": "E1"}, {"encounter_id": "E2"}) is None
        assert self.known({"spo2_scale": 2, "encounter_id": "E1"}, {"encounter_id": "E2"}, {}) is None
        assert (
            self.known(
                {"spo2_scale": 2, "encounter_id": "E1"}, {"encounter_id": "E2"}, {"encounter_id": "E1"}
            )
            is None
        )

    def test_an_event_without_encounter_is_no_other(self) -> None:
        assert self.known({"spo2_scale": 2, "encounter_id": "E1"}, {}, {"encounter_id": "E1"}) == 2

    def test_a_first_encounter_differs_from_none(self) -> None:
        assert self.known({"spo2_scale": 2}, {"encounter_id": "E1"}) == 2

    def test_the_other_encounters_own_scale_counts(self) -> None:
        other = {"encounter_id": "E2", "spo2_scale": 1}
        assert self.known({"spo2_scale": 2, "encounter_id": "E1"}, other) == 1

    def test_of_one_instant_the_encounter_ends_it_from_its_own_event_on(self) -> None:
        events = [
            {"event_id": "a", "encounter_id": "E1", "spo2_scale": 2},
            {"event_id": "b", "encounter_id": "E2"},
            {"event_id": "c", "encounter_id": "E1", "spo2_scale": 2},
        ]
        assert carried(events).of("spo2_scale").tolist() == [2, -1, 2]

    def test_is_forgotten_with_its_encounter(self) -> None:
        events = [{"encounter_id": "E1", "at": 0}, {"spo2_scale": 2, "at": DAY}]
        assert columns([*events, after(30 * DAY, US)], "spo2_scale_carried") == 2
        assert columns([*events, after(30 * DAY)], "spo2_scale_carried") is None
        assert columns([{"spo2_scale": 2, "at": DAY}, after(30 * DAY)], "spo2_scale_carried") == 2

    def test_is_forgotten_before_another_encounter_is_compared(self) -> None:
        known = [{"encounter_id": "E1", "spo2_scale": 2}, {"encounter_id": "E1", "at": 20 * DAY}]
        assert columns([*known, {"encounter_id": "E1", "at": 30 * DAY}], "spo2_scale_carried") is None


def test_the_place_is_the_latest_known_for_30_days() -> None:
    events = [{"ward": "W1", "bed": "B1"}, {"at": 1 * DAY, "ward": "W2"}, after(30 * DAY), after(31 * DAY)]
    ward, bed, device = carried(events).place.tolist()
    assert ward[1:] == [ward[1]] * 2 + [-1]
    assert bed == [bed[0], bed[0], -1, -1]
    assert device == [-1] * 4
    assert columns(events[:3], "ward_carried") == "W2"
    assert columns(events, "ward_carried") is None


def test_until_when_it_is_in_force() -> None:
    first = {"on_oxygen": True, "spo2_scale": 2, "encounter_id": "E1", "ward": "W1"}
    at = carried([first, {"at": 10, "spo2_scale": 1}])
    start = 1_772_352_000_000_000
    month = start + 30 * DAY * 1_000_000
    oxygen, scale = at.therapy_until_us.tolist()
    assert oxygen == [start + 12 * HOUR * 1_000_000] * 2
    assert scale == [month] * 2  # the encounter is forgotten before the second scale is
    assert at.place_until_us.tolist() == [[month] * 2, [NEVER] * 2, [NEVER] * 2]


def test_a_configured_maximum_age() -> None:
    rules = Rules(maximum_age_s={"spo2": {"monitor": 60}, "consciousness": HOUR})
    events = [{"spo2": 97, "consciousness": "A"}, after(60), after(HOUR)]
    assert columns(events[:2], "spo2_carried", "consciousness_carried", rules=rules) == [None, "A"]
    assert columns(events, "consciousness_carried", rules=rules) is None


def test_before_1970() -> None:
    events = [
        {"at": timedelta(days=-40_000), "spo2": 97},
        {"at": timedelta(days=-40_000, seconds=30), **LATER},
    ]
    assert columns(events, "spo2_carried", "spo2_age_s") == [97, 30]
