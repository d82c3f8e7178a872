"""Bronze is bytes: every message sent is there as it was, and in Silver, in quarantine or a duplicate."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from roads import refined, rows_of
from strategies.histories import as_payloads, history
from strategies.hostile import EXTREME, GOOD, huge_event, json_test_suite
from strategies.hypotheses import payload_histories
from strategies.odd import RAW, odd_payloads
from strategies.permutations import rebatched
from strategies.wire import events

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.silver.tables import SILVER_DUPLICATES, SILVER_OBSERVATIONS, SILVER_QUARANTINE

Payloads = list[bytes | None]

LESS = GOOD.replace(b"97", b"96")
"""Another content for the same event."""


def mixed(random: Random, payloads: Payloads) -> Payloads:
    """Yield the payloads, and a third of them again, in any order."""
    again = random.choices(payloads, k=len(payloads) // 3)
    return random.sample([*payloads, *again], len(payloads) + len(again))


def assert_conserved(folder: Path, batches: list[Payloads]) -> list[int]:
    """Fail unless each byte and each message is kept; yield how many are observations, quarantined, duplicates."""
    sent = [payload for batch in batches for payload in batch]
    lake = refined(folder, batches)
    bronze, *fates = (
        {row["offset"]: row for row in rows_of(lake, table)}
        for table in (BRONZE_EVENTS, SILVER_OBSERVATIONS, SILVER_QUARANTINE, SILVER_DUPLICATES)
    )
    assert list(bronze) == list(range(len(sent)))
    for kept in (bronze, fates[1]):
        assert [at for at, row in kept.items() if row["payload"] != sent[at]] == []
    assert sorted(at for fate in fates for at in fate) == list(bronze)
    return [len(fate) for fate in fates]


def test_hostile_and_odd_payloads_between_events_are_kept_as_they_came(tmp_path: Path) -> None:
    random = Random(1)
    hostile = [*EXTREME, *map(huge_event, "01"), *RAW, *odd_payloads(random, 200)]
    sent = mixed(random, [*hostile, GOOD, LESS, *as_payloads(history(random))])
    assert all(assert_conserved(tmp_path, rebatched(random, sent)))


def test_the_json_test_suite_is_kept_as_it_came(tmp_path: Path, shared_data: Path) -> None:
    random = Random(2)
    suite = [file.read_bytes() for file in json_test_suite(shared_data)]
    assert suite
    sent = mixed(random, [*suite, GOOD, LESS, *as_payloads(history(random))])
    assert all(assert_conserved(tmp_path, rebatched(random, sent)))


@settings(max_examples=5)
@given(
    st.lists(st.binary(max_size=200) | events(mutated=True), min_size=10, max_size=40),
    payload_histories(),
    st.randoms(use_true_random=False),
)
def test_any_bytes_between_events_are_kept_as_they_came(
    payloads: Payloads, messages: Payloads, random: Random
) -> None:
    with TemporaryDirectory() as folder:
        assert_conserved(Path(folder), rebatched(random, mixed(random, payloads + messages)))
