"""``vitalake rebuild``: Silver and Gold again, from Bronze."""

from __future__ import annotations

from typing import Annotated

import typer

from vitalake.cli.options import Json, Lake, NewRules, Yes

NAME = "rebuild"
EXAMPLES = (
    "vitalake rebuild --lake vitalake-demo/lake --dry-run",
    "vitalake rebuild --lake vitalake-demo/lake --yes",
)


def command(
    lake: Lake = None,
    *,
    rules: NewRules = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Compute silver and gold again from bronze.

    With the lake's own rules or with new ones. Bronze is not touched. Each table is replaced in one commit when all is
    computed, whatever the quality gate says of it, which is told and recorded; a rebuild that was cut short is
    finished by the next run.
    """
    from vitalake.cli.confirm import confirm
    from vitalake.cli.lakes import run_on
    from vitalake.cli.results import tell
    from vitalake.cli.rules import read_rules
    from vitalake.stages.lake import require_lake
    from vitalake.stages.progress import read_progress

    new, gold = read_rules(rules) if rules else None, None
    if not dry_run:
        confirm("Compute silver and gold again and replace them?", yes=yes)
    with run_on(lake, "rebuild", quiet=as_json) as (run, work):
        info = require_lake(run.engine, run.where)
        facts = {
            "batches": read_progress(run.engine).batch("ingest"),
            "rules": info.parsed_rules.version,
            "new_rules": (new or info.parsed_rules).version,
        }
        if not dry_run:
            gold = run.rebuild(new)
            facts |= {"messages": work.counts["messages"], "observations": work.counts["observations"]}
    tell(facts, gold, as_json=as_json)
