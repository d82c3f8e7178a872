"""The road and the slow reference on the same random histories, and where they disagree.

A history is what befalls one patient: his messages, some of them late, repeated or contradicted, and payloads
that are no event.

As a program it takes the first seed, how many, and `ends` where the source comes to an end (there the time of
most patients is the watermark's, else it is that of their last event), and tells the first disagreement:
`python tests/agreement.py 0 1000 ends`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from comparing import assert_same
from reference.definitions import DeviceWord, Settings
from reference.policy import DEFAULT
from reference.road import reference_lake
from roads import INGESTED, refined, rows_of
from strategies.histories import as_payloads, history
from strategies.odd import odd_payloads
from strategies.permutations import conflicting, duplicated, rebatched, shuffled

from vitalake.domain.device_alarms import built_in
from vitalake.domain.policy_file import preset
from vitalake.domain.tables import Table
from vitalake.silver.tables import (
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_OBSERVATIONS,
    SILVER_QUARANTINE,
    SILVER_VITAL_WINDOWS,
)

EVENTS = 20
"""No history has more events of its own; every other one at most half of that."""
UNKNOWN = datetime(1, 1, 2, tzinfo=UTC)
"""A watermark that is before all patients' last events, as good as none."""
IGNORED: dict[Table, tuple[str, ...]] = {
    SILVER_OBSERVATIONS: ("source", "batch"),
    SILVER_QUARANTINE: ("source", "batch"),
    SILVER_DUPLICATES: ("source", "first_source", "batch"),
    SILVER_VITAL_WINDOWS: (),
    SILVER_ALERTS: ("batch",),
}
"""The tables that are compared, and the columns that tell how a test brought the messages."""
ALERT_KEY = ("patient_id", "origin", "alert_type", "subject", "started_at")

Lake = dict[str, list[dict[str, Any]]]


def arrivals(seeds: Sequence[int]) -> list[list[bytes | None]]:
    """Yield one history a seed as they come in: mingled, in batches, each history in an order of its own."""
    histories = [_history(seed) for seed in seeds]
    random = Random(seeds[0])
    turns = [seed for seed, payloads in enumerate(histories) for _ in payloads]
    random.shuffle(turns)
    coming = [iter(payloads) for payloads in histories]
    return rebatched(random, [next(coming[turn]) for turn in turns])


def _history(seed: int) -> list[bytes | None]:
    random = Random(seed)
    events = EVENTS if seed % 2 else EVENTS // 2
    messages = [
        {**m, "patient_id": f"{m['patient_id']}-{seed}"} for m in history(seed, patients=1, events=events)
    ]
    odd = odd_payloads(seed, 1)
    match random.randrange(4):
        case 0:
            return [*as_payloads(messages), *odd]
        case 1:
            return shuffled(random, [*as_payloads(messages), *odd])
        case 2:
            return [*duplicated(random, as_payloads(messages)), *odd]
        case _:
            return shuffled(random, duplicated(random, as_payloads(conflicting(random, messages)))) + odd


def both_lakes(
    path: Path, batches: Sequence[Sequence[bytes | None]], *, ends: bool = True
) -> tuple[Lake, Lake]:
    """Yield the compared tables' rows by name: the road's, which makes a lake at the path, and the reference's."""
    lake = refined(path, batches, ends=ends)
    words = {
        code: DeviceWord(alert_type=meaning.alert_type, priority=meaning.priority)
        for code, meaning in built_in().meanings.items()
    }
    expected = reference_lake(
        list(chain.from_iterable(batches)),
        INGESTED,
        settings=Settings(device_words=words),
        policy=replace(DEFAULT, version=preset().version),
        watermark=None if ends else UNKNOWN,
    )
    return {table.name: rows_of(lake, table) for table in IGNORED}, expected


def assert_agree(lakes: tuple[Lake, Lake], tables: Iterable[Table] = IGNORED) -> None:
    """Fail with the first cell in which the road and the reference differ."""
    actual, expected = lakes
    for table in tables:
        key = ("partition", "offset") if "offset" in table.key else table.key
        key = ALERT_KEY if table is SILVER_ALERTS else key
        assert_same(actual[table.name], expected[table.name], key=key, ignore=IGNORED[table])


def main(first: str, count: str, ends: str = "") -> None:
    """Compare so many histories; print how many, and how many rows of each table agree."""
    seeds = range(int(first), int(first) + int(count))
    with TemporaryDirectory() as folder:
        lakes = both_lakes(Path(folder, "lake"), arrivals(seeds), ends=ends == "ends")
    assert_agree(lakes)
    told = {"histories": len(seeds)} | {name: len(rows) for name, rows in lakes[0].items()}
    sys.stdout.write("".join(f"{name} {number}\n" for name, number in told.items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
