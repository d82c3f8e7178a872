"""``vitalake publish``: what a lake has to tell, to Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from vitalake.cli.options import Json, Lake

if TYPE_CHECKING:
    from vitalake.stages.publish import Publish
    from vitalake.stages.run import Run

NAME = "publish"
EXAMPLES = (
    "vitalake publish --lake vitalake-demo/lake --to localhost:9092",
    "vitalake publish --lake vitalake-demo/lake --to localhost:9092 --from 1 --backfill --json",
)
_EVERY_S: Final = 1.0


def command(
    lake: Lake = None,
    *,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="BROKERS", help="HOST:PORT,...; else publish_to in the settings."),
    ] = None,
    begin_at: Annotated[
        int | None,
        typer.Option("--from", min=1, metavar="SEQ", help="Begin at this change, whatever was sent before."),
    ] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Mark all of it as history: notify is false.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    as_json: Json = False,
) -> None:
    """Send what a lake has to tell to Kafka, from where the last time ended.

    Each change of an alert once, in order, to vitalake.alerts; completed stages and runs to
    vitalake.pipeline; quarantined messages, without their content, to vitalake.quarantine.
    """
    from vitalake.cli.interrupts import stop_by_signals
    from vitalake.cli.kafka import require_kafka
    from vitalake.cli.lakes import run_on
    from vitalake.cli.output import print_facts, print_json
    from vitalake.cli.publishing import check_publish_to, open_publish, tell_waiting
    from vitalake.cli.settings import read_settings
    from vitalake.errors import Unavailable

    settings = read_settings(lake=lake, publish_to=to)
    require_kafka()
    check_publish_to(settings)
    from vitalake.stages.publish import STAGE

    sent = {"alert_changes": 0, "other_events": 0}
    with run_on(settings.lake, "publish") as (run, _), run.engine.lock(STAGE), stop_by_signals() as stop:
        publish = open_publish(settings, begin_at=begin_at, backfill=backfill)
        if not follow:
            _send(run, publish, sent)
        while follow and not stop.is_set():
            try:
                _send(run, publish, sent)
            except Unavailable as error:
                tell_waiting(error)
            stop.wait(_EVERY_S)
    if as_json:
        print_json(sent)
    else:
        print_facts(sent)
    raise typer.Exit(stop.exit_code)


def _send(run: Run, publish: Publish, sent: dict[str, int]) -> None:
    """Send what waits and write down how far that came."""
    from vitalake.stages.progress import read_progress, record

    progress = read_progress(run.engine)
    sent["alert_changes"] += publish.alerts()
    sent["other_events"] += publish.rest()
    done = publish.done(progress.batch("settle"), run.run_id)
    if done is not None:
        record(run.engine, done)
