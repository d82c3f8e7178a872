"""What the nine answers say of tables whose answer is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from asking import asked

from vitalake.analytics.catalogue import question, questions
from vitalake.domain.vitals import NEWS2_INPUTS
from vitalake.errors import UserError

DAY = date(2026, 1, 5)
HOUR = datetime(2026, 1, 5, 8, tzinfo=UTC)


def association(vital: str, values: np.ndarray, scores: np.ndarray, **more: Any) -> dict[str, Any]:
    """One row of gold_vital_severity_association, of readings in hundredths."""
    values, scores = values.astype(int), scores.astype(int)
    return {
        "day": DAY,
        "vital": vital,
        "n": len(values),
        "value_sum": int(values.sum()),
        "value_sum_sq": int((values * values).sum()),
        "score_sum": int(scores.sum()),
        "score_sum_sq": int((scores * scores).sum()),
        "value_score_sum": int((values * scores).sum()),
    } | more


def test_there_are_nine_questions_each_with_a_shown_answer() -> None:
    assert [each.number for each in questions()] == list(range(1, 10))
    for each in questions():
        assert each.asks.endswith("?")
        assert any(part.shown for part in each.parts)
        for part in each.parts:
            assert part.caption
            assert part.columns
            assert part.row_header in part.shown_names
            assert set(part.hidden) - {""} <= {column.name for column in part.columns}


def test_an_unknown_question_is_told() -> None:
    with pytest.raises(UserError, match=r"no question 10.*1 to 9"):
        question(10)


@pytest.mark.parametrize("number", range(1, 10))
def test_an_empty_gold_has_empty_answers(number: int) -> None:
    empty = asked(number)
    assert [column.name for part, _ in empty.shown for column in part.shown_columns] == [
        name for _, table in empty.shown for name in table.column_names
    ]
    assert empty.sentence.endswith(".")


def test_correlations_are_those_of_the_readings_whatever_their_days_and_wards() -> None:
    random = np.random.default_rng(7)
    scores = random.integers(0, 12, 400)
    values = 8000 + 250 * scores + random.integers(-900, 900, 400)
    high = np.maximum(values - 9000, 0)
    rows = [
        association(
            "heart_rate",
            values[part],
            scores[part],
            ward=ward,
            high_n=int((high[part] > 0).sum()),
            high_sum=int(high[part].sum()),
            high_sum_sq=int((high[part] ** 2).sum()),
            high_score_sum=int((high[part] * scores[part]).sum()),
        )
        for ward, part in (("A", slice(0, 150)), ("B", slice(150, 400)))
    ]
    answer = asked(1, gold_vital_severity_association=rows)
    (found,) = answer.rows["vitals"]
    assert "Heart rate goes with severity most: it rises with NEWS2 of the other inputs" in answer.sentence
    assert "heart rate above its band" in answer.sentence
    assert found["n"] == 400
    assert found["r"] == pytest.approx(np.corrcoef(values, scores)[0, 1], abs=1e-12)
    assert found["high_r"] == pytest.approx(np.corrcoef(high, scores)[0, 1], abs=1e-12)
    assert found["low_r"] is None
    assert found["r_from"] < found["r"] < found["r_to"]


def test_a_vital_that_never_changes_correlates_with_nothing() -> None:
    rows = [association("spo2", np.full(50, 9700), np.arange(50))]
    answer = asked(1, gold_vital_severity_association=rows)
    assert answer.rows["vitals"][0]["r"] is None
    assert answer.sentence == "There are too few readings to correlate yet: fewer than 10 of each vital."


def test_readings_are_counted_by_charted_value_and_score_of_the_others() -> None:
    rows = [
        {"patient_id": f"p{place}", "vital": vital, "value": value, "other_score": score}
        for place, (vital, value, score) in enumerate(
            [
                ("heart_rate", 69.5, 1),
                ("heart_rate", 70.49, 1),
                ("heart_rate", 70.5, 1),
                ("heart_rate", 70.0, None),
                ("temperature", 36.65, 0),
            ]
        )
    ]
    found = asked(1, silver_readings=rows).rows["readings"]
    assert [tuple(row.values()) for row in found] == [
        ("heart_rate", 70.0, 1, 2),
        ("heart_rate", 71.0, 1, 1),
        ("temperature", 36.7, 0, 1),
    ]


def test_the_effect_before_critical_alerts_is_cohens_d() -> None:
    random = np.random.default_rng(3)
    before, rest = random.integers(9000, 13000, 30), random.integers(6000, 11000, 200)
    both = np.concatenate([before, rest])
    row = association(
        "heart_rate",
        both,
        np.zeros(230),
        before_n=30,
        before_sum=int(before.sum()),
        before_sum_sq=int((before**2).sum()),
        high_sum=1,
        high_n=90,
        before_high_n=24,
        low_n=5,
    )
    answer = asked(2, gold_vital_severity_association=[row])
    (found,) = answer.rows["vitals"]
    assert f"heart rate (+{found['effect']:.2f} standard deviations, " in answer.sentence
    assert "/min, n = 30)" in answer.sentence
    pooled = np.sqrt((29 * before.var(ddof=1) + 199 * rest.var(ddof=1)) / 228)
    assert found["effect"] == pytest.approx((before.mean() - rest.mean()) / pooled, rel=1e-9)
    assert found["before_mean"] == pytest.approx(before.mean() / 100)
    assert (found["before_outside_pct"], found["rest_outside_pct"]) == (80.0, 100 * 71 / 200)
    assert found["effect_from"] < found["effect"] < found["effect_to"]


@pytest.mark.parametrize(("n", "told"), [(0, "No reading lies"), (9, "at most 9 of one."), (10, "n = 10)")])
def test_few_readings_before_critical_alerts_rank_no_vital(n: int, told: str) -> None:
    values = np.arange(6000, 6100)
    before = values[:n]
    row = association(
        "heart_rate",
        values,
        np.zeros(100),
        before_n=n,
        before_sum=int(before.sum()),
        before_sum_sq=int((before**2).sum()),
    )
    assert told in asked(2, gold_vital_severity_association=[row]).sentence


def snapshot(
    patient: str, *points: int, ward: str | None = "A", ago_h: float = 0, lasts_h: float = 24
) -> dict[str, Any]:
    """A patient last seen a while ago, with the components that were known then and how long they hold."""
    seen = HOUR - timedelta(hours=ago_h)
    known = dict(zip(NEWS2_INPUTS, points, strict=False))
    return {
        "patient_id": patient,
        "ward": ward,
        "as_of": seen,
        "assumed": [],
        **{f"news2_{name.removeprefix('on_')}": points for name, points in known.items()},
        **{f"{name}_until": seen + timedelta(hours=lasts_h) for name in known},
    }


def test_patients_are_ranked_unknown_before_stable_and_wards_by_their_critical_share() -> None:
    rows = [
        snapshot("stable", 1, 1, 0, 1, 0, 0, 0),
        snapshot("unknown", 0, 0, ward=None),
        snapshot("worse", 3, 3, 0, 3, 0, 0, 0, ward="B"),
        snapshot("worst", 3, 3, 0, 3, 0, 0, ward="B"),
        snapshot("middling", 2, 2, 0, 1, 0, 0, 0),
    ]
    found = asked(3, gold_patient_risk_snapshot=rows)
    assert [row["patient_id"] for row in found.rows["patients"]] == [
        "worst",
        "worse",
        "middling",
        "unknown",
        "stable",
    ]
    assert [(row["ward"], row["patients"], row["critical"]) for row in found.rows["wards"]] == [
        ("B", 2, 2),
        ("A", 2, 0),
        ("(unknown)", 1, 0),
    ]
    assert "2 of 5 patients (40 %) seen in the last 12 h are CRITICAL" in found.sentence
    assert "worst with a NEWS2 of 9" in found.sentence
    assert "not seen" not in found.sentence


def test_who_is_at_risk_now_is_judged_at_the_newest_event() -> None:
    rows = [
        snapshot("gone", 3, 3, 0, 3, 0, 0, 0, ago_h=12, lasts_h=1000),
        snapshot("silent", 3, 3, 0, 3, 0, 0, 0, ago_h=2, lasts_h=1),
        snapshot("here", 0, 0, 0, 0, 0, 0, 0) | {"observation_interval_h": 12},
        snapshot("due", 0, 0, 0, 0, 0, 0, 0, ago_h=5) | {"observation_interval_h": 4},
    ]
    found = asked(3, gold_patient_risk_snapshot=rows)
    assert [(row["patient_id"], row["risk_group"], row["last_seen_h"]) for row in found.rows["patients"]] == [
        ("silent", "UNKNOWN", 2.0),
        ("here", "STABLE", 0.0),
        ("due", "STABLE", 5.0),
    ]
    (ward,) = found.rows["wards"]
    assert (ward["patients"], ward["critical"], ward["unknown"], ward["not_seen"]) == (3, 0, 1, 1)
    assert found.sentence.endswith(" 1 more were not seen in these 12 h and are not ranked.")
    assert [(row["patient_id"], row["overdue_h"]) for row in found.rows["overdue"]] == [("due", 1.0)]


def test_who_generates_most_alerts_over_days_with_share_and_burden() -> None:
    rows = [
        {"patient_id": "a", "day": DAY, "episodes": 4, "high_episodes": 1, "monitored_minutes": 1440.0},
        {"patient_id": "a", "day": date(2026, 1, 6), "episodes": 2, "monitored_minutes": 720.0},
        {"patient_id": "b", "day": DAY, "episodes": 3, "monitored_minutes": 720.0},
        {"patient_id": "c", "day": DAY, "technical_episodes": 9, "monitored_minutes": 60.0},
        {"patient_id": "d", "day": DAY, "monitored_minutes": 60.0},
    ]
    found = asked(4, gold_alert_frequency=rows)
    told = [
        (row["rank"], row["patient_id"], row["episodes"], row["cumulative_pct"], row["per_day"])
        for row in found.rows["patients"]
    ]
    assert told == [
        (1, "a", 6, pytest.approx(200 / 3), 4.0),
        (2, "b", 3, 100.0, 6.0),
        (3, "c", 0, 100.0, 0.0),
    ]
    assert "a had most: 6 of 9 episodes (67 %), 4.0 a monitored day" in found.sentence


def summary(alert_type: str, origin: str, episodes: int, **more: Any) -> dict[str, Any]:
    return {"alert_type": alert_type, "origin": origin, "priority": "medium", "episodes": episodes} | more


def test_types_are_ranked_within_their_origin_and_never_added_up() -> None:
    rows = [
        summary("hypoxaemia", "physiological", 3),
        summary("hypoxaemia", "physiological", 2, priority="high", hour=datetime(2026, 1, 5, 9, tzinfo=UTC)),
        summary("fever", "physiological", 5, recovered=4),
        summary("hypoxaemia", "device", 9, same_episodes=4),
        summary("silence", "technical", 7),
    ]
    present = [{"patient_id": "p", "present_us": 86_400_000_000}]
    found = asked(5, gold_alert_summary=rows, gold_monitored_time=present).rows["types"]
    assert [(row["origin"], row["rank"], row["alert_type"], row["share_pct"]) for row in found] == [
        ("physiological", 1, "fever", 50.0),
        ("physiological", 1, "hypoxaemia", 50.0),
        ("device", 1, "hypoxaemia", 100.0),
        ("technical", 1, "silence", 100.0),
    ]
    assert [row["per_100_days"] for row in found] == [500.0, 500.0, 900.0, 700.0]
    assert [row["high_episodes"] for row in found] == [0, 2, 0, 0]
    assert found[0]["resolved_pct"] == 80.0


def test_episodes_near_the_limit_are_those_whose_extreme_lay_in_the_first_step() -> None:
    def breach(margin_bin: int, episodes: int, minutes: float, **more: Any) -> dict[str, Any]:
        place = {"margin_from": 5.0 * margin_bin + 1, "margin_to": 5.0 * margin_bin + 5}
        limit = {"vital": "heart_rate", "alert_type": "tachycardia", "priority": "low", "limit_value": 120.0}
        return limit | place | {"margin_bin": margin_bin, "episodes": episodes, "minutes": minutes} | more

    rows = [
        breach(-1, 0, 30.0),
        breach(0, 6, 12.0, ward="A"),
        breach(0, 3, 6.0, ward="B"),
        breach(1, 3, 6.0),
        breach(1, 0, 50.0, vital="pulse_rate"),
    ]
    found = asked(6, gold_threshold_breaches=rows)
    (limit,) = found.rows["limits"]
    names = ("episodes", "near_episodes", "near_pct", "beyond_min", "near_time_pct", "short_min", "step")
    assert [limit[name] for name in names] == [12, 9, 75.0, 24.0, 75.0, 30.0, 5.0]
    assert "9 of 12 episodes (75 %) went no farther" in found.sentence


def quality(table: str, column: str, **more: Any) -> dict[str, Any]:
    return {"hour": HOUR, "table_name": table, "column_name": column, "row_count": 10} | more


def test_vitals_are_populated_in_the_patient_hours_that_have_a_value() -> None:
    rows = [
        quality("gold_patient_hour", "spo2_min", patient_hours=10, valid_patient_hours=9),
        quality(
            "gold_patient_hour",
            "spo2_min",
            patient_hours=30,
            valid_patient_hours=15,
            hour=datetime(2026, 1, 5, 9, tzinfo=UTC),
        ),
        quality("gold_patient_hour", "mean_bp_min", patient_hours=40, valid_patient_hours=0),
        quality("gold_patient_risk_snapshot", "spo2", null_count=1),
    ]
    found = asked(7, gold_data_quality=rows)
    spo2, pressure = found.rows["vitals"]
    assert (spo2["vital"], spo2["completeness_pct"], spo2["worst_hour_pct"]) == ("spo2", 60.0, 50.0)
    assert (spo2["patients"], spo2["snapshot_null_pct"]) == (10, 10.0)
    assert (pressure["vital"], pressure["completeness_pct"], pressure["patients"]) == ("mean_bp", 0.0, None)
    assert "SpO2 is best populated, in 60 % of patient-hours" in found.sentence


def test_attributes_are_judged_by_nulls_by_empty_hours_and_by_what_was_rejected() -> None:
    shared = {"patient_hours": 5, "row_count": 1000}
    rows = [
        quality(
            "silver_observations",
            "spo2",
            null_count=10,
            implausible=9,
            unusable=1,
            **(shared | {"valid_patient_hours": 5}),
        ),
        quality("silver_observations", "fio2", null_count=990, **(shared | {"valid_patient_hours": 1})),
        quality("silver_observations", "alert_code", null_count=999, **(shared | {"valid_patient_hours": 1})),
    ]
    found = asked(8, gold_data_quality=rows)
    told = [(row["kind"], row["attribute"], row["null_pct"]) for row in found.rows["attributes"]]
    assert told == [("measured", "fio2", 99.0), ("measured", "spo2", 1.0), ("alert", "alert_code", 99.9)]
    assert [row["rejected_per_10000"] for row in found.rows["attributes"]] == [0.0, 100.0, 0.0]
    assert [row["empty_hours_pct"] for row in found.rows["attributes"]] == [80.0, 0.0, 80.0]


def test_reliability_counts_messages_hours_and_the_newest_verdicts() -> None:
    rows = [
        quality("silver_observations", "*", row_count=96, patient_hours=8, reliability=0.75, delay_p50_s=2.0),
        quality("silver_quarantine", "*", row_count=3),
        quality("silver_duplicates", "*", row_count=1),
    ]
    severities = [
        {"severity": "low", "patient_seconds": 9000.0},
        {"severity": "unknown", "patient_seconds": 1000.0},
    ]
    verdicts = [
        {"run_id": "old", "expectation": "rule", "verdict": "fail", "checked_at": HOUR},
        {
            "run_id": "new",
            "expectation": "rule",
            "verdict": "pass",
            "checked_at": datetime(2026, 1, 6, tzinfo=UTC),
        },
        {
            "run_id": "new",
            "expectation": "other",
            "verdict": "warn",
            "checked_at": datetime(2026, 1, 6, tzinfo=UTC),
        },
    ]
    found = asked(
        9, gold_data_quality=rows, gold_severity_distribution=severities, gold_quality_checks=verdicts
    )
    assert [(row["share_pct"], row["n"]) for row in found.rows["measures"]] == [
        (96.0, 100),
        (3.0, 100),
        (1.0, 100),
        (75.0, 8),
        (90.0, 3),
        (100.0, 1),
    ]
    assert [(row["expectation"], row["verdict"]) for row in found.rows["checks"]] == [
        ("other", "warn"),
        ("rule", "pass"),
    ]
    assert "Quality gate: 1 pass, 1 warn (other)." in found.sentence
