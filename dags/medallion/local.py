"""The stages on Airflow's own workers: each function is the work of one task and yields what it came to.

A try of a task is a run of vitalake with an id of its own, ``AIRFLOW_RUN#TRY``; counts are taken from the lake for
all tries together, so that a try which was killed counts with what it committed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vitalake import clock
from vitalake.cli.lakes import lake_tables, run_on
from vitalake.cli.options import EngineName
from vitalake.cli.source import open_source
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.engine import Engine
from vitalake.errors import VitalakeError
from vitalake.gold.records import GOLD_PIPELINE_RUNS
from vitalake.quality.gate import Check
from vitalake.silver.tables import LAKE_BATCHES
from vitalake.stages.curate import table_versions
from vitalake.stages.history import TRY, tries_of
from vitalake.stages.lake import read_info
from vitalake.stages.run import Run

LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What one try of a task was told."""

    params: Mapping[str, Any]
    airflow_run: str
    attempt: int

    @contextmanager
    def run(self, what: str, *, new: bool = False) -> Iterator[Run]:
        """Yield a run on the lake; only with ``new`` may the lake be a new one."""
        named = self.params["engine"]
        engine = None if named is None else EngineName(named)
        with run_on(Path(self.params["lake"]).expanduser(), what, engine=engine, new=new) as (run, _):
            run.run_id = f"{self.airflow_run}{TRY}{self.attempt}"
            yield run


def check(work: Work) -> dict[str, Any]:
    """Yield the lake's id (None: it will be a new one); a UserError where lake, source or engine can't be used."""
    open_source([work.params["source"]])
    with work.run("check", new=True) as run:
        info = read_info(run.engine)
    return {"lake_id": None if info is None else info.lake_id}


def lake_of(work: Work) -> dict[str, Any]:
    """Yield the lake's id, nothing where there is no lake that can be read."""
    with suppress(VitalakeError):
        return _lake(EmbeddedLake(Path(work.params["lake"]).expanduser()))
    return {}


def ingest(work: Work) -> dict[str, Any]:
    """Bring Bronze up to the source; yield the lake's id and how many batches and messages came."""
    source, _ = open_source([work.params["source"]])
    with work.run("bronze", new=True) as run:
        run.ingest(source, work.params["batch_rows"])
        return _lake(run.engine) | _batches(run.engine, work, "ingest")


def refine(work: Work) -> dict[str, Any]:
    """Bring Silver up to Bronze; yield the lake's id and what the messages became."""
    with work.run("silver") as run:
        run.refine()
        return _lake(run.engine) | _batches(run.engine, work, "refine")


def curate(work: Work) -> dict[str, Any]:
    """Bring Gold up to Silver through the gate; yield rows written, verdicts, table versions and the instant.

    Raises:
        GateFailed: Gold stays as it was.
    """
    with work.run("gold") as run:
        result = run.curate(force=work.params["force"])
        for verdict in result.checks:
            _log(verdict)
        result.refuse()
        return _lake(run.engine) | {
            "gold_rows": _gold_rows(run.engine, work),
            "quality": dict(Counter(verdict.verdict for verdict in result.checks)),
            "versions": table_versions(run.engine, lake_tables()),
            "ended_at": clock.now().isoformat(),
        }


def _lake(engine: Engine) -> dict[str, Any]:
    info = read_info(engine)
    return {} if info is None else {"lake_id": info.lake_id}


def _batches(engine: Engine, work: Work, stage: str) -> dict[str, Any]:
    engine.open(LAKE_BATCHES)
    sums = ", ".join(
        f"cast(coalesce(sum({column}), 0) as bigint) as {name}" for column, name in _COUNTED[stage].items()
    )
    ours = f"stage = '{stage}' and {tries_of(work.airflow_run)}"
    (row,) = engine.rows(f"select count(*) as batches, {sums} from lake_batches where {ours}").to_pylist()
    return dict(row)


_COUNTED: Final = {
    "ingest": {"rows_in": "messages"},
    "refine": {"observations": "observations", "quarantined": "quarantined", "duplicates": "duplicates"},
}


def _gold_rows(engine: Engine, work: Work) -> int:
    engine.open(GOLD_PIPELINE_RUNS)
    ours = f"stage = 'curate' and {tries_of(work.airflow_run)}"
    (row,) = engine.rows(
        f"select cast(coalesce(sum(rows_out), 0) as bigint) as n from gold_pipeline_runs where {ours}"
    ).to_pylist()
    return int(row["n"])


def _log(check: Check) -> None:
    level = logging.INFO if check.verdict == "pass" else logging.WARNING
    told = (check.verdict, check.expectation.name, check.value, check.limit)
    LOG.log(level, "%s: %s is %s (limit %s)", *told)
