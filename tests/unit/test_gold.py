"""What the numbers of Gold mean, on small lakes counted by hand."""

import itertools
import math

import pytest
from reference.memory_lake import MemoryLake
from reference.silver_rows import alert, alerts, at, messages, observation, observations, summaries

from vitalake.gold.definitions import CURRENT, current_view, gold_table
from vitalake.stages.curate import RunInfo, curate


def curated(rows, episodes=(), **tables):
    """Yield a function that gives the rows of a Gold table, of a lake with these observations and episodes."""
    lake = MemoryLake()
    lake.tables |= {
        "silver_observations": observations(rows),
        "bronze_events": messages(rows),
        "silver_alerts": alerts(list(episodes)),
        **summaries(rows),
        **tables,
    }
    ticks = itertools.count()
    curate(lake, run=RunInfo("run", lambda: at(10_000 + next(ticks))), batch=1, whole=True).refuse()
    return lambda name: lake.content(gold_table(name).table)


def one(rows, **values):
    """Yield the only row with these values."""
    (row,) = [row for row in rows if all(row[name] == value for name, value in values.items())]
    return row


def test_severity_lasts_to_the_next_event_and_is_cut_at_hours():
    gold = curated(
        [
            observation("p", 30, "a", severity="high"),
            observation("p", 150, "b", severity="low"),
            observation("p", 160, "c", severity="medium"),
        ]
    )
    spent = [
        (row["hour"], row["high_s"], row["low_s"], row["medium_s"], row["observations"])
        for row in gold("gold_patient_hour")
    ]
    assert spent == [
        (at(0), 1800.0, 0.0, 0.0, 1),
        (at(60), 3600.0, 0.0, 0.0, 0),
        (at(120), 1800.0, 600.0, 0.0, 2),
    ]


def test_severity_lasts_12_hours_at_most_and_the_last_event_none():
    gold = curated([observation("p", 0, "a", severity="high"), observation("p", 60 * 20, "b")])
    hours = gold("gold_patient_hour")
    assert [row["hour"] for row in hours] == [*(at(60 * h) for h in range(12)), at(60 * 20)]
    assert sum(row["high_s"] for row in hours) == 12 * 3600
    assert hours[-1]["low_s"] == 0


def test_of_events_at_one_instant_the_greater_id_is_the_later():
    gold = curated(
        [
            observation("p", 0, "b", severity="high"),
            observation("p", 0, "a", severity="low"),
            observation("p", 10, "c", severity="low"),
        ]
    )
    (hour,) = gold("gold_patient_hour")
    assert (hour["high_s"], hour["low_s"], hour["observations"]) == (600.0, 0.0, 3)


def test_vitals_of_an_hour_are_exact_sums():
    gold = curated(
        [
            observation("p", 0, "a", temperature=36.6),
            observation("p", 20, "b", temperature=39.1, heart_rate=80.0),
            observation("p", 40, "c"),
        ]
    )
    (hour,) = gold("gold_patient_hour")
    assert (hour["temperature_n"], hour["temperature_sum"]) == (2, 7570)
    assert hour["temperature_sum_sq"] == 3660**2 + 3910**2
    assert (hour["temperature_min"], hour["temperature_max"]) == (36.6, 39.1)
    assert (hour["heart_rate_n"], hour["spo2_n"], hour["spo2_sum"]) == (1, 0, None)


def test_distribution_goes_by_the_ward_known_at_each_event():
    gold = curated(
        [
            observation("p", 0, "a", ward_carried="A"),
            observation("p", 30, "b", ward_carried="B"),
            observation("p", 40, "c", ward_carried="B"),
            observation("q", 10, "d", ward_carried="A"),
        ]
    )
    spent = {
        (row["ward"], row["severity"]): (row["patients"], row["patient_seconds"], row["observations"])
        for row in gold("gold_severity_distribution")
    }
    assert spent == {("A", "low"): (2, 1800.0, 2), ("B", "low"): (1, 600.0, 2)}


def test_snapshot_speaks_as_of_the_last_event():
    gold = curated(
        [
            observation("p", 0, "a", heart_rate=70.0, severity="low"),
            observation(
                "p", 300, "b", heart_rate=90.0, severity="high", heart_rate_carried=90.0, heart_rate_age_s=0.0
            ),
        ]
    )
    (row,) = gold("gold_patient_risk_snapshot")
    assert (row["as_of"], row["as_of_event_id"], row["severity"]) == (at(300), "b", "high")
    assert (row["heart_rate"], row["heart_rate_age_s"], row["heart_rate_until"]) == (90.0, 0.0, at(315))
    assert row["news2_change_4h"] == 8 - 1
    assert (row["heart_rate_mean_24h"], row["heart_rate_min_24h"], row["heart_rate_max_24h"]) == (
        80.0,
        70.0,
        90.0,
    )
    assert math.isclose(row["heart_rate_sd_24h"], math.sqrt(200))
    assert (row["low_24h_s"], row["high_24h_s"]) == (300 * 60.0, 0.0)


@pytest.mark.parametrize(
    ("values", "minutes"),
    [
        ({"method": "monitor"}, 15),
        ({"method": "spot"}, 6 * 60),
        ({"method": "monitor", "bp_method": "cuff"}, 6 * 60),
        ({"method": "monitor", "bp_method": "arterial"}, 15),
    ],
)
def test_a_pressure_counts_for_its_maximum_age(values, minutes):
    taken = observation("p", 0, "a", systolic_bp=120.0, **values)
    latest = observation("p", 5, "b", systolic_bp_carried=120.0, systolic_bp_age_s=300.0)
    if "bp_method" not in values and values["method"] == "monitor":
        minutes = 6 * 60  # a monitor's pressure without a method is no arterial one
    (row,) = curated([taken, latest])("gold_patient_risk_snapshot")
    assert row["systolic_bp_until"] == at(minutes)


def test_24_hours_are_the_clock_hour_and_the_23_before():
    gold = curated(
        [
            observation("p", 59, "before", heart_rate=200.0),
            observation("p", 60, "within", heart_rate=100.0),
            observation("p", 60 * 24 + 30, "last", heart_rate=50.0),
        ]
    )
    (row,) = gold("gold_patient_risk_snapshot")
    assert (row["heart_rate_max_24h"], row["observations_24h"]) == (100.0, 2)


def test_observation_interval_is_kept_by_the_share_of_time_without_delay():
    gold = curated(
        [
            observation("p", 0, "a", severity="medium", heart_rate=80.0),  # due within 1 h
            observation("p", 180, "b", severity="low", heart_rate=80.0),  # 2 h late
            observation("p", 240, "c", severity="high", heart_rate=80.0),
        ]
    )
    (row,) = gold("gold_patient_risk_snapshot")
    assert (row["observation_interval_h"], row["overdue_24h_s"], row["interval_kept_24h"]) == (0, 7200.0, 0.5)


def test_alerts_of_a_snapshot_are_told_by_origin_and_the_same_counted_once():
    gold = curated(
        [observation("p", 0, "a"), observation("p", 600, "b")],
        [
            alert("1", "p", 100, None, priority="high"),
            alert("2", "p", 120, 130, origin="device"),
            alert("3", "p", 140, 150, origin="device", alert_type="asystole"),
            alert("4", "p", 601, None),
            alert("5", "p", 400, None, origin="device", priority="high"),  # told by 1 too
            alert("6", "p", 200, 300, alert_type="bradycardia"),  # over, 7 goes on
            alert("7", "p", 250, None, origin="device", alert_type="bradycardia", priority="high"),
            alert("8", "p", 260, 270, alert_type="apnoea"),
            alert(
                "9", "p", 265, None, origin="device", alert_type="apnoea", priority="high"
            ),  # now told by 10
            alert("10", "p", 300, None, alert_type="apnoea", priority="low"),
        ],
    )
    (row,) = gold("gold_patient_risk_snapshot")
    assert (row["physiological_alerts_active"], row["device_alerts_active"]) == (2, 3)
    active = [row[f"{priority}_alerts_active"] for priority in ("high", "medium", "low")]
    assert active == [3, 0, 0]  # 1 with 5, 7 alone, 10 with 9
    assert (row["physiological_alerts_24h"], row["device_alerts_24h"], row["same_alerts_24h"]) == (4, 5, 4)


def test_quality_tells_nulls_issues_and_completeness_by_hour():
    gold = curated(
        [
            observation("p", 0, "a", spo2=97.0, issues=["heart_rate:coerced"], heart_rate=80.0),
            observation("p", 10, "b", issues=["spo2:implausible"], news2_missing=4),
            observation("q", 20, "c", issues=["spo2:not_a_number", "alert:bad_text"], news2_missing=2),
        ]
    )
    rows = gold("gold_data_quality")
    spo2 = one(rows, table_name="silver_observations", column_name="spo2")
    assert (spo2["row_count"], spo2["null_count"], spo2["implausible"], spo2["unusable"]) == (3, 2, 1, 1)
    assert (spo2["patient_hours"], spo2["valid_patient_hours"], spo2["completeness"]) == (2, 1, 0.5)
    assert one(rows, table_name="silver_observations", column_name="heart_rate")["coerced"] == 1
    assert one(rows, table_name="silver_observations", column_name="alert_code")["unusable"] == 1
    whole = one(rows, table_name="silver_observations", column_name="*")
    assert whole["reliability"] == 0.5
    measured = one(rows, table_name="gold_patient_hour", column_name="spo2_min")
    assert (measured["row_count"], measured["null_count"], measured["null_pct"]) == (2, 1, 50.0)


def test_only_messages_from_kafka_have_an_arrival_delay():
    """A file does not tell when its messages came: one of last year that is read today is not late."""
    sent = {"source": "kafka://host:9092/vitals"}
    gold = curated(
        [
            observation("p", 0, "a", **sent),
            observation("p", 10, "b", ingest_time=at(10_000)),
            observation("p", 20, "c", ingest_time=at(22), **sent),
            observation("p", 70, "d", ingest_time=at(10_000)),
        ]
    )
    rows = [row for row in gold("gold_data_quality") if row["table_name"] == "silver_observations"]
    delays = {
        row["hour"]: (row["delay_p50_s"], row["delay_p99_s"]) for row in rows if row["column_name"] == "*"
    }
    assert delays == {at(0): (3.0, 120.0), at(60): (None, None)}


EPISODES = [
    alert("1", "p", 10, 20, limit_value=120.0, margin=4.0),
    alert("2", "p", 30, 45, cleared_by="expiry", limit_value=120.0, margin=11.0),
    alert("3", "p", 32, 33, origin="device"),
    alert("4", "q", 40, None, limit_value=120.0, margin=1.0),
    alert("5", "q", 70, 80, origin="device", alert_type="asystole", priority="high"),
]


def test_alert_summary_counts_in_the_hour_of_the_raise_and_tells_how_they_ended():
    gold = curated([observation("p", 0, "a"), observation("q", 100, "b")], EPISODES)
    rows = gold("gold_alert_summary")
    own = one(rows, alert_type="tachycardia", origin="physiological")
    assert (own["hour"], own["episodes"], own["patients"], own["open"]) == (at(0), 3, 2, 1)
    assert (own["recovered"], own["expired"], own["duration_p50_s"], own["duration_p90_s"]) == (
        1,
        1,
        660.0,
        660.0,
    )
    assert one(rows, alert_type="tachycardia", origin="device")["same_episodes"] == 1
    assert one(rows, alert_type="asystole")["hour"] == at(60)


def test_alert_frequency_counts_the_same_alarm_once_and_knows_the_time_monitored():
    gold = curated(
        [observation("p", 0, "a"), observation("p", 90, "c"), observation("q", 100, "b")], EPISODES
    )
    rows = gold("gold_alert_frequency")
    of_p = one(rows, patient_id="p")
    assert (of_p["episodes"], of_p["physiological_episodes"], of_p["device_episodes"]) == (2, 2, 1)
    assert (of_p["tachycardia_episodes"], of_p["medium_episodes"], of_p["monitored_minutes"]) == (2, 2, 90.0)
    of_q = one(rows, patient_id="q")
    assert (of_q["episodes"], of_q["asystole_episodes"], of_q["high_episodes"]) == (2, 1, 1)
    assert of_q["monitored_minutes"] == 0


def test_thresholds_have_minutes_on_both_sides_and_episodes_beyond():
    gold = curated(
        [
            observation("p", 0, "a", method="spot", heart_rate=120.0),
            observation("p", 10, "b", method="spot", heart_rate=121.0),
            observation("p", 30, "c", method="spot", heart_rate=126.4),
            observation("p", 60, "d"),
        ],
        EPISODES[:3],
    )
    rows = [
        row
        for row in gold("gold_threshold_breaches")
        if (row["vital"], row["alert_type"], row["priority"]) == ("heart_rate", "tachycardia", "low")
    ]
    minutes = {row["margin_bin"]: (row["margin_from"], row["margin_to"], row["minutes"]) for row in rows}
    assert minutes == {-1: (-4.0, 0.0, 10.0), 0: (1.0, 5.0, 20.0), 1: (6.0, 10.0, 30.0)}
    beyond = {
        (row["priority"], row["margin_bin"]): row["episodes"]
        for row in gold("gold_threshold_breaches")
        if row["episodes"]
    }
    assert beyond == {("medium", 0): 1, ("medium", 2): 1}


COMPONENTS = dict.fromkeys(
    ("news2_resp_rate", "news2_spo2", "news2_systolic_bp", "news2_heart_rate", "news2_temperature"), 0
)


def associations(rows, episodes=()):
    """Yield the rows of the association by vital, of observations whose components are known."""
    known = [observation(*row[:3], **COMPONENTS | row[3]) for row in rows]
    return {row["vital"]: row for row in curated(known, episodes)("gold_vital_severity_association")}


def test_a_patient_hour_has_one_reading_against_the_severity_without_its_own_component():
    found = associations(
        [
            ("p", 1, "a", {"spo2": 95.0, "news2_score": 9, "news2_spo2": 1}),
            ("p", 2, "b", {"spo2": 90.0, "news2_score": 7, "news2_spo2": 3}),
            ("p", 3, "c", {"spo2": 97.0, "news2_score": 5}),
            ("p", 4, "d", {"spo2": 99.0, "news2_score": 4, "method": "spot"}),
            ("p", 61, "e", {"spo2": 91.4, "news2_score": 5, "news2_spo2": 3, "method": "spot"}),
            ("p", 62, "f", {"spo2": 93.4, "news2_score": 4, "news2_spo2": 2, "method": "manual"}),
        ]
    )
    spo2 = found["spo2"]
    assert (spo2["n"], spo2["value_sum"], spo2["value_sum_sq"]) == (2, 9500 + 9340, 9500**2 + 9340**2)
    assert (spo2["score_sum"], spo2["score_sum_sq"]) == (8 + 2, 64 + 4)
    assert spo2["value_score_sum"] == 9500 * 8 + 9340 * 2
    assert (spo2["high_n"], spo2["low_n"], spo2["low_sum"]) == (
        0,
        2,
        100 + 300,
    )  # charted: 95 and 93 below 96
    assert (spo2["low_sum_sq"], spo2["low_score_sum"]) == (100**2 + 300**2, 100 * 8 + 300 * 2)


def test_a_vital_that_news2_does_not_score_has_no_distance():
    (row,) = associations([("p", 1, "a", {"pulse_rate": 80.0})]).values()
    assert (row["vital"], row["n"], row["high_n"], row["high_sum"], row["low_sum"]) == (
        "pulse_rate",
        1,
        0,
        None,
        None,
    )


def test_a_reading_counts_where_the_other_vitals_components_are_known():
    assert associations([("p", 1, "a", {"spo2": 97.0, "news2_temperature": None})]) == {}
    assert associations([("p", 1, "a", {"spo2": 97.0, "news2_spo2": None})])["spo2"]["n"] == 1


@pytest.mark.parametrize(
    ("raised", "kind", "before"),
    [
        (16, {}, {"heart_rate": 0, "spo2": 1}),
        (15.9, {}, {"heart_rate": 0, "spo2": 0}),
        (61, {}, {"heart_rate": 0, "spo2": 1}),
        (61.1, {}, {"heart_rate": 0, "spo2": 0}),
        (30, {"priority": "medium"}, {"heart_rate": 0, "spo2": 0}),
        (30, {"alert_type": "early_warning"}, {"heart_rate": 0, "spo2": 0}),
        (30, {"alert_type": "apnoea", "origin": "device"}, {"heart_rate": 1, "spo2": 1}),
    ],
)
def test_values_before_a_critical_episode_of_another_type_stand_apart(raised, kind, before):
    rows = [("p", 1, "a", {"spo2": 90.0, "heart_rate": 80.0}), ("p", 100, "b", {})]
    found = associations(rows, [alert("1", "p", raised, None, **{"priority": "high"} | kind)])
    assert {vital: row["before_n"] for vital, row in found.items()} == before
    assert found["spo2"]["before_sum"] == 9000 * before["spo2"]
    assert found["spo2"]["before_low_n"] == before["spo2"]


def test_a_value_is_held_by_its_signals_beat():
    gold = curated(
        [
            *(observation("p", minute, f"{minute}", spo2=97.0) for minute in (0, 1, 2)),
            observation("p", 50, "later"),
        ]
    )
    (hour,) = gold("gold_monitored_time")
    assert (hour["present_us"], hour["spo2_held_us"]) == (50 * 60_000_000, (2 + 3) * 60_000_000)


KNOWN = {
    f"{name}_carried": value
    for name, value in {
        "resp_rate": 16.0,
        "spo2": 97.0,
        "on_oxygen": False,
        "systolic_bp": 120.0,
        "heart_rate": 80.0,
        "consciousness": "A",
        "temperature": 37.0,
    }.items()
}
POINTS = {
    f"news2_{name}": 0
    for name in ("resp_rate", "spo2", "oxygen", "systolic_bp", "heart_rate", "consciousness")
}


def risk_at(minutes, **values):
    """Yield the current risk of a patient whose seven inputs were taken by spot check at minute 0."""
    taken = {name.removesuffix("_carried"): value for name, value in KNOWN.items()}
    ages = {f"{name.removesuffix('_carried')}_age_s": 0.0 for name in KNOWN}
    row = observation(
        "p", 0, "a", method="spot", **(taken | KNOWN | ages | POINTS | {"news2_temperature": 0} | values)
    )
    lake = MemoryLake()
    lake.tables |= {
        "silver_observations": observations([row]),
        "bronze_events": messages([row]),
        **summaries([row]),
    }
    curate(lake, run=RunInfo("run", lambda: at(0)), batch=1, whole=True)
    lake.open(gold_table("gold_patient_risk_snapshot").table)
    now_us = int(at(minutes).timestamp()) * 1_000_000
    return [lake.rows(current_view(name, now_us)).to_pylist() for name in CURRENT]


@pytest.mark.parametrize(
    ("minutes", "values", "severity", "missing"),
    [
        (10, {}, "low", 0),
        (359, {"news2_resp_rate": 3, "news2_spo2": 3}, "medium", 0),
        (360, {"news2_resp_rate": 3}, "unknown", 4),
        (360, {"news2_consciousness": 3}, "low_medium", 4),
        (719, {}, "unknown", 4),
    ],
)
def test_risk_at_an_instant_leaves_out_what_is_too_old(minutes, values, severity, missing):
    (row,) = risk_at(minutes, **values)[0]
    assert (row["severity"], row["news2_missing"]) == (severity, missing)


def test_who_was_not_seen_for_12_hours_has_no_current_risk():
    assert risk_at(720)[0] == []


@pytest.mark.parametrize(("score", "due"), [(0, 720), (1, 360), (5, 60), (7, 15)])
def test_an_observation_is_overdue_after_the_interval_of_its_score(score, due):
    assert risk_at(due - 1, news2_score=score)[1] == []
    (row,) = risk_at(due, news2_score=score)[1]
    assert (row["due_at"], row["overdue_s"]) == (at(due), 0.0)
