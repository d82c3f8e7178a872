"""A rebuild is what a new lake with the same events and rules would hold."""

from __future__ import annotations

from pathlib import Path
from random import Random

from roads import Payloads, lawful, refined, rows_of, run_of
from strategies.histories import as_payloads, history
from strategies.permutations import rebatched, shuffled

from vitalake.domain.rules import Rules
from vitalake.silver.tables import SILVER_ALERT_CHANGES, SILVER_ALERTS

OTHER = Rules(window_minutes=30, maximum_age_s={"spo2": 60}, assumptions={"consciousness": "A"})


def _batches(seed: int) -> list[list[bytes | None]]:
    random = Random(seed)
    payloads: list[bytes | None] = []
    for n in range(10):
        payloads += as_payloads(
            [m | {"patient_id": f"{n}-{m['patient_id']}"} for m in history(random, 1, 20)]
        )
    return rebatched(random, shuffled(random, payloads), batches=5)


def test_a_rebuild_with_the_same_rules_changes_nothing(tmp_path: Path) -> None:
    lake = refined(tmp_path / "lake", _batches(1))
    before, log = lawful(lake), rows_of(lake, SILVER_ALERT_CHANGES)
    run_of(lake).rebuild()
    assert lawful(lake) == before
    assert rows_of(lake, SILVER_ALERT_CHANGES) == log
    assert not (tmp_path / "lake" / ".vitalake" / "rebuild").exists()


def test_a_rebuild_with_other_rules_is_a_new_lake_with_them(tmp_path: Path) -> None:
    lake = refined(tmp_path / "lake", _batches(2))
    run_of(lake).rebuild(OTHER)
    assert lawful(lake) == lawful(refined(tmp_path / "new", _batches(2), OTHER))
    latest = {row["alert_id"]: row for row in rows_of(lake, SILVER_ALERT_CHANGES)}
    standing = {alert for alert, row in latest.items() if row["change"] != "retracted"}
    assert standing == {row["alert_id"] for row in rows_of(lake, SILVER_ALERTS)}


def test_the_road_goes_on_after_a_rebuild(tmp_path: Path) -> None:
    batches = _batches(3)
    half = len(batches) // 2
    lake = refined(tmp_path / "lake", batches[:half])
    run_of(lake).rebuild(OTHER)
    run_of(lake).silver(Payloads(batches), max_rows=10**9)
    assert lawful(lake) == lawful(refined(tmp_path / "new", batches, OTHER))
