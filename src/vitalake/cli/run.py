"""``vitalake run``: the whole road, from messages to Gold, once or without end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vitalake.cli.options import BatchRows, Engine, Force, Json, Lake, PublishTo, RulesFile, Sources

if TYPE_CHECKING:
    from vitalake.stages.curate import CurateResult

NAME = "run"
EXAMPLES = (
    "vitalake run vitalake-demo/messages --lake vitalake-demo/lake",
    "vitalake run vitalake-demo/messages --lake another-lake --batch-rows 50000 --json",
    "vitalake run kafka://localhost:9092/vitals --lake kafka-lake --follow --publish-to localhost:9092",
)


def command(  # noqa: PLR0913 - each is an option
    sources: Sources,
    lake: Lake = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C or SIGTERM.")
    ] = False,
    publish_to: PublishTo = None,
    batch_rows: BatchRows = None,
    rules: RulesFile = None,
    force: Force = False,
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Read new messages into bronze, silver and gold.

    What was read before is not read again, so the same command goes on where the last one stopped. With
    --follow messages go to silver as they come, and gold is brought up to them every minute.
    """
    from vitalake.cli.following import follow as follow_sources
    from vitalake.cli.lakes import run_on
    from vitalake.cli.publishing import check_publish_to, publishing
    from vitalake.cli.results import report
    from vitalake.cli.settings import read_settings
    from vitalake.cli.source import check_sources, open_source
    from vitalake.cli.streams import stream_ahead

    if follow:
        check_sources(sources)
    source, size = (None, None) if follow else open_source(sources)
    settings = read_settings(lake=lake, batch_rows=batch_rows, publish_to=publish_to)
    check_publish_to(settings)
    gold: CurateResult | None = None
    code = 0
    with run_on(lake, "bronze and silver", engine=engine, rules=rules, new=True, quiet=as_json or follow) as (
        run,
        work,
    ):
        if source is None:
            code = follow_sources(run, work, sources, settings)
        else:
            run.begins = work.say
            with publishing(run, settings):
                ahead = stream_ahead(run, work, sources, settings)
                gold = run.all(work.watch(source, size), settings.batch_rows, force=force, ahead=ahead)
    report("refine", work, gold, as_json=as_json)
    raise typer.Exit(code)
