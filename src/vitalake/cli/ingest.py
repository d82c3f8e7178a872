"""``vitalake ingest``: messages to Bronze, byte for byte."""

from __future__ import annotations

from vitalake.cli.options import BatchRows, Engine, Json, Lake, RulesFile, Sources

NAME = "ingest"
EXAMPLES = ("vitalake ingest vitalake-demo/messages --lake vitalake-demo/lake",)


def command(
    sources: Sources,
    lake: Lake = None,
    *,
    batch_rows: BatchRows = None,
    rules: RulesFile = None,
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Read new messages into bronze, and no further."""
    from vitalake.cli.lakes import run_on
    from vitalake.cli.results import report
    from vitalake.cli.settings import read_settings
    from vitalake.cli.source import open_source
    from vitalake.cli.streams import stream_ahead

    source, size = open_source(sources)
    settings = read_settings(batch_rows=batch_rows)
    with run_on(lake, "bronze", engine=engine, rules=rules, new=True, quiet=as_json) as (run, work):
        ahead = stream_ahead(run, work, sources, settings)
        run.ingest(work.watch(source, size), settings.batch_rows, ahead)
    report("ingest", work, as_json=as_json)
