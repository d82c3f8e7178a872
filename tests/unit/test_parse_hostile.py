"""No payload stops the road, and each ends in exactly one table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from strategies.hostile import EXTREME, GOOD, huge_event, json_test_suite
from strategies.wire import bronze_rows

from vitalake.silver import parse as parse_module
from vitalake.silver.parse import Parsed, parse

INGESTED = datetime(2026, 6, 1, tzinfo=UTC)

LAX = {"n_number_NaN.json", "n_object_trailing_comma.json"}
"""What the RFC refuses and the contract takes as JSON; as it says why, neither is an event."""


def parsed(payloads: list[bytes | None]) -> Parsed:
    result = parse(bronze_rows(payloads, INGESTED))
    offsets = result.observations["offset"].to_pylist() + result.quarantine["offset"].to_pylist()
    assert sorted(offsets) == list(range(len(payloads)))
    return result


def reasons(payloads: list[bytes | None]) -> list[str]:
    return [str(reason) for reason in parsed(payloads).quarantine["reason"].to_pylist()]


def test_the_json_test_suite_is_conserved_and_judged(shared_data: Path) -> None:
    files = json_test_suite(shared_data)
    assert files
    judged = dict(
        zip((file.name for file in files), reasons([file.read_bytes() for file in files]), strict=True)
    )
    refused = {"not_json", "not_utf8"}
    assert [name for name, reason in judged.items() if name.startswith("y_") and reason in refused] == []
    accepted = {name for name, reason in judged.items() if name.startswith("n_") and reason not in refused}
    assert accepted <= LAX


def test_hostile_files_between_good_events_spoil_none_of_them(shared_data: Path) -> None:
    files = json_test_suite(shared_data)
    payloads: list[bytes | None] = [part for file in files for part in (GOOD, file.read_bytes())]
    assert parsed(payloads).observations["offset"].to_pylist() == list(range(0, len(payloads), 2))


def test_unpaired_surrogates_are_no_syntax_error(shared_data: Path) -> None:
    files = [file for file in json_test_suite(shared_data) if file.match("i_string_*surrogate*.json")]
    payloads: list[bytes | None] = [file.read_bytes() for file in files if b"\\u" in file.read_bytes()]
    assert payloads
    assert set(reasons(payloads)) == {"not_object"}


@pytest.mark.parametrize("payload", EXTREME, ids=range(len(EXTREME)))
def test_an_extreme_payload_is_quarantined(payload: bytes) -> None:
    assert parsed([GOOD, payload, GOOD]).observations["offset"].to_pylist() == [0, 2]


@pytest.mark.parametrize("digit", "10")
def test_huge_values_are_judged_like_any(digit: str) -> None:
    [row] = parsed([GOOD[:-1] + b',"bed":"1"}', huge_event(digit)]).observations.to_pylist()[1:]
    assert row["issues"] == [
        "ward:bad_text",
        "heart_rate:not_a_number",
        "pulse_rate:coerced",
        "alert_text:bad_text",
    ]


def test_rows_are_the_same_however_small_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    payloads: list[bytes | None] = [
        GOOD,
        b"\xff",
        None,
        GOOD.replace(b"97", b"98"),
        b'{"a":"\\ud800"}',
        GOOD,
    ] * 5
    whole = parsed(payloads)
    monkeypatch.setattr(parse_module, "_CHUNK_ROWS", 7)
    monkeypatch.setattr(parse_module, "_CHUNK_BYTES", 200)
    small = parsed(payloads)
    assert small.observations.equals(whole.observations)
    assert small.quarantine.equals(whole.quarantine)
