"""What is missing: bounds, severity, assumptions."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from observing import columns, scored

from vitalake.domain.rules import Rules

NORMAL = {
    "resp_rate": 16, "spo2": 97, "on_oxygen": False, "systolic_bp": 120, "heart_rate": 70,
    "consciousness": "A", "temperature": 37,
}  # fmt: skip
CHOICES: dict[str, list[Any]] = {
    "resp_rate": [8, 9, 16, 22, 30],
    "spo2": [80, 84, 86, 90, 93, 95, 98],
    "on_oxygen": [False, True],
    "systolic_bp": [80, 95, 105, 120, 230],
    "heart_rate": [35, 45, 70, 100, 120, 140],
    "consciousness": ["A", "V"],
    "temperature": [34, 35.5, 37, 38.5, 40],
}
RANK = ["low", "low_medium", "medium", "high"]


def without(*names: str, **values: Any) -> dict[str, Any]:
    return {name: value for name, value in (NORMAL | values).items() if name not in names}


def test_all_normal_is_low() -> None:
    assert columns([NORMAL], "news2_score", "news2_upper", "severity", "severity_upper", "risk_group") == [
        0, 0, "low", "low", "STABLE",
    ]  # fmt: skip


def test_nothing_known_scores_0_and_is_unknown() -> None:
    names = ("news2_score", "news2_missing", "news2_max_component", "news2_upper", "severity", "risk_group")
    assert columns([{"diastolic_bp": 70}], *names) == [0, 7, None, 20, "unknown", "UNKNOWN"]


@pytest.mark.parametrize(
    ("event", "score", "severity", "group"),
    [
        (without(heart_rate=140, systolic_bp=80, resp_rate=16, temperature=38.5), 7, "high", "CRITICAL"),
        (without(heart_rate=140, systolic_bp=95), 5, "medium", "MODERATE"),
        (without(heart_rate=120, systolic_bp=95, temperature=38.5), 5, "medium", "MODERATE"),
        (without(heart_rate=140, temperature=38.5), 4, "low_medium", "MODERATE"),
        (without(heart_rate=120, systolic_bp=95), 4, "low", "STABLE"),
    ],
)
def test_bands(event: dict[str, Any], score: int, severity: str, group: str) -> None:
    assert columns([event], "news2_score", "severity", "risk_group") == [score, severity, group]


def test_what_is_missing_makes_a_low_score_unknown_and_a_high_one_stays() -> None:
    assert columns([without("temperature")], "severity", "severity_upper") == ["unknown", "low_medium"]
    assert columns([without("on_oxygen")], "severity", "severity_upper") == ["low", "low"]
    high = without("temperature", heart_rate=140, systolic_bp=80, resp_rate=22)
    assert columns([high], "severity", "severity_upper") == ["high", "high"]


@pytest.mark.parametrize(
    ("spo2", "component", "upper"),
    [(97, 0, 5), (95, 0, 4), (93, 0, 3), (90, 0, 2), (84, 2, 4), (None, None, 5)],
)
def test_unknown_oxygen_may_also_raise_the_spo2_of_scale_2(
    spo2: float | None, component: int | None, upper: int
) -> None:
    event = without("on_oxygen", spo2=spo2, spo2_scale=2)
    assert columns([event], "news2_spo2", "news2_upper") == [component, upper]


@given(
    st.fixed_dictionaries({name: st.sampled_from([None, *choices]) for name, choices in CHOICES.items()}),
    st.booleans(),
)
def test_the_bounds_are_those_of_all_completions(event: dict[str, Any], scale_2: bool) -> None:
    event |= {"spo2_scale": 2 if scale_2 else 1}
    open_to = {name: CHOICES[name] if event[name] is None else [event[name]] for name in CHOICES}
    whole = [dict(zip(open_to, values, strict=True)) for values in product(*open_to.values())]
    whole = [*whole[:: max(1, len(whole) // 400)], worst(event)]
    rows = scored(
        [
            {**each, "spo2_scale": event["spo2_scale"], "patient_id": f"P{k:04}"}
            for k, each in enumerate(whole)
        ]
    )
    score, upper, severity_upper = columns([event], "news2_score", "news2_upper", "severity_upper")
    totals = rows.columns["news2_score"].to_pylist()
    assert score <= min(totals)
    assert max(totals) == upper
    assert max(rows.columns["severity"].to_pylist(), key=RANK.index) == severity_upper


def worst(event: dict[str, Any]) -> dict[str, Any]:
    """Yield a completion with the most points."""
    graver = {
        "resp_rate": 30, "spo2": 80, "on_oxygen": True, "systolic_bp": 80, "heart_rate": 140,
        "consciousness": "V", "temperature": 34,
    }  # fmt: skip
    return {name: graver[name] if event[name] is None else event[name] for name in graver}


def test_an_assumption_counts_as_known_and_is_listed() -> None:
    rules = Rules(assumptions={"consciousness": "A", "on_oxygen": False})
    event = without("consciousness", "on_oxygen")
    names = (
        "severity",
        "news2_missing",
        "news2_consciousness",
        "news2_oxygen",
        "assumed",
        "consciousness_carried",
    )
    assert columns([event], *names, rules=rules) == ["low", 0, 0, 0, ["on_oxygen", "consciousness"], None]
    assert columns([event], "qsofa_missing", "mews", rules=rules) == [0, 1]
    assert columns([NORMAL], "assumed", rules=rules) == []


def test_what_is_measured_is_never_assumed() -> None:
    rules = Rules(assumptions={"consciousness": "A"})
    assert columns([without(consciousness="V")], "news2_consciousness", "assumed", rules=rules) == [3, []]


def test_an_assumption_by_ward_goes_by_the_latest_known_ward() -> None:
    rules = Rules(
        assumptions={"on_oxygen": False}, ward_assumptions={"W2": {"consciousness": "A", "on_oxygen": None}}
    )
    event = without("consciousness", "on_oxygen")
    assert columns([event], "assumed", rules=rules) == ["on_oxygen"]
    assert columns([event | {"ward": "W1"}], "assumed", rules=rules) == ["on_oxygen"]
    assert columns([event | {"ward": "W2"}], "assumed", rules=rules) == ["consciousness"]
    assert columns([{"ward": "W2", "heart_rate": 70}, event | {"at": 60}], "assumed", rules=rules) == [
        "consciousness"
    ]


def test_an_assumed_vital_gives_points_and_no_ratio() -> None:
    rules = Rules(assumptions={"heart_rate": 130.5, "temperature": 37})
    event = without("heart_rate", "temperature")
    assert columns([event], "news2_heart_rate", "news2_score", "shock_index", rules=rules) == [3, 3, None]


def test_what_alarms_look_at() -> None:
    scores = scored([{"resp_rate": 30, "on_oxygen": True}, {"at": 7200, "diastolic_bp": 60}])
    assert scores.news2_score.tolist() == [5, 2]
    assert scores.news2_max_component.tolist() == [3, 2]
    assert scores.news2_known.tolist() == [2, 1]
    assert scored([{"diastolic_bp": 60}]).news2_max_component.tolist() == [-1]
