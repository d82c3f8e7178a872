"""The road agrees with a slow reference that was written from the specification alone, cell by cell."""

from __future__ import annotations

import subprocess
import sys

import agreement
import pytest
from agreement import IGNORED, Lake, arrivals, assert_agree, both_lakes
from forking import COMPILED

from vitalake.domain.tables import Table

UNCOMPILED = 300
HALF = 5_000
"""The histories of a child, of ten thousand: they bound its memory."""
QUICK = {name: value for name, value in COMPILED.items() if not name.startswith("COVERAGE_")}
"""The environment of a child whose lines nobody counts: the uncompiled histories run the same."""


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Lake]:
    return both_lakes(tmp_path_factory.mktemp("lake") / "lake", arrivals(range(UNCOMPILED)))


@pytest.mark.parametrize("table", IGNORED, ids=lambda table: table.name)
def test_silver_is_what_the_reference_says(lakes: tuple[Lake, Lake], table: Table) -> None:
    assert_agree(lakes, [table])


@pytest.mark.parametrize(("first", "ends"), [(0, ""), (HALF, "ends")])
def test_ten_thousand_histories_become_what_the_reference_says(first: int, ends: str) -> None:
    ended = subprocess.run(
        [sys.executable, agreement.__file__, str(first), str(HALF), ends],
        env=QUICK,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-5_000:]
    told = dict(line.split() for line in ended.stdout.splitlines())
    assert int(told.pop("histories")) == HALF
    assert all(int(rows) > HALF for rows in told.values()), f"too little to compare: {told}"
