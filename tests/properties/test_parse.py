"""Parse agrees, message by message, with the slow reference that reads the contract event by event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference.definitions import FIELDS, Settings, micros
from reference.parse_event import columns_of, parse_event
from strategies.histories import as_payloads, history
from strategies.odd import odd_payloads
from strategies.wire import bronze_rows, events, instants, numbers

from vitalake.silver.parse import parse

SOME = settings(max_examples=40)
"""An example is a whole batch."""

INGESTED = datetime(2026, 6, 1, tzinfo=UTC)
COMPARED = [name for name in FIELDS if name != "alert_type"]


def outcome(payloads: list[bytes | None]) -> list[Any]:
    """What parse makes of each payload, in order: its columns, or a reason."""
    parsed = parse(bronze_rows(payloads, INGESTED))
    found: dict[int, Any] = {row["offset"]: row["reason"] for row in parsed.quarantine.to_pylist()}
    for row in parsed.observations.to_pylist():
        assert row["offset"] not in found
        found[row["offset"]] = {name: row[name] for name in COMPARED}
    return [found[i] for i in range(len(payloads))]


def expected(payloads: list[bytes | None]) -> list[Any]:
    judged = [parse_event(payload, micros(INGESTED), Settings()) for payload in payloads]
    return [
        event if isinstance(event, str) else {name: columns_of(event)[name] for name in COMPARED}
        for event in judged
    ]


@SOME
@given(st.lists(events(), min_size=1, max_size=12))
def test_events_of_good_and_odd_fields_are_read_as_the_contract_says(payloads: list[bytes]) -> None:
    assert outcome(payloads) == expected(payloads)


@SOME
@given(st.lists(st.binary(max_size=60) | events(mutated=True), min_size=1, max_size=12))
def test_arbitrary_and_broken_bytes_are_judged_alike_and_none_is_lost(payloads: list[bytes]) -> None:
    assert outcome(payloads) == expected(payloads)


@SOME
@given(st.randoms(use_true_random=False))
def test_histories_with_odd_messages_among_them(random: Any) -> None:
    payloads: list[bytes | None] = [*as_payloads(history(random, events=10)), *odd_payloads(random, 20)]
    assert outcome(payloads) == expected(payloads)


@SOME
@given(st.lists(instants(), min_size=1, max_size=20))
@example(['"0000-12-31T23:30:00-01:00"', '"9999-12-31T23:30:00-01:00"', '"2100-02-29T00:00:00Z"'])
def test_instants(texts: list[str]) -> None:
    payloads = [f'{{"event_id":"e","patient_id":"p","event_time":{t},"spo2":97}}'.encode() for t in texts]
    assert outcome(payloads) == expected(payloads)


@SOME
@given(
    st.lists(numbers(), min_size=1, max_size=20),
    st.sampled_from(("spo2", "temperature", "fio2", "spo2_scale")),
)
@example(["1e400", '"1e400"', "-0.0", '".5e1"', '"+5."', '"1_0"', '"٣"'], "oxygen_flow")
def test_numbers(texts: list[str], field: str) -> None:
    unit = '"temperature_unit":"degF",' if field == "temperature" else ""
    payloads = [
        f'{{"event_id":"e","patient_id":"p","event_time":"2026-05-01T00:00:00Z",{unit}"{field}":{t},"pulse_rate":60}}'
        for t in texts
    ]
    assert outcome([p.encode() for p in payloads]) == expected([p.encode() for p in payloads])


@SOME
@given(st.lists(events() | st.binary(max_size=20), max_size=20), st.integers(0, 20))
def test_a_message_is_judged_alone_wherever_a_batch_is_cut(payloads: list[bytes], cut: int) -> None:
    rows = bronze_rows(payloads, INGESTED)
    whole = parse(rows)
    parts = [parse(rows.slice(0, cut)), parse(rows.slice(cut))]
    assert pa.concat_tables([part.observations for part in parts]).equals(whole.observations)
    assert pa.concat_tables([part.quarantine for part in parts]).equals(whole.quarantine)
