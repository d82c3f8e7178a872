"""The law: silver and gold are a function of the set of events, whatever their order, batching and repetition."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from roads import lawful, refined
from strategies.histories import as_payloads, history
from strategies.permutations import duplicated, rebatched, shuffled

PATIENTS = 30
SEEDS = range(6)


def _arrived(random: Random, payloads: list[bytes | None]) -> list[list[bytes | None]]:
    """Yield the payloads in another order, some of them more than once, in batches."""
    return rebatched(random, duplicated(random, shuffled(random, payloads)), batches=random.randint(1, 12))


@pytest.mark.parametrize("seed", SEEDS)
def test_silver_does_not_depend_on_order_repeats_or_batches(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    payloads: list[bytes | None] = []
    for n in range(PATIENTS):
        payloads += as_payloads(
            [m | {"patient_id": f"{n}-{m['patient_id']}"} for m in history(random, 1, 20)]
        )
    quiet = lawful(refined(tmp_path / "quiet", [payloads]))
    stormy = lawful(refined(tmp_path / "stormy", _arrived(random, payloads)))
    for name, rows in quiet.items():
        assert stormy[name] == rows, name
