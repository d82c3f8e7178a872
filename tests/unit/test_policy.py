"""The alarm policy: what the presets say, what a file may change, and how mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitalake.domain.policy import CLAUSES
from vitalake.domain.policy_file import PRESETS, load_policy, parse_policy, preset, read_policy
from vitalake.errors import UserError

# From the specification's table: limits low / medium / high, delays in s, hysteresis.
DEFAULT = {
    "tachycardia": ((120, 130, 150), (120, 60, 10), 3),
    "bradycardia": ((50, 45, 41), (120, 60, 10), 3),
    "tachypnoea": ((24, 30, 35), (300, 120, 60), 2),
    "bradypnoea": ((10, 9, 7), (120, 60, 30), 1),
    "hypoxaemia_scale_1": ((92, 90, 85), (120, 30, 15), 1),
    "hypoxaemia_scale_2": ((88, 86, 84), (120, 30, 15), 1),
    "hyperoxaemia": ((92, 96, None), (900, 900, None), 1),
    "hypertension": ((180, 200, 219), (60, 60, 60), 5),
    "hypotension": ((91, 81, 71), (60, 60, 60), 5),
    "low_mean_pressure": ((None, 65, 55), (None, 60, 60), 3),
    "fever": ((38, 39, 40), (60, 60, 60), 0.3),
    "hypothermia": ((36.1, 35.1, 34), (60, 60, 60), 0.3),
    "early_warning": ((None, 4, 6), (None, 120, 120), 1),
    "single_parameter": ((2, None, None), (120, None, None), 0),
    "reduced_consciousness": ((None, "C", "P"), (None, 0, 0), 0),
}


def test_the_default_is_the_specified_one() -> None:
    written = preset().to_mapping()["alarms"]
    found = {
        name: (tuple(alarm["limits"].values()), tuple(alarm["delays_s"].values()), alarm["hysteresis"])
        for name, alarm in written.items()
    }
    assert found == DEFAULT
    assert list(written) == list(CLAUSES)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_reads_back_as_itself(name: str) -> None:
    policy = preset(name)
    assert read_policy(policy.to_mapping()) == policy
    assert read_policy(policy.to_mapping()).version == policy.version
    assert len(policy.version) == 16


def test_a_limit_may_be_taken_away() -> None:
    assert preset("critical_care").limits["early_warning"].limits == (None, None, None)


def test_equal_meaning_is_an_equal_version() -> None:
    same = """
extends: default
alarms: {fever: {limits: {low: 38}, delays_s: {low: 60.0}}}
wards: {ICU: {fever: {hysteresis: 0.3}}}
"""
    assert parse_policy(same) == preset()
    assert parse_policy(same).version == preset().version
    assert parse_policy("extends: default\nalarms: {fever: {hysteresis: 0.2}}").version != preset().version


def test_a_ward_has_what_differs() -> None:
    policy = parse_policy(
        "extends: default\nwards: {ICU: {tachycardia: {limits: {low: 125}, delays_s: {low: 0.5}}}}"
    )
    assert list(policy.wards) == ["ICU"]
    assert policy.in_ward("ICU")["tachycardia"].limits == (12500, 13000, 15000)
    assert policy.in_ward("ICU")["tachycardia"].delays_us == (500_000, 60_000_000, 10_000_000)
    assert policy.in_ward("ICU")["fever"] == policy.limits["fever"]
    assert policy.in_ward("other") == policy.in_ward(None) == preset().limits


def test_a_ward_override_follows_the_policy_it_extends() -> None:
    policy = parse_policy(
        "extends: default\nalarms: {fever: {limits: {high: 41}}}\nwards: {W: {fever: {hysteresis: 0}}}"
    )
    assert policy.in_ward("W")["fever"].limits == (3800, 3900, 4100)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: default\nalarms: {tachycardia: {limits: {medium: 110}}}",
         ("tachycardia: the limits are in the wrong order (low 120, medium 110, high 150)", "must rise")),
        ("extends: default\nalarms: {bradycardia: {limits: {high: 45}}}", ("bradycardia", "must fall")),
        ("extends: default\nwards: {ICU: {fever: {limits: {low: 39.5}}}}", ("wards: ICU: fever", "wrong order")),
        ("extends: default\nalarms: {reduced_consciousness: {limits: {medium: U}}}", ("medium U, high P", "rise")),
        ("extends: default\nalarms: {tachykardia: {}}", ("alarms has no tachykardia", "Known are tachycardia")),
        ("extends: default\nalarms: {fever: {limit: {}}}", ("fever has no limit", "limits, delays_s, hysteresis")),
        ("extends: default\nalarms: {fever: {limits: {urgent: 39}}}", ("no urgent", "low, medium, high")),
        ("extends: default\nalarms: {fever: {limits: {low: 100.4}}}", ("fever: limits: low is 100.4", "from 25 to 45")),
        ("extends: default\nalarms: {fever: {limits: {low: 38.001}}}", ("38.001", "two decimals")),
        ("extends: default\nalarms: {fever: {limits: {low: yes}}}", ("low is True", "number")),
        ("extends: default\nalarms: {fever: {limits: {low: .nan}}}", ("low is nan", "number")),
        ("extends: default\nalarms: {fever: {delays_s: {low: -1}}}", ("delays_s: low is -1", "from 0 to 86400 s")),
        ("extends: default\nalarms: {fever: {hysteresis: -1}}", ("hysteresis is -1", "from 0")),
        ("extends: default\nalarms: {low_mean_pressure: {limits: {low: 70}}}", ("low has a limit and no delay", "")),
        ("extends: default\nalarms: {reduced_consciousness: {limits: {low: A}}}", ("low is 'A'", "C, V, P, U")),
        ("extends: default\nalarms: {early_warning: {limits: {high: 21}}}", ("high is 21", "from 0 to 20")),
        ("extends: default\nwards: {7: {}}", ("wards has the name 7", "quotes")),
        ("extends: nothing", ("no policy 'nothing'", "default, critical_care")),
        ("extends: [default]", ("no policy ['default']", "default, critical_care")),
        ("alarms: {}", ("alarms has no tachycardia", "extends: default")),
        ("alerts: {}", ("has no alerts", "alarms")),
        ("- a", ("list", "mapping")),
        ("extends: default\nalarms: [fever]", ("alarms is list", "mapping")),
        ("a: [", ("not YAML", "")),
        ("extends: default\nalarms:\n  fever: {}\n  fever: {}", ("'fever' is given twice", "")),
    ],
)  # fmt: skip
def test_a_mistake_is_named(text: str, said: tuple[str, str]) -> None:
    with pytest.raises(UserError, match=r"ours\.yaml|there is no policy") as error:
        parse_policy(text, "ours.yaml")
    assert said[0] in str(error.value)
    assert said[1] in str(error.value)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text("extends: critical_care\n", "utf-8")
    assert load_policy(file) == preset("critical_care")
    with pytest.raises(UserError, match=r"none\.yaml"):
        load_policy(tmp_path / "none.yaml")
