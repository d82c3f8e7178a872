"""The slow reference itself, against printed vectors and cases worked by hand."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from reference.definitions import DeviceWord, Settings, chart, micros
from reference.news2 import components, score_mews, score_news2, score_qsofa
from reference.parse_event import parse_event, read_time, to_hundredths
from reference.road import INGESTED, reference_lake
from strategies import as_payloads, duplicated, histories, history, odd_payloads, rebatched, shuffled

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHORT = {"rr": "resp_rate", "sbp": "systolic_bp", "hr": "heart_rate", "temp": "temperature", "spo2": "spo2"}
EMPTY: dict[str, Any] = dict.fromkeys(
    ("resp_rate", "spo2", "on_oxygen", "systolic_bp", "heart_rate", "consciousness", "temperature")
)


def event(seconds: float, event_id: str = "e", **fields: Any) -> bytes:
    when = (NOON + timedelta(seconds=seconds)).isoformat()
    return json.dumps({"event_id": event_id, "patient_id": "P", "event_time": when, **fields}).encode()


def alerts(*payloads: bytes, alert_type: str | None = None, **options: Any) -> list[dict[str, Any]]:
    rows = reference_lake(payloads, **options)["silver_alerts"]
    return [row for row in rows if alert_type in (None, row["alert_type"])]


def seconds_of(row: dict[str, Any], *names: str) -> list[float | None]:
    return [None if row[name] is None else (row[name] - NOON).total_seconds() for name in names]


def parsed(fields: bytes | str, **more: Any) -> Any:
    text = fields if isinstance(fields, str) else fields.decode()
    head = json.dumps({"event_id": "e", "patient_id": "P", "event_time": "2026-03-01T12:00:00Z", **more})[:-1]
    return parse_event(f"{head}, {text}}}".encode(), micros(INGESTED), Settings())


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def hundredths(name: str, value: str) -> int:
    return chart(name, to_hundredths(float(value)))


# Scores: vectors from other people's tests


def test_news2_components_are_those_of_the_rcp_chart(shared_data: Path) -> None:
    rows = rows_of(shared_data / "vectors" / "news2_single_parameter.csv")
    for row in rows:
        name = SHORT[row["parameter"]]
        inputs = EMPTY | {name: hundredths(name, row["value"])}
        if row["on_oxygen"]:
            inputs["on_oxygen"] = row["on_oxygen"] in ("1", "True")
        scale = int(float(row["spo2_scale"])) if row["spo2_scale"] else 1
        assert components(inputs, scale)[name] == int(row["rcp2017"]), row
    assert len(rows) > 200


def test_news2_totals_and_bands_are_those_of_the_rcp_chart(shared_data: Path) -> None:
    for row in rows_of(shared_data / "vectors" / "news2_totals.csv"):
        inputs = {name: hundredths(name, row[short]) for short, name in SHORT.items() if short != "temp"}
        inputs |= {
            "temperature": hundredths("temperature", row["temp_c"]),
            "on_oxygen": row["on_oxygen"] == "1",
        }
        scored = score_news2(inputs | {"consciousness": row["acvpu"][0]}, int(row["spo2_scale"]))
        assert (scored["news2_score"], scored["severity"]) == (
            int(row["rcp_total"]),
            row["rcp_band"].replace("-", "_"),
        ), row
        assert (scored["news2_upper"], scored["severity_upper"]) == (
            scored["news2_score"],
            scored["severity"],
        )


def test_mews_points_are_those_of_subbe_2001(shared_data: Path) -> None:
    """Only heart rate 40 differs: the source gives 1, the printed table 2 up to and including 40."""
    normal = {
        "systolic_bp": 12000,
        "heart_rate": 7500,
        "resp_rate": 1200,
        "temperature": 3700,
        "consciousness": "A",
    }
    for row in rows_of(shared_data / "vectors" / "mews_subbe2001_intensicare.csv"):
        if row["parameter"] == "avpu":
            inputs = normal | {"consciousness": row["value"]}
        else:
            name = SHORT[row["parameter"]]
            inputs = normal | {name: hundredths(name, row["value"])}
        expected = 2 if (row["parameter"], row["value"]) == ("hr", "40") else int(row["expected"])
        assert score_mews(inputs) == expected, row
    assert score_mews(normal | {"temperature": None}) is None


def test_qsofa_counts_what_is_known(shared_data: Path) -> None:
    for row in rows_of(shared_data / "vectors" / "qsofa_medical_calc_mcp.csv"):
        inputs = {
            "resp_rate": hundredths("resp_rate", row["rr"]),
            "systolic_bp": hundredths("systolic_bp", row["sbp"]),
            "consciousness": "C" if row["altered_mentation"] == "1" else "A",
        }
        assert score_qsofa(inputs) == {"qsofa": int(row["total"]), "qsofa_missing": 0}
    assert score_qsofa(EMPTY | {"resp_rate": 2200}) == {"qsofa": 1, "qsofa_missing": 2}


def test_bounds_fill_in_whatever_is_missing() -> None:
    nothing = score_news2(EMPTY, 1)
    assert (nothing["news2_score"], nothing["news2_missing"], nothing["news2_upper"]) == (0, 7, 20)
    assert (nothing["severity"], nothing["severity_upper"], nothing["news2_max_component"]) == (
        "unknown",
        "high",
        None,
    )
    known = {
        "resp_rate": 1600, "spo2": 9700, "systolic_bp": 12000, "heart_rate": 7000, "consciousness": "A",
        "temperature": 3700, "on_oxygen": None,
    }  # fmt: skip
    assert score_news2(known, 1)["news2_upper"] == 2
    assert (score_news2(known, 1)["severity"], score_news2(known, 1)["severity_upper"]) == ("low", "low")
    on_scale_2 = score_news2(known, 2)
    assert (on_scale_2["news2_spo2"], on_scale_2["news2_upper"], on_scale_2["severity_upper"]) == (
        0,
        5,
        "medium",
    )
    assert on_scale_2["severity"] == "unknown"
    assert score_news2(known | {"temperature": None, "on_oxygen": False}, 1)["severity_upper"] == "low_medium"


# Parsing


def test_every_file_of_the_json_test_suite_is_judged_as_the_suite_says(shared_data: Path) -> None:
    lax = {
        "n_array_extra_comma.json", "n_array_number_and_comma.json", "n_object_trailing_comma.json",
        "n_number_-NaN.json", "n_number_NaN.json", "n_number_infinity.json", "n_number_minus_infinity.json",
    }  # fmt: skip
    for path in sorted((shared_data / "jsontestsuite" / "test_parsing").iterdir()):
        reason = parse_event(path.read_bytes(), micros(INGESTED), Settings())
        if path.name.startswith("n_") and path.name not in lax:
            assert reason in ("not_json", "not_utf8"), path.name
        elif path.name.startswith("y_") or path.name in lax:
            assert reason in ("not_object", "missing_event_id"), path.name
        else:
            assert isinstance(reason, str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00.1234567z", 123_456),
        ("1969-12-31T23:59:59.9999999-00:00", -1),
        ("1970-01-01T23:59:00+23:59", 0),
        ("2024-02-29T00:00:00Z", micros(datetime(2024, 2, 29, tzinfo=UTC))),
        ("0000-12-31T23:59:59-00:30", micros(datetime(1, 1, 1, 0, 29, 59, tzinfo=UTC))),
        ("9999-12-31T23:59:59.999999Z", micros(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))),
    ],
)
def test_an_instant_is_read_to_the_microsecond(text: str, expected: int) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T23:59:60Z", "2026-03-01T12:00Z",
        "2026-03-01 12:00:00Z", "2026-03-01T12:00:00", "2026-03-01T12:00:00+24:00", "2026-03-01T12:00:00.Z",
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "٢026-03-01T12:00:00Z",
        "2026-03-01T12:00:00Z\n",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_none(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(
    ("fields", "kept", "issues"),
    [
        ('"heart_rate": " 80.5 "', {"heart_rate": 8050}, ["heart_rate:coerced"]),
        ('"heart_rate": "301", "spo2": NaN, "resp_rate": 1e400', {},
         ["heart_rate:implausible", "resp_rate:not_finite", "spo2:not_finite"]),
        ('"spo2": 96.495', {"spo2": 9650}, []),
        ('"temperature": 98.6, "temperature_unit": "degf"', {"temperature": 3700}, []),
        ('"temperature": 37, "temperature_unit": "K", "spo2": 97', {"temperature": None},
         ["temperature:unknown_unit"]),
        ('"systolic_bp": 80, "diastolic_bp": 80, "mean_bp": "x"', {"bp_method": "cuff", "systolic_bp": None},
         ["systolic_bp:implausible", "diastolic_bp:implausible", "mean_bp:not_a_number"]),
        ('"systolic_bp": 80, "diastolic_bp": 60, "mean_bp": 80', {"mean_bp": 8000}, []),
        ('"bp_method": "x", "spo2": 97', {"bp_method": None}, ["bp_method:unknown_code"]),
        ('"fio2": 21.4, "oxygen_flow": 5', {"fio2": 21, "on_oxygen": False}, []),
        ('"oxygen_flow": 0.004', {"oxygen_flow": 0, "on_oxygen": False}, []),
        ('"on_oxygen": 1, "fio2": 0.28', {"on_oxygen": True}, ["on_oxygen:unknown_code"]),
        ('"spo2_scale": "2"', {"spo2_scale": 2}, ["spo2_scale:coerced"]),
        ('"spo2_scale": 3, "spo2": 97', {"spo2_scale": None}, ["spo2_scale:unknown_code"]),
        ('"method": "SPOT", "spo2": 97, "ward": ""', {"method": "spot", "ward": None}, ["ward:bad_text"]),
        ('"alert": {"code": 1.0e3, "state": "** END", "priority": "x"}',
         {"alert_code": "1000", "alert_state": "end", "alert_type": "other", "alert_priority": None},
         ["alert_priority:unknown_code"]),
        ('"alert": {"code": -1}, "spo2": 97', {"alert_code": None, "alert_state": None}, ["alert:bad_text"]),
        ('"spo2": 97, "spo2": null', {"spo2": 9700}, []),
    ],
)  # fmt: skip
def test_a_bad_field_spoils_only_itself(fields: str, kept: dict[str, Any], issues: list[str]) -> None:
    found = parsed(fields)
    assert {name: found[name] for name in kept} == kept
    assert found["issues"] == issues


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "not_json"), (b"\xef\xbb\xbf{}", "not_json"), (b"\xff", "not_utf8"), (b"null", "not_object"),
        (b"{}", "missing_event_id"), (event(0, "e"), "nothing_measured"),
        (event(0, "", spo2=97), "bad_event_id"),
        (event(366 * 86400, spo2=97), "future_event_time"), (event(0, spo2="x", fio2=3), "nothing_measured"),
    ],
)  # fmt: skip
def test_a_bad_event_has_one_reason(payload: bytes | None, reason: str) -> None:
    assert parse_event(payload, micros(INGESTED), Settings()) == reason


def test_a_rejected_vital_is_something_measured() -> None:
    assert parsed('"heart_rate": 0')["issues"] == ["heart_rate:implausible"]


def test_repeats_are_dropped_and_other_content_is_quarantined() -> None:
    first, same, other = event(0, heart_rate=80), event(0, heart_rate=80.0), event(0, heart_rate=81)
    lake = reference_lake([first, same, other, first])
    assert [row["offset"] for row in lake["silver_observations"]] == [0]
    assert [(row["offset"], row["first_offset"]) for row in lake["silver_duplicates"]] == [(1, 0), (3, 0)]
    assert [(row["offset"], row["reason"]) for row in lake["silver_quarantine"]] == [
        (2, "conflicting_duplicate")
    ]


# Carrying


def test_the_latest_value_decides_and_ages_out() -> None:
    lake = reference_lake(
        [
            event(0, "a", heart_rate=70, method="spot"),
            event(60, "b", heart_rate=80, pulse_rate=82),
            event(959.999999, "c", spo2=97),
            event(960, "d", pulse_rate=90),
            event(961, "e", heart_rate=400),
        ]
    )
    carried = [(row["heart_rate_carried"], row["heart_rate_age_s"]) for row in lake["silver_observations"]]
    assert carried == [(70, 0), (80, 0), (80, 899.999999), (90, 0), (90, 1)]


def test_a_scale_goes_with_its_encounter() -> None:
    lake = reference_lake(
        [
            event(0, "a", spo2_scale=2),
            event(1, "b", spo2=90, encounter_id="E1"),
            event(2, "c", spo2=90),
            event(3, "d", spo2=90, encounter_id="E2"),
            event(4, "e", spo2=90, spo2_scale=2),
            event(86400 * 30 + 3, "f", spo2=90),
        ]
    )
    assert [row["spo2_scale_carried"] for row in lake["silver_observations"]] == [2, 2, 2, None, 2, None]


def test_what_a_ward_assumes_counts_as_known() -> None:
    settings = Settings(assumptions={None: {"on_oxygen": False}, "W": {"consciousness": "A"}})
    vitals = {"heart_rate": 70, "resp_rate": 16, "spo2": 97, "systolic_bp": 120, "temperature": 37}
    rows = reference_lake([event(0, "a", **vitals), event(1, "b", ward="W", spo2=97)], settings=settings)[
        "silver_observations"
    ]
    assert [row["assumed"] for row in rows] == [["on_oxygen"], ["on_oxygen", "consciousness"]]
    assert [row["severity"] for row in rows] == ["unknown", "low"]
    assert [row["news2_missing"] for row in rows] == [1, 0]
    assert [row["mews"] for row in rows] == [None, 1]
    assert rows[1]["shock_index"] == 70 / 120


# Windows


def test_windows_hold_exact_sums_and_the_last_hour_as_baseline() -> None:
    early = [event(60 * i, f"a{i}", heart_rate=80 + 10 * (i % 2)) for i in range(6)]
    lake = reference_lake([*early, event(900, "b", heart_rate=100), event(960, "c", heart_rate=110)])
    first, second = lake["silver_vital_windows"]
    assert (first["n"], first["sum"], first["mean"], first["min"], first["max"]) == (
        6,
        51000,
        85.0,
        80.0,
        90.0,
    )
    assert (first["baseline_n"], first["baseline_mean"], first["z"]) == (0, None, None)
    assert second["slope_per_h"] == 600.0
    assert (second["baseline_n"], second["baseline_sd"]) == (6, first["sd"])
    assert second["z"] == pytest.approx(20 / 30**0.5)


# Alarms


def monitored(values: list[float], step: float = 10, **fields: Any) -> list[bytes]:
    return [event(i * step, f"{i:03}", heart_rate=value, **fields) for i, value in enumerate(values)]


def test_priorities_are_reached_after_their_delays_and_escalate() -> None:
    (row,) = alerts(*monitored([131] * 7 + [155] * 3 + [118, 117]), alert_type="tachycardia")
    assert seconds_of(row, "started_at", "raised_at", "escalated_at", "cleared_at") == [0, 60, 80, 110]
    assert (row["priority"], row["cleared_by"], row["raising_event_id"], row["clearing_event_id"]) == (
        "high", "recovery", "006", "011",
    )  # fmt: skip
    assert (row["extreme_value"], row["limit_value"], row["margin"], row["duration_s"]) == (155, 150, 5, 110)


def test_a_condition_that_ends_where_its_delay_ends_reaches_nothing() -> None:
    assert alerts(*monitored([155, 75]), alert_type="tachycardia") == []
    assert len(alerts(*monitored([155, 155]), alert_type="tachycardia")) == 1


def test_a_spot_value_needs_no_delay_but_a_score_does() -> None:
    rows = alerts(event(0, heart_rate=131, method="spot"), event(3600, "f", spo2=97))
    assert {row["alert_type"]: seconds_of(row, "started_at", "raised_at") for row in rows} == {
        "tachycardia": [0, 0],
        "single_parameter": [0, 120],
    }


def test_an_alarm_ends_by_expiry_when_the_probe_falls_off() -> None:
    later = event(600, "z", spo2=97)
    (row,) = alerts(*monitored([155, 155, 155]), later, alert_type="tachycardia")
    assert seconds_of(row, "raised_at", "cleared_at") == [10, 50]
    assert (row["cleared_by"], row["duration_s"], row["clearing_event_id"]) == ("expiry", None, None)
    (alone,) = alerts(event(0, heart_rate=155), later, alert_type="tachycardia")
    assert seconds_of(alone, "raised_at", "cleared_at") == [10, 120]


def test_a_rejected_value_ends_the_hold_and_pulse_stands_in() -> None:
    shared = [event(0, "a", heart_rate=155, pulse_rate=156), event(10, "b", heart_rate=0)]
    (row,) = alerts(*shared, event(30, "c", spo2=97), alert_type="tachycardia")
    assert (row["extreme_value"], row["raising_event_id"], row["state"]) == (156, "a", "active")
    (expired,) = alerts(*shared, event(15, "c", pulse_rate=0), alert_type="tachycardia")
    assert seconds_of(expired, "raised_at", "cleared_at") == [10, 15]


def test_the_greatest_event_id_of_an_instant_counts_once() -> None:
    tied = [event(0, "b", heart_rate=155), event(0, "a", heart_rate=75), event(10, "d", heart_rate=75),
            event(10, "e", heart_rate=155)]  # fmt: skip
    (row,) = alerts(*tied, alert_type="tachycardia")
    assert seconds_of(row, "started_at", "raised_at") == [0, 10]
    assert row["raising_event_id"] == "e"


def test_a_cuff_is_nothing_beside_an_arterial_line() -> None:
    arterial = [event(10 * i, f"a{i}", systolic_bp=120, bp_method="arterial") for i in range(4)]
    assert alerts(*arterial, event(30, "z", systolic_bp=60), alert_type="hypotension") == []
    (row,) = alerts(*arterial, event(60, "z", systolic_bp=60), alert_type="hypotension")
    assert seconds_of(row, "raised_at") == [60]


def test_the_patients_time_ends_what_is_known() -> None:
    probe = event(0, heart_rate=155)
    elsewhere = json.loads(event(300, "o", spo2=97)) | {"patient_id": "Q"}
    (row,) = alerts(probe, json.dumps(elsewhere).encode(), alert_type="tachycardia")
    assert seconds_of(row, "raised_at", "cleared_at") == [10, 120]
    assert alerts(probe, alert_type="tachycardia", watermark=NOON + timedelta(seconds=129.999999)) == []
    (open_row,) = alerts(probe, alert_type="tachycardia", watermark=NOON + timedelta(seconds=130))
    assert open_row["state"] == "active"


def test_hypoxaemia_takes_the_scale_in_force() -> None:
    low = {"spo2": 89, "method": "spot"}
    (row,) = alerts(event(0, "a", **low), event(600, "b", spo2_scale=2), alert_type="hypoxaemia")
    assert (row["priority"], row["limit_value"]) == ("medium", 90)
    assert seconds_of(row, "cleared_at") == [600]
    assert row["clearing_event_id"] == "a"


def test_hyperoxaemia_needs_scale_2_and_oxygen() -> None:
    rows = alerts(
        event(0, "a", spo2=97, method="spot", spo2_scale=2, on_oxygen=True), event(60, "b", on_oxygen=False),
        alert_type="hyperoxaemia",
    )  # fmt: skip
    assert [(row["priority"], row["cleared_by"]) for row in rows] == [("medium", "recovery")]


def test_nobody_recovers_by_going_unmeasured() -> None:
    bad = {"resp_rate": 26, "heart_rate": 115, "spo2": 97}
    (row,) = alerts(
        event(0, "a", **bad), event(200, "b", **bad), event(1800, "c", spo2=97), alert_type="early_warning"
    )
    assert seconds_of(row, "raised_at", "cleared_at") == [120, 1800]
    assert row["cleared_by"] == "expiry"
    (recovered,) = alerts(
        event(0, "a", **bad), event(200, "b", resp_rate=16, heart_rate=80), alert_type="early_warning"
    )
    assert (recovered["cleared_by"], recovered["clearing_event_id"]) == ("recovery", "b")


def test_reduced_consciousness_has_no_numbers() -> None:
    (row,) = alerts(
        event(0, "a", consciousness="V"), event(60, "b", consciousness="P"),
        event(90, "c", consciousness="A"),
        alert_type="reduced_consciousness",
    )  # fmt: skip
    assert (row["priority"], row["extreme_value"], row["limit_value"], row["margin"]) == (
        "high",
        None,
        None,
        None,
    )
    assert seconds_of(row, "started_at", "raised_at", "escalated_at", "cleared_at") == [0, 0, 60, 90]


# Device alarms


def said(seconds: float, event_id: str, **alert: Any) -> bytes:
    return event(seconds, event_id, device_id="D", alert={"code": "VTACH", **alert})


def test_device_words_raise_keep_and_clear() -> None:
    settings = Settings(device_words={"v_tach": DeviceWord("ventricular_tachycardia", "high")})
    rows = alerts(
        said(0, "a", priority="low"), said(5, "b", state="update"), said(9, "c", state="end"), said(9, "d"),
        said(20, "e", state="point"), said(30, "f", state="end"), said(40, "g", state="point"), said(50, "h"),
        event(4000, "z", spo2=97), settings=settings,
    )  # fmt: skip
    assert [seconds_of(row, "started_at", "escalated_at", "cleared_at") for row in rows] == [
        [0, None, 20], [40, None, 40], [50, None, 3650],
    ]  # fmt: skip
    assert [(row["priority"], row["cleared_by"], row["clearing_event_id"]) for row in rows] == [
        ("low", "device_end", "e"), ("high", "device_end", "g"), ("high", "timeout", None),
    ]  # fmt: skip
    assert {(row["subject"], row["device_id"], row["alert_type"]) for row in rows} == {
        ("D", "D", "ventricular_tachycardia")
    }


def test_an_unknown_code_has_its_own_episodes() -> None:
    rows = alerts(said(0, "a", code="X Y"), said(1, "b", code="x_y", state="end"), said(2, "c", code="z"))
    assert [(row["subject"], row["state"], row["priority"]) for row in rows] == [
        ("D xy", "cleared", "medium"), ("D z", "active", "medium"),
    ]  # fmt: skip


# The reference and the strategies together


@given(histories())
def test_the_order_of_arrival_changes_nothing(messages: list[dict[str, Any]]) -> None:
    random = Random(len(messages))
    payloads = as_payloads(messages)
    batches = rebatched(random, shuffled(random, duplicated(random, payloads)))
    here, there = (
        reference_lake(payloads),
        reference_lake([payload for batch in batches for payload in batch]),
    )
    assert there["silver_alerts"] == here["silver_alerts"]
    assert there["silver_vital_windows"] == here["silver_vital_windows"]


def test_every_message_is_conserved() -> None:
    for seed in range(30):
        payloads: list[bytes | None] = [*as_payloads(history(seed)), *odd_payloads(seed, 30)]
        lake = reference_lake(payloads)
        counted = [lake[name] for name in ("silver_observations", "silver_quarantine", "silver_duplicates")]
        assert sum(map(len, counted)) == len(payloads)


def test_a_seed_draws_the_same_history_again() -> None:
    assert as_payloads(history(7)) == as_payloads(history(7))
