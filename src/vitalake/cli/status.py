"""``vitalake status``: how far each stage is, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalake.cli.options import Json, Lake

if TYPE_CHECKING:
    from vitalake.engines.engine import Engine

NAME = "status"
EXAMPLES = ("vitalake status --lake vitalake-demo/lake", "vitalake status --lake vitalake-demo/lake --json")

_STAGES = """
  select
    stage,
    max(batch) as batch,
    max(ended_at) as ended_at,
    cast(sum(rows_in) as bigint) as rows_in
  from lake_batches group by stage order by min(started_at), stage
"""
_COUNTS = """
  select
    (select count(*) from bronze_events) as messages,
    (select count(*) from silver_observations) as observations,
    (select count(*) from silver_quarantine) as quarantined,
    (select count(*) from silver_duplicates) as duplicates
"""
_REPAIRS = "select count(*) as n from silver_observations where updated_batch is null"
_RUNS = "select * from gold_pipeline_runs order by started_at desc limit 5"
_VERDICTS = """
  select verdict, count(*) as n from gold_quality_checks
  where run_id = (select max_by(run_id, checked_at) from gold_quality_checks) group by verdict
"""


def command(lake: Lake = None, *, as_json: Json = False) -> None:
    """Show how far each stage is and what waits.

    Also what the messages became, the tables with their versions, and the last runs.
    """
    from vitalake.cli.lakes import lake_tables, open_described
    from vitalake.cli.output import field, print_facts, print_json, print_rows
    from vitalake.cli.reading import read_rows

    engine, info = open_described(lake)
    for table in lake_tables():
        engine.open(table)
    facts = {
        "lake": str(engine.path),
        "lake_id": info.lake_id,
        "made_by": f"{info.engine} engine, layout {info.layout}",
        "rules": info.parsed_rules.version,
    } | read_counts(engine)
    stages = read_rows(engine, _STAGES)
    tables = [
        {"table": table.name, "version": engine.version(table), "rows": _count(engine, table.name)}
        for table in lake_tables()
        if engine.exists(table)
    ]
    runs = read_rows(engine, _RUNS)
    if as_json:
        print_json(facts | {"stages": stages, "tables": tables, "runs": runs})
        return
    print_facts(facts)
    print_rows(stages, title="Stages")
    print_rows(tables, title="Tables")
    if runs:
        names = ("started_at", "stage", "status", "rows_in", "rows_out", "error")
        print_rows(runs, [field(name) for name in names], title="Last runs")


def read_counts(engine: Engine) -> dict[str, Any]:
    """Yield the lake's counts and its backlog, from its open views."""
    from vitalake.cli.reading import read_rows

    (counts,) = read_rows(engine, _COUNTS)
    last = {row["stage"]: row["batch"] for row in read_rows(engine, _STAGES)}
    (watermark,) = read_rows(engine, "select max(watermark) as at from lake_batches")
    verdicts = {row["verdict"]: row["n"] for row in read_rows(engine, _VERDICTS)}
    (repairs,) = read_rows(engine, _REPAIRS)
    done = [last.get(stage, 0) for stage in ("ingest", "refine", "curate")]
    return counts | {
        "watermark": watermark["at"],
        "batches_waiting_for_silver": done[0] - done[1],
        "batches_waiting_for_gold": done[1] - done[2],
        "repairs_waiting": repairs["n"],
        "quality": ", ".join(f"{n} {verdict}" for verdict, n in sorted(verdicts.items())) or None,
    }


def _count(engine: Engine, name: str) -> int:
    from vitalake.cli.reading import read_rows

    (row,) = read_rows(engine, f'select count(*) as n from "{name}"')
    return int(row["n"])
