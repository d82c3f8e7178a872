"""Messages as they come over the wire: good, odd and broken, put together as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
from hypothesis import strategies as st

from vitalake.bronze.tables import BRONZE_EVENTS


def bronze_rows(payloads: Sequence[bytes | None], ingest_time: datetime) -> pa.Table:
    """Yield rows of bronze_events, one a payload; the offset is its place."""
    rows = [
        {
            "source": "wire.ndjson",
            "partition": 0,
            "offset": offset,
            "payload": payload,
            "ingest_time": ingest_time,
            "ingest_date": ingest_time.date(),
            "batch": 1,
        }
        for offset, payload in enumerate(payloads)
    ]
    return pa.Table.from_pylist(rows, schema=BRONZE_EVENTS.schema)


NUMBERS = {
    "heart_rate": (9.99, 10, 72, 300, 300.01, 72.555),
    "pulse_rate": (10, 71.5, 301),
    "resp_rate": (1.99, 2, 16, 80, 80.4),
    "spo2": (29.9, 30, 97, 100, 100.2, 96.495),
    "systolic_bp": (29, 30, 80, 120, 300, 301),
    "diastolic_bp": (9, 10, 80, 120, 200, 201),
    "mean_bp": (19, 20, 80, 93.3, 120, 250, 251, 400),
    "temperature": (24.9, 25, 36.6, 45, 45.1, 98.6, 113, 77, 76.9),
    "fio2": (0.19, 0.2, 0.205, 0.21, 0.214, 0.215, 0.4, 1, 1.1, 19.9, 20, 21, 21.5, 40, 100, 101),
    "oxygen_flow": (-0.0, 0, 0.004, 0.005, 2, 80, 80.1, -1),
    "spo2_scale": (1, 2, 2.0, 3, 0, 1.5),
}
WORDS = {
    "method": ("monitor", "Spot", "MANUAL", "nurse", "monitor "),
    "bp_method": ("cuff", "Arterial", "radial", ""),
    "temperature_unit": ("Cel", "degF", "DEGF", "cel", "K", ""),
    "consciousness": ("A", "c", "V", "p", "U", "alert", "\u017f"),
}
TEXTS = ("encounter_id", "device_id", "ward", "bed")
REQUIRED = ("event_id", "patient_id", "event_time")
ALERT_STATES = ("start", "END", "* con_tin ue *", "up\tdate", "point", "stop")
ALERT_PRIORITIES = ("low", "***HIGH", "Medium ", "severe")

_ODD = (
    "null", "true", "false", "[]", "{}", '""', "NaN", "Infinity", "-Infinity", "nan", "-inf", "INFINITY",
    "1e400", "-1e999", "1e-400", "-0", "123456789012345678901234567890", "9007199254740992",
    '"\\ud800"', '"\\ude00\\ud83d"', '"\\ud83d\\ude00"', '"\\u0000"', '"a\\nb"', '"NaN"', '"1e400"', '" 80 "',
    '"\\t80\\n"', '"80\\u00a0"', '"+80."', '".8e2"', '"0x50"', '"1_0"', '"\\u0668"', '[[{"a":[null]}]]',
    '{"code":"x"}',
)  # fmt: skip


def _json(values: Sequence[object]) -> st.SearchStrategy[str]:
    return st.sampled_from([json.dumps(value, ensure_ascii=False) for value in values])


def _quoted(values: Sequence[object]) -> st.SearchStrategy[str]:
    return st.sampled_from([json.dumps(str(value)) for value in values])


def odd_values() -> st.SearchStrategy[str]:
    """Yield JSON texts that hardly any field accepts."""
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    )
    return st.sampled_from(_ODD) | anything.map(json.dumps)


def texts() -> st.SearchStrategy[str]:
    """Yield the JSON texts of strings at and around the longest, of any script, escaped or not."""
    some = st.text(max_size=5) | st.sampled_from(("x" * 128, "x" * 129, "\U0001f600" * 128, "é" * 129, "W 1"))
    return st.builds(
        lambda text, ascii_only: json.dumps(text, ensure_ascii=ascii_only), some, st.booleans()
    ).map(lambda text: text.encode("utf-8", "ignore").decode())


def instants() -> st.SearchStrategy[str]:
    """Yield the JSON texts of instants, mostly good ones."""
    two = st.integers(0, 99).map("{:02d}".format)
    date = st.builds(
        lambda year, month, day: f"{year:04d}-{month:02d}-{day:02d}",
        st.integers(0, 9999) | st.sampled_from((0, 1, 1900, 2000, 2024, 2026, 9999)),
        st.integers(1, 12) | st.integers(0, 13),
        st.integers(1, 31) | st.sampled_from((0, 28, 29, 30, 31, 32)),
    )
    hour = st.integers(0, 23).map("{:02d}".format)
    sixty = st.integers(0, 59).map("{:02d}".format)
    fraction = st.just("") | st.text("0123456789", max_size=9).map(lambda digits: f".{digits}")
    zone = st.sampled_from(
        ("Z", "z", "+00:00", "-00:00", "+23:59", "-23:59", "+24:00", "+0100", "")
    ) | st.builds(lambda sign, h, m: f"{sign}{h}:{m}", st.sampled_from("+-"), two, two)
    between = st.sampled_from("TTTTt ")
    good = st.tuples(
        date, between, hour, st.just(":"), sixty, st.just(":"), sixty | st.just("60"), fraction, zone
    )
    broken = good.flatmap(st.permutations) | st.tuples(date, between, two, st.just(":"), two, zone)
    return (good | good | broken).map(lambda parts: '"' + "".join(parts) + '"') | odd_values()


def numbers() -> st.SearchStrategy[str]:
    """Yield the JSON texts of numbers however written, of texts that look like one, and of what is none."""
    real = st.floats() | st.floats(-1, 110) | st.decimals(0, 300, places=3).map(float) | st.integers()
    written = real.map(json.dumps)
    exponent = st.builds(
        lambda m, e: f"{m}e{e}", st.integers(-99, 99), st.integers(-3, 3) | st.integers(-400, 400)
    )
    padded = st.builds(
        lambda left, text, right: json.dumps(left + text + right),
        st.text(" \t\n\r\u00a0+", max_size=2),
        written | exponent | st.text("0123456789.eE+-", max_size=8),
        st.text(" \t\n\r\u2003", max_size=2),
    )
    return written | exponent | padded | odd_values()


def _alerts() -> st.SearchStrategy[str]:
    code = (
        texts()
        | st.sampled_from(("7", "7.0", "-0", "1e2", "7.5", "9007199254740991", "9007199254740992"))
        | odd_values()
    )
    parts = st.fixed_dictionaries(
        {"code": code},
        optional={
            "priority": _json(ALERT_PRIORITIES) | odd_values(),
            "state": _json(ALERT_STATES) | odd_values(),
            "text": texts() | st.sampled_from([json.dumps("t" * n) for n in (1000, 1001)]),
            "code\\ud800": odd_values(),
        },
    )
    return parts.map(lambda found: "{" + ",".join(f'"{name}":{value}' for name, value in found.items()) + "}")


def _field(name: str) -> st.SearchStrategy[str]:
    if name in NUMBERS:
        return _json(NUMBERS[name]) | _quoted(NUMBERS[name]) | numbers()
    if name in WORDS:
        return _json(WORDS[name]) | odd_values()
    if name == "on_oxygen":
        return st.sampled_from(("true", "false")) | odd_values()
    return (_alerts() if name == "alert" else texts()) | odd_values()


OPTIONAL = (*TEXTS, *NUMBERS, *WORDS, "on_oxygen", "alert")


@st.composite
def events(draw: st.DrawFn, *, mutated: bool = False) -> bytes:
    """Yield a message: mostly good ids, some fields, now and then a key twice; or a broken one."""
    members = [
        ("event_id", draw(st.just('"e1"') | st.just('"e1"') | texts() | odd_values())),
        ("patient_id", draw(st.just('"p"') | st.just('"p"') | texts() | odd_values())),
        (
            "event_time",
            draw(st.just('"2026-05-01T08:00:00Z"') | st.just('"2026-05-01T08:00:00.5+02:00"') | instants()),
        ),
    ]
    members += [(name, draw(_field(name))) for name in draw(st.lists(st.sampled_from(OPTIONAL), max_size=8))]
    if draw(st.booleans()):
        again = draw(st.sampled_from([name for name, _ in members]))
        members.append((again, draw(st.just("null") | odd_values())))
    if draw(st.integers(0, 4)) == 0:
        members = draw(st.permutations(members))
    key_of = draw(st.sampled_from(('"{}"', '"{}"', ' "{}" ', '"x{}"')))
    body = ",".join(f"{key_of.format(name)}:{value}" for name, value in members)
    payload = ("{" + body + draw(st.sampled_from(("}", "}", "}", " } \n", ",}")))).encode()
    return _mutate(draw, payload) if mutated else payload


def _mutate(draw: st.DrawFn, payload: bytes) -> bytes:
    at = draw(st.integers(0, len(payload)))
    to = draw(st.integers(at, min(len(payload), at + 3)))
    return (
        payload[:at]
        + draw(st.binary(max_size=3) | st.sampled_from((b'"', b",", b"}", b"\\", b"\\ud8", b"]")))
        + payload[to:]
    )
