"""``vitalake listen``: events as a subscriber of a lake gets them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from vitalake.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalake.publish.listen import Heard

NAME = "listen"
EXAMPLES = (
    "vitalake listen localhost:9092",
    "vitalake listen localhost:9092/vitalake.alerts --from-beginning --until-quiet 5 --json",
)
_SHOWN: Final = ("priority", "alert_type", "patient_id", "ward", "stage", "status", "reason")
"""What of an event's data stands in its line, where it has it."""


def command(
    where: Annotated[
        str,
        typer.Argument(metavar="BROKERS[/TOPIC]", help="HOST:PORT,... and a topic; else all of vitalake's."),
    ],
    *,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Begin with the oldest event, not with the next.")
    ] = False,
    until_quiet: Annotated[
        float | None,
        typer.Option("--until-quiet", min=0, metavar="S", help="End when nothing came for S seconds."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print events as they come: alerts, completed stages and runs, quarantined messages.

    Only what is committed is seen, so an alert's change comes once. With --json one CloudEvent a line.
    """
    from vitalake.cli.kafka import connect, require_kafka
    from vitalake.cli.settings import read_settings

    require_kafka()
    from vitalake.kafka.address import check_topic
    from vitalake.publish.listen import TOPICS, listen

    brokers, _, topic = where.removeprefix("kafka://").partition("/")
    topics = (check_topic(topic),) if topic else TOPICS
    connection = connect(brokers, read_settings())
    show = _show_json if as_json else _show
    events = listen(
        connection,
        topics,
        from_beginning=from_beginning,
        quiet_s=until_quiet,
        missed=lambda: _tell_missed(brokers, topics),
    )
    for heard in events:
        show(heard)


def _tell_missed(brokers: str, topics: tuple[str, ...]) -> None:
    print(f"waiting: {brokers} has no topic {' or '.join(topics)} yet.", file=sys.stderr, flush=True)


def _show_json(heard: Heard) -> None:
    print(json.dumps(heard.event, ensure_ascii=False), flush=True)


def _show(heard: Heard) -> None:
    """Print one line: when, what, and of whom."""
    event = heard.event
    data: Mapping[str, Any] = event["data"] if isinstance(event.get("data"), dict) else {}
    told = [str(data[name]) for name in _SHOWN if data.get(name) is not None]
    kind = str(event.get("type", heard.topic)).removeprefix("vitalake.")
    print(f"{event.get('time', ''):<28} {kind:<20} {' '.join(told)}".rstrip(), flush=True)
