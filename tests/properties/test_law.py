"""The law: silver and gold are a function of the set of events, whatever their order, batching and repetition."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from roads import bound_by_law, lawful, refined, run_of
from strategies.histories import as_payloads, history
from strategies.permutations import duplicated, rebatched, shuffled

PATIENTS = 30
SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(3, 40))]


def _payloads(random: Random, patients: int) -> list[bytes | None]:
    payloads: list[bytes | None] = []
    for n in range(patients):
        payloads += as_payloads(
            [m | {"patient_id": f"{n}-{m['patient_id']}"} for m in history(random, 1, 20)]
        )
    return payloads


def _arrived(random: Random, payloads: list[bytes | None]) -> list[list[bytes | None]]:
    """Yield the payloads in another order, some of them more than once, in batches."""
    return rebatched(random, duplicated(random, shuffled(random, payloads)), batches=random.randint(1, 12))


@pytest.mark.parametrize("seed", SEEDS)
def test_silver_does_not_depend_on_order_repeats_or_batches(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    payloads = _payloads(random, PATIENTS)
    quiet = lawful(refined(tmp_path / "quiet", [payloads]))
    stormy = lawful(refined(tmp_path / "stormy", _arrived(random, payloads)))
    for name, rows in quiet.items():
        assert stormy[name] == rows, name


def test_each_message_in_a_batch_of_its_own_is_as_all_in_one(tmp_path: Path) -> None:
    random = Random(7)
    payloads = _payloads(random, patients=4)
    arrived = duplicated(random, shuffled(random, payloads))
    whole = refined(tmp_path / "whole", [payloads])
    alone = refined(tmp_path / "alone", [[payload] for payload in arrived])
    for lake in (whole, alone):
        run_of(lake).curate(force=True)
    found = bound_by_law(alone)
    for name, rows in bound_by_law(whole).items():
        assert found[name] == rows, name
