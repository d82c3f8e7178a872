"""What the rows of gold_pipeline_runs say to other systems: stages and runs that completed or failed.  Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from vitalake.publish.events import Keyed, run_event, stage_event

_TOLD: Final = ("engine", "started_at", "rows_in", "rows_out", "first_batch", "last_batch", "error")
RUN: Final = "run"
"""The stage that stands for the whole run."""


def pipeline_events(rows: Iterable[Mapping[str, Any]], lake_id: str) -> Iterator[Keyed]:
    """Yield one event a row: row counts and the table versions that were written."""
    for row in rows:
        facts = {name: row[name] for name in _TOLD} | {"versions": json.loads(row["versions_written"])}
        run_id, stage, status, when = row["run_id"], row["stage"], row["status"], row["ended_at"]
        if stage == RUN:
            yield run_event(lake_id, run_id, status, when, facts)
        else:
            yield stage_event(lake_id, run_id, stage, status, when, facts)
