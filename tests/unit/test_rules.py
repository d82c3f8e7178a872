"""The configuration that shapes results: equal meaning is equal text; what is wrong is said."""

import json
from typing import Any

import pytest

from vitalake.domain.rules import Rules
from vitalake.errors import UserError


def test_the_defaults() -> None:
    rules = Rules()
    assert (rules.window_us, rules.windows_in_baseline, rules.grace_us) == (900_000_000, 4, 120_000_000)
    assert rules.age_us("heart_rate", charted=False) == 900_000_000
    assert rules.age_us("heart_rate", charted=True) == 21_600_000_000
    assert {rules.age_us(name, charted=True) for name in ("temperature", "consciousness", "on_oxygen")} == {
        43_200_000_000
    }
    assert rules.assumptions == {}
    assert rules.assumed_in("W1") == {}


def test_it_survives_its_text() -> None:
    rules = Rules(
        window_minutes=5,
        grace_s=0,
        maximum_age_s={"spo2": {"monitor": 600}, "on_oxygen": 3600},
        assumptions={"consciousness": "A", "temperature": 37},
        ward_assumptions={"Süd 3": {"consciousness": None, "on_oxygen": False}},
        policy={"tachycardia": 1},
        device_alarms={"BEEP": ["device_fault", None]},
    )
    again = Rules.from_json(rules.to_json())
    assert again == rules
    assert (again.to_json(), again.version, hash(again)) == (rules.to_json(), rules.version, hash(rules))
    assert again.assumed_in("Süd 3") == {"on_oxygen": False, "temperature": 37.0}
    assert (
        again.assumed_in("elsewhere") == again.assumed_in(None) == {"consciousness": "A", "temperature": 37.0}
    )


@pytest.mark.parametrize(
    "same",
    [
        {"window_minutes": 15},
        {"maximum_age_s": {"spo2": {"monitor": 900, "charted": 21_600}, "temperature": 43_200}},
        {"assumptions": {"consciousness": None}, "ward_assumptions": {"W1": {"on_oxygen": None}, "W2": {}}},
        {"device_alarms": {"** HR_High": ["tachycardia", "medium"]}},
    ],
)
def test_saying_the_default_changes_nothing(same: dict[str, Any]) -> None:
    assert Rules(**same) == Rules()
    assert Rules(**same).version == Rules().version


@pytest.mark.parametrize(
    "other",
    [
        {"grace_s": 60},
        {"maximum_age_s": {"spo2": 60}},
        {"assumptions": {"on_oxygen": False}},
        {"policy": "x"},
        {"device_alarms": {"HR High": ["tachycardia", "high"]}},
    ],
)
def test_another_meaning_is_another_version(other: dict[str, Any]) -> None:
    assert Rules(**other).version != Rules().version


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"window_minutes": 7}, "window_minutes"),
        ({"window_minutes": 0}, "window_minutes"),
        ({"window_minutes": True}, "window_minutes"),
        ({"window_minutes": "15"}, "window_minutes"),
        ({"grace_s": -1}, "grace_s"),
        ({"maximum_age_s": {"pulse": 60}}, "pulse"),
        ({"maximum_age_s": {"spo2_scale": 60}}, "spo2_scale"),
        ({"maximum_age_s": {"spo2": 0}}, "spo2"),
        ({"maximum_age_s": {"spo2": {"spot": 60}}}, "spot"),
        ({"maximum_age_s": {"spo2": 31 * 86_400}}, "spo2"),
        ({"maximum_age_s": 60}, "maximum_age_s"),
        ({"assumptions": {"mean_bp": 80}}, "mean_bp"),
        ({"assumptions": {"consciousness": "X"}}, "consciousness"),
        ({"assumptions": {"on_oxygen": "no"}}, "on_oxygen"),
        ({"assumptions": {"heart_rate": 500}}, "heart_rate"),
        ({"assumptions": {"heart_rate": True}}, "heart_rate"),
        ({"ward_assumptions": {"W1": {"heart_rate": 5}}}, "W1"),
        ({"ward_assumptions": ["W1"]}, "ward_assumptions"),
        ({"window": 15}, "window"),
        ({"device_alarms": ["BEEP"]}, "device_alarms is list"),
        ({"device_alarms": {"BEEP": "device_fault"}}, "'BEEP'"),
        ({"device_alarms": {"***": ["apnoea", None]}}, "code is empty"),
        ({"device_alarms": {"A_B": ["apnoea", None], "ab": ["asystole", None]}}, "'ab', which stands above"),
        ({"device_alarms": {"BEEP": ["beep", None]}}, "'BEEP': alert_type is 'beep'"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named) as raised:
        Rules.from_mapping(wrong)
    assert raised.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_a_text_that_is_no_rules(text: str) -> None:
    with pytest.raises(UserError):
        Rules.from_json(text)


def test_the_text_has_every_default_written_out() -> None:
    text = json.loads(Rules().to_json())
    assert text["maximum_age_s"]["heart_rate"] == {"monitor": 900, "charted": 21_600}
