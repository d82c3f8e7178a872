"""Each rule of the wire contract, by example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from strategies.wire import bronze_rows

from vitalake.silver.parse import OBSERVATION_SCHEMA, Parsed, parse
from vitalake.silver.tables import NORMALISED, PROVENANCE, SILVER_QUARANTINE

INGESTED = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEY = '"event_id":"e","patient_id":"p","event_time":"2026-06-01T11:59:00Z"'
SENT_ALWAYS = {"patient_id", "event_id", "event_time", "method", *(column.name for column in PROVENANCE)}


def parsed(*payloads: bytes | str | None) -> Parsed:
    return parse(bronze_rows([p.encode() if isinstance(p, str) else p for p in payloads], INGESTED))


def observation(fields: str) -> dict[str, Any]:
    """What becomes of an event with these fields: the columns that hold something and not always do."""
    [row] = parsed(f"{{{KEY},{fields}}}").observations.to_pylist()
    return {name: value for name, value in row.items() if value is not None and name not in SENT_ALWAYS}


def reason(payload: bytes | str | None) -> str:
    [row] = parsed(payload).quarantine.to_pylist()
    return str(row["reason"])


def read(fields: str, name: str) -> tuple[Any, list[str]]:
    row = observation(f'{fields},"consciousness":"A"')
    return row.get(name), row["issues"]


NUMBERS: tuple[tuple[str, Any, list[str]], ...] = (
    ('"heart_rate":72', 72.0, []),
    ('"heart_rate":72.0', 72.0, []),
    ('"heart_rate":7.2e1', 72.0, []),
    ('"heart_rate":null', None, []),
    ('"heart_rate":10', 10.0, []),
    ('"heart_rate":9.999', None, ["heart_rate:implausible"]),
    ('"heart_rate":300', 300.0, []),
    ('"heart_rate":300.001', None, ["heart_rate:implausible"]),
    ('"heart_rate":0', None, ["heart_rate:implausible"]),
    ('"heart_rate":-0', None, ["heart_rate:implausible"]),
    ('"heart_rate":true', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":[72]', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":{}', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":NaN', None, ["heart_rate:not_finite"]),
    ('"heart_rate":-Infinity', None, ["heart_rate:not_finite"]),
    ('"heart_rate":1e400', None, ["heart_rate:not_finite"]),
    ('"heart_rate":1e-400', None, ["heart_rate:implausible"]),
    (f'"heart_rate":{"9" * 400}', None, ["heart_rate:not_finite"]),
    (f'"heart_rate":72.{"0" * 400}1', 72.0, []),
    ('"heart_rate":"72"', 72.0, ["heart_rate:coerced"]),
    ('"heart_rate":" \\t\\r\\n+72. "', 72.0, ["heart_rate:coerced"]),
    ('"heart_rate":".72e2"', 72.0, ["heart_rate:coerced"]),
    ('"heart_rate":"7.2E+1"', 72.0, ["heart_rate:coerced"]),
    ('"heart_rate":"\\u0037\\u0032"', 72.0, ["heart_rate:coerced"]),
    ('"heart_rate":"1000"', None, ["heart_rate:implausible"]),
    ('"heart_rate":"1e400"', None, ["heart_rate:not_finite"]),
    ('"heart_rate":"NaN"', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":""', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":"."', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":"7_2"', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":"7 2"', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":"0x48"', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":"72\\u00a0"', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":"\\u0667\\u0662"', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":"\\ud800"', None, ["heart_rate:not_a_number"]),
    ('"heart_rate":72.004', 72.0, []),
    ('"heart_rate":72.005', 72.01, []),
    ('"heart_rate":64.285', 64.29, []),
)


@pytest.mark.parametrize(("fields", "value", "issues"), NUMBERS)
def test_a_number(fields: str, value: float | None, issues: list[str]) -> None:
    assert read(fields, "heart_rate") == (value, issues)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("heart_rate", 10, 300),
        ("pulse_rate", 10, 300),
        ("resp_rate", 2, 80),
        ("spo2", 30, 100),
        ("systolic_bp", 30, 300),
        ("diastolic_bp", 10, 200),
        ("mean_bp", 20, 250),
        ("temperature", 25, 45),
        ("oxygen_flow", 0, 80),
    ],
)
def test_plausible_ranges_are_inclusive_and_judged_before_rounding(
    name: str, low: float, high: float
) -> None:
    assert read(f'"{name}":{low}', name) == (low, [])
    assert read(f'"{name}":{high}', name) == (high, [])
    assert read(f'"{name}":{low - 0.001}', name) == (None, [f"{name}:implausible"])
    assert read(f'"{name}":{high + 0.001}', name) == (None, [f"{name}:implausible"])


@pytest.mark.parametrize(
    ("fields", "value", "issues"),
    [
        ('"temperature":98.6,"temperature_unit":"degF"', 37.0, []),
        ('"temperature":"98.6","temperature_unit":"DEGf"', 37.0, ["temperature:coerced"]),
        ('"temperature":77,"temperature_unit":"degF"', 25.0, []),
        ('"temperature":113.1,"temperature_unit":"degF"', None, ["temperature:implausible"]),
        ('"temperature":36.6,"temperature_unit":"cel"', 36.6, []),
        ('"temperature":36.6,"temperature_unit":null', 36.6, []),
        ('"temperature":98.6', None, ["temperature:implausible"]),
        ('"temperature":310,"temperature_unit":"K"', None, ["temperature:unknown_unit"]),
        ('"temperature":"310","temperature_unit":7', None, ["temperature:unknown_unit"]),
        ('"temperature":"x","temperature_unit":"K"', None, ["temperature:not_a_number"]),
        ('"temperature":1e999,"temperature_unit":"K"', None, ["temperature:not_finite"]),
        ('"temperature":null,"temperature_unit":"K"', None, []),
        ('"temperature_unit":"K"', None, []),
    ],
)
def test_temperature_and_its_unit(fields: str, value: float | None, issues: list[str]) -> None:
    assert read(fields, "temperature") == (value, issues)


PRESSURES = ("systolic_bp", "diastolic_bp", "mean_bp")


@pytest.mark.parametrize(
    ("sent", "kept", "implausible"),
    [
        ((120, 80, 93), (120, 80, 93), ""),
        ((120, 80, 80), (120, 80, 80), ""),
        ((120, 80, 120), (120, 80, 120), ""),
        ((120, 80, None), (120, 80, None), ""),
        ((120, 80, 79.99), (None, None, None), "sdm"),
        ((120, 80, 120.01), (None, None, None), "sdm"),
        ((120, 80, 300), (None, None, None), "sdm"),
        ((80, 80, None), (None, None, None), "sd"),
        ((80, 90, 85), (None, None, None), "sdm"),
        ((50, 12, 15), (50, 12, None), "m"),
        ((301, 80, 60), (None, 80, 60), "s"),
        ((120, 9, 130), (120, None, 130), "d"),
        ((None, 80, 60), (None, 80, 60), ""),
        ((120, None, 130), (120, None, 130), ""),
    ],
)
def test_pressures_are_one_measurement(
    sent: tuple[float | None, ...], kept: tuple[float | None, ...], implausible: str
) -> None:
    fields = ",".join(
        f'"{name}":{"null" if value is None else value}' for name, value in zip(PRESSURES, sent, strict=True)
    )
    row = observation(f'{fields},"spo2":97')
    assert tuple(row.get(name) for name in PRESSURES) == kept
    assert row["issues"] == [f"{name}:implausible" for name in PRESSURES if name[0] in implausible]
    assert row["bp_method"] == "cuff"


def test_of_contradicting_pressures_one_that_is_no_number_keeps_its_own_issue() -> None:
    row = observation('"systolic_bp":"80","diastolic_bp":90,"mean_bp":"x"')
    assert row["issues"] == ["systolic_bp:implausible", "diastolic_bp:implausible", "mean_bp:not_a_number"]


@pytest.mark.parametrize(
    ("fields", "method", "issues"),
    [
        ('"mean_bp":90', "cuff", []),
        ('"mean_bp":90,"bp_method":"ARTERIAL"', "arterial", []),
        ('"mean_bp":90,"bp_method":null', "cuff", []),
        ('"mean_bp":90,"bp_method":"radial"', "cuff", ["bp_method:unknown_code"]),
        ('"mean_bp":90,"bp_method":1', "cuff", ["bp_method:unknown_code"]),
        ('"mean_bp":"x","bp_method":"arterial"', "arterial", ["mean_bp:not_a_number"]),
        ('"mean_bp":null,"bp_method":"arterial"', None, []),
        ('"bp_method":"radial"', None, ["bp_method:unknown_code"]),
    ],
)
def test_bp_method_is_told_where_a_pressure_was_sent(
    fields: str, method: str | None, issues: list[str]
) -> None:
    assert read(fields, "bp_method") == (method, issues)


@pytest.mark.parametrize(
    ("sent", "method", "issues"),
    [
        ("null", "monitor", []),
        ('"SPOT"', "spot", []),
        ('"manual"', "manual", []),
        ('" spot"', "monitor", ["method:unknown_code"]),
        ('"\\u017fpot"', "monitor", ["method:unknown_code"]),
        ("2", "monitor", ["method:unknown_code"]),
    ],
)
def test_method_has_a_default(sent: str, method: str, issues: list[str]) -> None:
    [row] = parsed(f'{{{KEY},"spo2":97,"method":{sent}}}').observations.to_pylist()
    assert (row["method"], row["issues"]) == (method, issues)


@pytest.mark.parametrize(
    ("fields", "on_oxygen", "issues"),
    [
        ('"on_oxygen":true,"fio2":0.21', True, []),
        ('"on_oxygen":false,"fio2":0.4', False, []),
        ('"fio2":0.21,"oxygen_flow":5', False, []),
        ('"fio2":0.22', True, []),
        ('"fio2":0.2149', False, []),
        ('"fio2":0.215', True, []),
        ('"fio2":40', True, []),
        ('"fio2":5,"oxygen_flow":0', False, ["fio2:implausible"]),
        ('"oxygen_flow":0.004', False, []),
        ('"oxygen_flow":0.005', True, []),
        ('"oxygen_flow":-0.0', False, []),
        ('"oxygen_flow":81', None, ["oxygen_flow:implausible"]),
        ('"on_oxygen":"true"', None, ["on_oxygen:unknown_code"]),
        ('"on_oxygen":1,"oxygen_flow":2', True, ["on_oxygen:unknown_code"]),
        ('"on_oxygen":null,"oxygen_flow":2', True, []),
    ],
)
def test_oxygen_therapy_is_judged_where_it_is_not_said(
    fields: str, on_oxygen: bool | None, issues: list[str]
) -> None:
    assert read(fields, "on_oxygen") == (on_oxygen, issues)


@pytest.mark.parametrize(
    ("sent", "fraction"),
    [
        ("0.2", 0.21),
        ("0.199", None),
        ("0.209", 0.21),
        ("0.4", 0.4),
        ("1", 1.0),
        ("1.01", None),
        ("19.9", None),
        ("20", 0.21),
        ("21", 0.21),
        ("28", 0.28),
        ("100", 1.0),
        ("100.1", None),
    ],
)
def test_inspired_fraction_may_come_in_percent(sent: str, fraction: float | None) -> None:
    assert read(f'"fio2":{sent}', "fio2") == (fraction, [] if fraction else ["fio2:implausible"])


@pytest.mark.parametrize(
    ("sent", "scale", "issue"),
    [
        ("1", 1, ""),
        ("2.0", 2, ""),
        ('"2"', 2, "coerced"),
        ("3", None, "unknown_code"),
        ('"3"', None, "unknown_code"),
        ("1.5", None, "unknown_code"),
        ("true", None, "not_a_number"),
        ('"two"', None, "not_a_number"),
        ("1e400", None, "not_finite"),
        ("null", None, ""),
    ],
)
def test_scale_is_read_as_a_number_and_then_as_a_code(sent: str, scale: int | None, issue: str) -> None:
    assert read(f'"spo2_scale":{sent}', "spo2_scale") == (scale, [f"spo2_scale:{issue}"] if issue else [])


@pytest.mark.parametrize(
    ("sent", "kept", "issues"),
    [
        ('"v"', "V", []),
        ('"C"', "C", []),
        ('"alert"', None, ["consciousness:unknown_code"]),
        ('""', None, ["consciousness:unknown_code"]),
        ("5", None, ["consciousness:unknown_code"]),
    ],
)
def test_consciousness(sent: str, kept: str | None, issues: list[str]) -> None:
    row = observation(f'"consciousness":{sent},"spo2":97')
    assert (row.get("consciousness"), row["issues"]) == (kept, issues)


@pytest.mark.parametrize("name", ["encounter_id", "device_id", "ward", "bed"])
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('" W 1 "', " W 1 "),
        ('"\U0001f600' + "x" * 127 + '"', "\U0001f600" + "x" * 127),
        ('"' + "\U0001f600" * 129 + '"', None),
        ('"\\ud83d\\ude00\\u0000\\"\\\\/"', '\U0001f600\0"\\/'),
        ('"\\ud83d"', None),
        ('"\\ude00\\ud83d"', None),
        ('"\\\\ud800"', "\\ud800"),
        ('"?"', "?"),
        ('""', None),
        ("7", None),
        ("[]", None),
    ],
)
def test_texts_of_the_context(name: str, sent: str, kept: str | None) -> None:
    assert read(f'"{name}":{sent}', name) == (kept, [] if kept else [f"{name}:bad_text"])


@pytest.mark.parametrize(
    ("alert", "kept", "issues"),
    [
        ('{"code":"TACHY"}', ("TACHY", None, "start", None), []),
        (
            '{"code":" x ","priority":"** HI_gh","state":"E N D","text":"HR\\n"}',
            (" x ", "high", "end", "HR\n"),
            [],
        ),
        ('{"code":147842,"state":"point"}', ("147842", None, "point", None), []),
        ('{"code":7.0}', ("7", None, "start", None), []),
        ('{"code":1e2}', ("100", None, "start", None), []),
        ('{"code":-0.0}', ("0", None, "start", None), []),
        ('{"code":9007199254740991}', ("9007199254740991", None, "start", None), []),
        ('{"code":9007199254740992}', None, ["alert:bad_text"]),
        ('{"code":7.5}', None, ["alert:bad_text"]),
        ('{"code":-1}', None, ["alert:bad_text"]),
        ('{"code":""}', None, ["alert:bad_text"]),
        ('{"code":true,"state":"odd"}', None, ["alert:bad_text"]),
        ('{"code":"\\ud800"}', None, ["alert:bad_text"]),
        ('{"priority":"high"}', None, ["alert:bad_text"]),
        ('"TACHY"', None, ["alert:bad_text"]),
        ("[]", None, ["alert:bad_text"]),
        ("null", None, []),
        (
            '{"code":"x","priority":"severe","state":7,"text":""}',
            ("x", None, "start", None),
            ["alert_priority:unknown_code", "alert_state:unknown_code", "alert_text:bad_text"],
        ),
        ('{"code":"x","priority":null,"state":null,"text":null}', ("x", None, "start", None), []),
        (f'{{"code":"x","text":"{"t" * 1000}"}}', ("x", None, "start", "t" * 1000), []),
        (f'{{"code":"x","text":"{"t" * 1001}"}}', ("x", None, "start", None), ["alert_text:bad_text"]),
        (
            '{"code":"x","text":"\\udc00","more":"\\ud800"}',
            ("x", None, "start", None),
            ["alert_text:bad_text"],
        ),
        ('{"code":"a","code":"b"}', ("a", None, "start", None), []),
    ],
)
def test_a_device_alarm(alert: str, kept: tuple[str | None, ...] | None, issues: list[str]) -> None:
    row = observation(f'"alert":{alert},"spo2":97')
    names = ("alert_code", "alert_priority", "alert_state", "alert_text")
    assert tuple(row.get(name) for name in names) == (kept or (None,) * 4)
    assert row["issues"] == issues
    assert "alert_type" not in row


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00+00:00"),
        ("2026-03-01t08:00:00z", "2026-03-01T08:00:00+00:00"),
        ("2026-03-01T08:00:00.1Z", "2026-03-01T08:00:00.100000+00:00"),
        ("2026-03-01T08:00:00.1234569999+05:30", "2026-03-01T02:30:00.123456+00:00"),
        ("2026-03-01T00:00:00-00:00", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01T00:00:00+23:59", "2026-02-28T00:01:00+00:00"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00+00:00"),
        ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("0000-12-31T23:30:00-00:30", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_instants_are_utc_microseconds(text: str, instant: str) -> None:
    payload = f'{{"event_id":"e","patient_id":"p","event_time":"{text}","spo2":97}}'
    [row] = parsed(payload).observations.to_pylist()
    assert row["event_time"] == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    "sent",
    [
        '"2026-03-01"',
        '"2026-03-01T08:00Z"',
        '"2026-03-01T08:00:00"',
        '"2026-03-01 08:00:00Z"',
        '"2026-03-01T08:00:00.Z"',
        '"2026-03-01T08:00:00,5Z"',
        '"2026-03-01T08:00:60Z"',
        '"2026-03-01T24:00:00Z"',
        '"2026-03-01T08:60:00Z"',
        '"2026-13-01T08:00:00Z"',
        '"2026-00-01T08:00:00Z"',
        '"2026-03-00T08:00:00Z"',
        '"2026-04-31T08:00:00Z"',
        '"2025-02-29T08:00:00Z"',
        '"1900-02-29T08:00:00Z"',
        '"2026-03-01T08:00:00+24:00"',
        '"2026-03-01T08:00:00+01:60"',
        '"2026-03-01T08:00:00+0100"',
        '"2026-03-01T08:00:00+01"',
        '"2026-03-01T08:00:00Z "',
        '" 2026-03-01T08:00:00Z"',
        '"2026-03-01T08:00:00Z\\n"',
        '"26-03-01T08:00:00Z"',
        '"+2026-03-01T08:00:00Z"',
        '"0000-12-31T23:59:59Z"',
        '"0001-01-01T00:00:00+00:01"',
        '"9999-12-31T23:59:59-00:01"',
        '"\\u0662026-03-01T08:00:00Z"',
        '""',
        "1772352000",
        "true",
        '"\\ud800"',
        '"2026-03-01T08:00:00\u221201:00"',
    ],
)
def test_what_is_no_instant(sent: str) -> None:
    assert reason(f'{{"event_id":"e","patient_id":"p","event_time":{sent},"spo2":97}}') == "bad_event_time"


def test_an_event_may_be_ahead_of_its_receipt_by_five_minutes() -> None:
    def event(ahead: timedelta) -> str:
        time = (INGESTED + ahead).isoformat()
        return f'{{"event_id":"e","patient_id":"p","event_time":"{time}","spo2":97}}'

    just, late = timedelta(minutes=5), timedelta(minutes=5, microseconds=1)
    result = parsed(event(just), event(late))
    assert result.observations["offset"].to_pylist() == [0]
    [row] = result.quarantine.to_pylist()
    assert (row["reason"], row["detail"]) == ("future_event_time", "300 s after its receipt")
    generous = parse(bronze_rows([event(late).encode()], INGESTED), future_limit_us=600_000_000)
    assert generous.observations.num_rows == 1


QUARANTINED: tuple[tuple[bytes | str | None, str], ...] = (
    (None, "not_json"),
    (b"", "not_json"),
    (b" \r\n", "not_json"),
    (b"\xef\xbb\xbf{}", "not_json"),
    (b"{", "not_json"),
    (b"{'a':1}", "not_json"),
    (f'{{{KEY},"spo2":97}}{{}}', "not_json"),
    (f'{{{KEY},"spo2":97,"ward":"a\0b"}}', "not_json"),
    (f'{{{KEY},"spo2":097}}', "not_json"),
    (b"\xff", "not_utf8"),
    (b'{"event_id":"\xed\xa0\x80"}', "not_utf8"),
    (b'{"event_id":"\xc0\xaf"}', "not_utf8"),
    (b"null", "not_object"),
    (b" [1]", "not_object"),
    (b'"text"', "not_object"),
    (b"7", "not_object"),
    (b"NaN", "not_object"),
    (b"{}", "missing_event_id"),
    (b'{"event_id":null,"patient_id":5}', "missing_event_id"),
    (b'{"event_id":""}', "missing_patient_id"),
    (b'{"event_id":5,"patient_id":"p"}', "missing_event_time"),
    (b'{"event_id":5,"patient_id":5,"event_time":5}', "bad_event_id"),
    (b'{"event_id":"e","patient_id":5,"event_time":5}', "bad_patient_id"),
    ('{"event_id":"%s","patient_id":"p","event_time":"2026-01-01T00:00:00Z"}' % ("x" * 129), "bad_event_id"),
    (b'{"event_id":"e","patient_id":"\\ud800","event_time":"2026-01-01T00:00:00Z"}', "bad_patient_id"),
    (b'{"event_id":"e","patient_id":"p","event_time":"2026-06-02T00:00:00Z"}', "future_event_time"),
    (f"{{{KEY}}}", "nothing_measured"),
    (f'{{{KEY},"ward":"W","method":"spot","bp_method":"cuff","unknown":1}}', "nothing_measured"),
    (f'{{{KEY},"heart_rate":"x","fio2":7,"spo2_scale":3,"alert":[]}}', "nothing_measured"),
)


@pytest.mark.parametrize(("payload", "expected"), QUARANTINED)
def test_a_bad_event_goes_to_quarantine_with_the_first_reason(
    payload: bytes | str | None, expected: str
) -> None:
    assert reason(payload) == expected


@pytest.mark.parametrize(
    "fields",
    [
        '"heart_rate":0',
        '"temperature":-17.8',
        '"on_oxygen":false',
        '"fio2":0.21',
        '"oxygen_flow":0',
        '"spo2_scale":1',
        '"consciousness":"A"',
        '"alert":{"code":"x"}',
        '"systolic_bp":80,"diastolic_bp":90',
    ],
)
def test_something_was_measured(fields: str) -> None:
    assert parsed(f"{{{KEY},{fields}}}").observations.num_rows == 1


@pytest.mark.parametrize(
    ("payload", "row"),
    [
        (f'{{{KEY},"spo2":97,}}', {"spo2": 97.0, "issues": []}),
        (f'{{{KEY},"x":[1,],"spo2":97}}', {"spo2": 97.0, "issues": []}),
        (f'{{{KEY},"spo2":97,"heart_rate":nan}}', {"spo2": 97.0, "issues": ["heart_rate:not_finite"]}),
        (f'{{{KEY},"spo2":97,"heart_rate":-INF}}', {"spo2": 97.0, "issues": ["heart_rate:not_finite"]}),
        (f'{{{KEY},"spo2":97,"x":NaN}}', {"spo2": 97.0, "issues": []}),
        (f'{{{KEY},"spo2":97,"spo2":98}}', {"spo2": 97.0, "issues": []}),
        (f'{{{KEY},"spo2":97,"spo2":null}}', {"spo2": 97.0, "issues": []}),
        (f'{{{KEY},"spo2":null,"spo2":97,"pulse_rate":70}}', {"pulse_rate": 70.0, "issues": []}),
        (f'{{{KEY},"s\\u0070o2":97}}', {"spo2": 97.0, "issues": []}),
        (f'{{{KEY},"spo2":97,"\\ud800":"\\udc00"}}', {"spo2": 97.0, "issues": []}),
        (f'{{{KEY},"spo2":97,"ward\\ud800":"W"}}', {"spo2": 97.0, "issues": []}),
        (f'{{{KEY},"spo2":97,"x":{"[" * 50_000}{"]" * 50_000}}}', {"spo2": 97.0, "issues": []}),
        (f' \t\r\n{{{KEY},"spo2":97}}\r\n', {"spo2": 97.0, "issues": []}),
    ],
    ids=range(13),
)
def test_where_the_reader_is_lax_or_the_rfc_silent(payload: str, row: dict[str, Any]) -> None:
    [found] = parsed(payload).observations.to_pylist()
    assert {
        name: value for name, value in found.items() if value is not None and name not in SENT_ALWAYS
    } == row


def test_issues_come_in_the_contracts_order_one_a_field() -> None:
    row = observation(
        '"alert":{"code":"x","text":7,"state":7},"spo2_scale":"1","fio2":true,"consciousness":7,"temperature":1,'
        '"systolic_bp":"60","diastolic_bp":"70","bp_method":7,"heart_rate":"x","bed":7,"ward":[]'
    )
    assert row["issues"] == [
        "ward:bad_text",
        "bed:bad_text",
        "heart_rate:not_a_number",
        "systolic_bp:implausible",
        "diastolic_bp:implausible",
        "bp_method:unknown_code",
        "temperature:implausible",
        "consciousness:unknown_code",
        "fio2:not_a_number",
        "spo2_scale:coerced",
        "alert_state:unknown_code",
        "alert_text:bad_text",
    ]


def test_tables_have_the_columns_of_silver_in_bronze_order() -> None:
    good, bad = f'{{{KEY},"spo2":97}}', b"\xff"
    result = parsed(bad, good, bad, good, good, None)
    assert OBSERVATION_SCHEMA.names == [column.name for column in (*NORMALISED, *PROVENANCE)]
    assert result.observations.schema.equals(OBSERVATION_SCHEMA, check_metadata=True)
    assert result.quarantine.schema.equals(SILVER_QUARANTINE.schema, check_metadata=True)
    assert result.observations["offset"].to_pylist() == [1, 3, 4]
    assert result.quarantine["offset"].to_pylist() == [0, 2, 5]
    assert result.quarantine["payload"].to_pylist() == [bad, bad, None]
    assert result.observations["ingest_time"].to_pylist() == [INGESTED] * 3


def test_no_message_is_no_row() -> None:
    result = parsed()
    assert (result.observations.num_rows, result.quarantine.num_rows) == (0, 0)
    assert result.observations.schema.equals(OBSERVATION_SCHEMA)


def test_detail_of_nothing_measured_names_the_issues() -> None:
    [row] = parsed(f'{{{KEY},"heart_rate":"x","fio2":7}}').quarantine.to_pylist()
    assert row["detail"] == "heart_rate:not_a_number, fio2:implausible"


def test_a_connection_can_be_handed_in() -> None:
    with duckdb.connect() as connection:
        messages = bronze_rows([f'{{{KEY},"spo2":97}}'.encode()], INGESTED)
        assert parse(messages, connection=connection).observations.equals(parse(messages).observations)
        assert connection.execute("select count(*) from duckdb_views() where not internal").fetchall() == [
            (0,)
        ]


def test_fragmented_messages_are_read_as_one() -> None:
    payloads = [f'{{{KEY},"spo2":{spo2}}}'.encode() for spo2 in range(90, 100)]
    rows = bronze_rows(payloads, INGESTED)
    pieces = pa.concat_tables([rows.slice(at, 3) for at in range(0, 10, 3)])
    assert parse(pieces).observations["spo2"].to_pylist() == list(range(90, 100))
