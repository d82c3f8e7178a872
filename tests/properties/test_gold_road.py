"""The law over the whole road: settled and curated after each batch, in any order, Silver and Gold are the same."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from roads import Payloads, bound_by_law, run_of
from strategies.histories import as_payloads, history
from strategies.permutations import duplicated, rebatched, shuffled

from vitalake.engines.embedded.lake import EmbeddedLake

PATIENTS = 8
EVENTS = 15


def kept(path: Path, batches: list[list[bytes | None]]) -> EmbeddedLake:
    """Yield a lake to which each batch came in a run of its own."""
    lake = EmbeddedLake(path)
    for n in range(1, len(batches) + 1):
        run_of(lake).all(Payloads(batches[:n]), max_rows=10**9, force=True)
    return lake


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 20))]
)
def test_gold_does_not_depend_on_order_repeats_or_runs(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    payloads: list[bytes | None] = []
    for n in range(PATIENTS):
        messages = history(random, 1, EVENTS)
        payloads += as_payloads([m | {"patient_id": f"{n}-{m['patient_id']}"} for m in messages])
    quiet = kept(tmp_path / "quiet", [payloads])
    arrived = duplicated(random, shuffled(random, payloads))
    stormy = kept(tmp_path / "stormy", rebatched(random, arrived, batches=random.randint(3, 6)))
    found = bound_by_law(stormy)
    for name, rows in bound_by_law(quiet).items():
        assert found[name] == rows, name
