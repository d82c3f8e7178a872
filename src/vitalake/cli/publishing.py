"""The publish stage as commands open it, and how they say that Kafka is away."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vitalake.cli.kafka import read_brokers, read_options, require_kafka
from vitalake.cli.settings import FILE, Settings
from vitalake.errors import LakeBusy, Unavailable, UserError, VitalakeError
from vitalake.stages.lake import read_info
from vitalake.stages.progress import read_progress, record

if TYPE_CHECKING:
    from vitalake.stages.publish import Publish
    from vitalake.stages.run import Run

PATIENCE_S: Final = 5.0
"""How long a run that follows waits for Kafka to take something; it tries again."""


def check_publish_to(settings: Settings) -> None:
    """Refuse a Kafka to which nothing can ever be sent (no client, no address), before any work; none is fine."""
    if settings.publish_to is not None:
        require_kafka()
        read_brokers(settings.publish_to)


def open_publish(
    settings: Settings,
    *,
    begin_at: int | None = None,
    backfill: bool = False,
    deadline_s: float | None = None,
) -> Publish:
    """Yield the stage on the settings' lake and brokers, reading through a connection of its own."""
    from vitalake import clock
    from vitalake.cli.lakes import open_described

    if settings.publish_to is None:
        raise UserError("No Kafka is named", f"Say to which brokers, or set publish_to in {FILE}")
    require_kafka()
    from vitalake.kafka.connection import DEADLINE_S
    from vitalake.stages.publish import Publish, Subscribers

    brokers, options = read_brokers(settings.publish_to), read_options(settings)
    to = Subscribers(brokers, options, begin_at, backfill, deadline_s or DEADLINE_S)
    engine, info = open_described(settings.lake)
    return Publish(engine, info.lake_id, to, now=clock.now)


@contextmanager
def publishing(run: Run, settings: Settings) -> Iterator[None]:
    """Publish what the run of the block left in the lake, however it ended, where a Kafka is named.

    That Kafka is away, or another process publishes, is told and no failure: what waits goes out the next time.
    """
    try:
        yield
    finally:
        if settings.publish_to is not None and read_info(run.engine) is not None:
            _publish(run, settings)


def _publish(run: Run, settings: Settings) -> None:
    from vitalake.stages.publish import STAGE

    try:
        with run.engine.lock(STAGE):
            publish = open_publish(settings)
            publish.alerts()
            publish.rest()
            done = publish.done(read_progress(run.engine).batch("settle"), run.run_id)
            if done is not None:
                record(run.engine, done)
    except (Unavailable, LakeBusy) as error:
        print(f"not published yet, goes out with the next run: {error}", file=sys.stderr, flush=True)


def tell_waiting(error: VitalakeError | None) -> None:
    """Print why something waits; None: no longer."""
    print("it answers again." if error is None else f"waiting: {error}", file=sys.stderr, flush=True)
