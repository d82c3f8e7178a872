"""Payloads that are no event, or hardly one: bytes, JSON, ids, instants and fields gone wrong."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from strategies.histories import UNUSABLE


def odd_payloads(source: Random | int, count: int = 5) -> list[bytes | None]:
    """Yield payloads that are no event, or hardly one: bytes, JSON, ids, instants and fields gone wrong."""
    random = Random(source) if isinstance(source, int) else source
    return [_odd(random) for _ in range(count)]


def _odd(random: Random) -> bytes | None:
    whole = {
        "event_id": f"odd-{random.randrange(1000)}",
        "patient_id": "P1",
        "event_time": "2026-03-01T08:00:00Z",
    }
    kind = random.randrange(4)
    if kind == 0:
        return random.choice(RAW)
    if kind == 1:
        name = random.choice(("event_id", "patient_id", "event_time"))
        whole[name] = random.choice(BAD_IDS if name != "event_time" else BAD_TIMES)
    elif kind == 2:
        return json.dumps(whole)[:-1].encode() + b", " + random.choice(FRAGMENTS) + b"}"
    return json.dumps(whole | {"heart_rate": random.choice((80, *UNUSABLE))}).encode()


RAW: tuple[bytes | None, ...] = (
    b"",
    None,
    b" ",
    b"null",
    b"[]",
    b"7",
    b'"x"',
    b"{}",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'{"event_id":"\xc3"}',
    b"{'event_id':1}",
    b'{"event_id":"e"',
    b"{} {}",
    b'{"heart_rate":01}',
    b'{"heart_rate":+1}',
    b'{"heart_rate":.5}',
    b'{"a":"\t"}',
    b'{"a":"\\x41"}',
    b"[" * 5000,
    b'{"a":' * 1000 + b"1" + b"}" * 1000,
    b"{,}",
    b'{"a":1,,"b":2}',
    b'{"a":tru}',
    b"// {}",
    b'{"a":0x10}',
    b"\x0b{}",
    b"{}\x00",
)
BAD_IDS: tuple[Any, ...] = (
    None,
    "",
    "x" * 129,
    "x" * 128,
    5,
    [],
    "\ud800",
    "é" * 128,
    "\U0001f600" * 128,
    True,
)
BAD_TIMES: tuple[Any, ...] = (
    None,
    "",
    5,
    "2026-03-01",
    "2026-03-01T08:00Z",
    "2026-03-01 08:00:00Z",
    "2026-03-01T08:00:00",
    "2026-03-01T24:00:00Z",
    "2026-03-01T08:00:60Z",
    "2026-12-31T23:59:60Z",
    "2026-02-29T08:00:00Z",
    "2024-02-29T08:00:00Z",
    "2026-03-01T08:00:00+24:00",
    "2026-03-01T08:00:00+23:59",
    "2026-03-01T08:00:00+0100",
    "2026-03-01T08:00:00,5Z",
    "2026-03-01T08:00:00.Z",
    "2026-03-01T08:00:00.1234567899Z",
    "2026-03-01t08:00:00z",
    "2026-03-01T08:00:00-00:00",
    "0000-12-31T23:59:59-00:30",
    "0001-01-01T00:00:00+00:01",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:59Z",
    "2999-01-01T00:00:00Z",
    " 2026-03-01T08:00:00Z",
    "2026-03-01T08:00:00Z\n",
    "\u0662026-03-01T08:00:00Z",
    "2026-13-01T08:00:00Z",
    "2026-00-10T08:00:00Z",
    "2026-03-00T08:00:00Z",
)
FRAGMENTS: tuple[bytes, ...] = (
    b'"heart_rate": NaN',
    b'"heart_rate": -Infinity',
    b'"heart_rate": 1e400',
    b'"heart_rate": 1e-400',
    b'"heart_rate": 80,',
    b'"heart_rate": 80, "heart_rate": 90',
    b'"heart_rate": 80, "heart_rate": null',
    b'"heart_rate": null, "heart_rate": 80',
    b'"heart_rate": 8.0e1',
    b'"heart_rate": -0',
    b'"heart_rate": ' + b"8" * 400,
    b'"heart_rate": 80.' + b"1" * 400,
    b'"spo2": "\\ud800"',
    b'"spo2": 97, "ward": "\\ud83d\\ude00"',
    b'"spo2": 97, "ward": "\\ud83d"',
    b'"spo2": 97, "\\ud800": 1',
    b'"spo2": 97, "ward": "a\\u0000b"',
    b'"s\\u0070o2": 97',
    b'"spo2": 97, "x": NaN',
    b'"spo2": 97, "x": [[[[{"y": [1e999, {}]}]]]]',
    b'"temperature": 98.6, "temperature_unit": "degF"',
    b'"temperature": 37, "temperature_unit": "K"',
    b'"temperature": "x", "temperature_unit": "K"',
    b'"temperature": 111.2, "temperature_unit": "DegF"',
    b'"temperature": 77, "temperature_unit": "degF"',
    b'"systolic_bp": 80, "diastolic_bp": 80',
    b'"systolic_bp": 80, "diastolic_bp": 60, "mean_bp": 60',
    b'"systolic_bp": 80, "diastolic_bp": 60, "mean_bp": 59.99',
    b'"systolic_bp": 80, "diastolic_bp": 60, "mean_bp": 400',
    b'"systolic_bp": "80", "diastolic_bp": "90", "mean_bp": "x"',
    b'"bp_method": "arterial"',
    b'"bp_method": "x", "spo2": 97',
    b'"systolic_bp": null, "bp_method": "arterial", "spo2": 97',
    b'"fio2": 0.2',
    b'"fio2": 1',
    b'"fio2": 1.5',
    b'"fio2": 20',
    b'"fio2": 19.99',
    b'"oxygen_flow": -0.0',
    b'"on_oxygen": "true", "oxygen_flow": 2',
    b'"spo2_scale": 2.0',
    b'"spo2_scale": "2"',
    b'"spo2_scale": 1e400',
    b'"spo2_scale": true',
    b'"alert": {"code": 9007199254740992}',
    b'"alert": {"code": 9007199254740991}',
    b'"alert": {"code": -0.0}',
    b'"alert": {"code": 1.0e3}',
    b'"alert": {"code": "a", "code": "b"}',
    b'"alert": {"code": "x", "text": "\\ud800", "state": 3, "priority": []}',
    b'"consciousness": "v"',
    b'"method": "\\u212aanual", "spo2": 97',
    b'"method": 5, "spo2": 97',
    b'"spo2": 99.995',
    b'"spo2": 96.495',
    b'"spo2": 29.999',
    b'"spo2": 100.0000001',
    b'"heart_rate": "1_0"',
    b'"heart_rate": "\\u0668\\u0660"',
    b'"heart_rate": " 80."',
    b'"heart_rate": ".8e2"',
    b'"heart_rate": "80\\u00a0"',
    b'"heart_rate": "1e400"',
)
"""Ends of objects that hold one hard case each."""
