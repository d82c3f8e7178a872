"""``vitalake dev kafka``: a real broker of one node, in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from vitalake.dev.kafka import Broker

NAME = "dev kafka"
EXAMPLES = ("vitalake dev kafka", "vitalake dev kafka --port 9192 --dir broker")
PORT: Final = 9092


def command(
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="N", help="0 takes a free one.")
    ] = PORT,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where it keeps its data.")] = Path(
        "vitalake-kafka"
    ),
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="HOST", help="Let other machines in; they know this one as HOST."),
    ] = None,
) -> None:
    """Run a Kafka broker for development on this machine, until Ctrl-C.

    Started again on the same folder it goes on with what it had. It has no access control, and without --name
    it listens on this machine only.
    """
    from vitalake.cli.kafka import require_kafka

    require_kafka()
    from vitalake.dev.kafka import run_broker

    raise typer.Exit(run_broker(port, folder, _tell, name))


def _tell(running: Broker) -> None:
    brokers = running.brokers
    lines = (
        f"Kafka serves at {brokers}, its data is in {running.folder}. Ctrl-C ends it.",
        "",
        "Try in three other shells:",
        f"  vitalake listen {brokers}",
        f"  vitalake run kafka://{brokers}/vitals --lake kafka-lake --follow --publish-to {brokers}",
        f"  vitalake simulate --live --interval-s 5 --to kafka://{brokers}/vitals",
    )
    print("\n".join(lines), flush=True)
