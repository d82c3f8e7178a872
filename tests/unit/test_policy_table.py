"""The policy that docs/alerts.md prints is the one that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitalake.domain.policy_file import PRESETS, preset
from vitalake.domain.policy_table import policy_table

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"


@pytest.mark.parametrize("name", PRESETS)
def test_the_page_prints_the_policy(name: str) -> None:
    printed = (
        PAGE.read_text("utf-8").split(f"<!-- policy:{name} -->\n")[1].split(f"<!-- /policy:{name} -->")[0]
    )
    assert printed == policy_table(preset(name))


def test_a_row_reads_as_the_policy_says() -> None:
    rows = policy_table(preset()).splitlines()
    assert rows[6] == "| hypoxaemia, scale 1 | spo2 below | % | 92 | 90 | 85 | 120 / 30 / 15 | 1 |"
    assert (
        rows[-1] == "| reduced_consciousness | consciousness, this or worse | 1 | – | C | P | – / 0 / 0 | 0 |"
    )
