"""``vitalake run``: the whole road, from messages to Gold."""

from __future__ import annotations

from vitalake.cli.options import BatchRows, Engine, Force, Json, Lake, RulesFile, Sources

NAME = "run"
EXAMPLES = (
    "vitalake run vitalake-demo/messages --lake vitalake-demo/lake",
    "vitalake run vitalake-demo/messages --lake another-lake --batch-rows 50000 --json",
)


def command(
    sources: Sources,
    lake: Lake = None,
    *,
    batch_rows: BatchRows = None,
    rules: RulesFile = None,
    force: Force = False,
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Read new messages into bronze, silver and gold.

    What was read before is not read again, so the same command goes on where the last one stopped.
    """
    from vitalake.cli.lakes import run_on
    from vitalake.cli.results import report
    from vitalake.cli.settings import read_settings
    from vitalake.cli.source import open_source

    source, size = open_source(sources)
    with run_on(lake, "bronze and silver", engine=engine, rules=rules, new=True) as (run, work):
        rows = read_settings(batch_rows=batch_rows).batch_rows
        run.silver(work.watch(source, size), rows)
        work.say("gold")
        gold = run.curate(force=force)
    report("refine", work, gold, as_json=as_json)
