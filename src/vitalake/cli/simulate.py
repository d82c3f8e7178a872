"""``vitalake simulate``: a made-up ward whose truth is known."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from vitalake import clock
from vitalake.cli.interrupts import INTERRUPTS
from vitalake.cli.options import Json, Overwrite, Start
from vitalake.errors import UserError

if TYPE_CHECKING:
    from vitalake.sources.simulator import SimulationSettings, Truth

NAME = "simulate"
EXAMPLES = (
    "vitalake simulate --patients 20 --hours 6 --to day.ndjson.gz",
    "vitalake simulate --patients 5 --hours 1 --seed 7 | head -3",
    "vitalake simulate --patients 20 --hours 6 --to kafka://localhost:9092/vitals --rate 500",
)
START: Final = "2026-01-05T00:00:00Z"
FILE: Final = "simulated.ndjson"


def _share(name: str, what: str) -> Any:
    return typer.Option(f"--{name}", metavar="SHARE", min=0, max=1, help=f"Share of messages that {what}.")


def command(  # noqa: PLR0913 - each is an option
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="PATH",
            help="A file (.gz is compressed), a folder or kafka://BROKERS/TOPIC; else the messages are printed.",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=0.001, metavar="N", help="To Kafka: at most N messages a second."),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="To Kafka: begin now, and send each message when it is time for it."),
    ] = False,
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="FILE", help="Write the true counts and courses as JSON."),
    ] = None,
    overwrite: Overwrite = False,
    patients: Annotated[int, typer.Option("--patients", metavar="N", help="How many patients.")] = 50,
    hours: Annotated[float, typer.Option("--hours", metavar="H", help="How long.")] = 24.0,
    start: Start = START,
    interval_s: Annotated[
        float, typer.Option("--interval-s", metavar="S", help="How often a monitor sends.")
    ] = 60.0,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same bytes.")] = 1,
    wards: Annotated[int | None, typer.Option("--wards", metavar="N", help="How many wards.")] = None,
    monitored: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="SHARE", help="Share of patients at a monitor; others have spot checks."
        ),
    ] = 0.7,
    partial: Annotated[float, _share("partial", "lack some vitals")] = 0.05,
    artefact: Annotated[float, _share("artefact", "hold an impossible value")] = 0.002,
    late: Annotated[float, _share("late", "arrive late, by up to hours")] = 0.002,
    late_max_hours: Annotated[
        float, typer.Option("--late-max-hours", metavar="H", help="By how much.")
    ] = 72.0,
    out_of_order: Annotated[float, _share("out-of-order", "arrive up to a minute late")] = 0.01,
    duplicate: Annotated[float, _share("duplicate", "are sent again")] = 0.01,
    conflicting: Annotated[float, _share("conflicting", "are sent again with other content")] = 0.001,
    malformed: Annotated[float, _share("malformed", "are broken")] = 0.002,
    as_json: Json = False,
) -> None:
    """Make the messages of a simulated hospital.

    Patients are stable, deteriorate (sepsis, respiratory failure, haemorrhage, opioid sedation) and recover,
    at monitors, spot checks and charted rounds. Messages are partial, late, repeated and broken at the rates
    given; with --to, how many truly are is told at the end.
    """
    from vitalake.cli.kafka import is_topic

    topic = to is not None and is_topic(to)
    if (live or rate is not None) and not topic:
        raise UserError("--rate and --live are for a topic", "Say --to kafka://BROKERS/TOPIC")
    settings = read_settings(
        start=clock.now().isoformat() if live else start,
        patients=patients,
        hours=hours,
        interval_s=interval_s,
        seed=seed,
        wards=wards,
        monitored=monitored,
        partial=partial,
        artefact=artefact,
        late=late,
        late_max_hours=late_max_hours,
        out_of_order=out_of_order,
        duplicate=duplicate,
        conflicting=conflicting,
        malformed=malformed,
    )
    if to is None:
        told = print_messages(settings)
    elif topic:
        told = send_messages(settings, to, rate=rate, live=live)
    else:
        told = write_messages(settings, Path(to), overwrite=overwrite)
    if truth is not None:
        write_truth(told, truth, overwrite=overwrite)
    if to is not None:
        report(told, as_json=as_json)


def read_settings(*, start: str, **given: Any) -> SimulationSettings:
    """Yield the settings of a simulation that begins at ``start``, RFC 3339."""
    from vitalake.cli.instants import read_instant
    from vitalake.sources.simulator import SimulationSettings

    return SimulationSettings(start=read_instant(start), **given)


def print_messages(settings: SimulationSettings) -> Truth:
    """Print the messages, one a line; yield the truth about them."""
    from vitalake.sources.simulator import Simulation

    simulation = Simulation(settings)
    for chunk in simulation:
        sys.stdout.buffer.write(b"\n".join([*chunk.payloads.to_pylist(), b""]))
    sys.stdout.buffer.flush()
    return simulation.truth


def send_messages(settings: SimulationSettings, to: str, *, rate: float | None, live: bool) -> Truth:
    """Send the messages to a topic, which is made where it is not there; yield the truth about them."""
    from vitalake.cli.kafka import connect, require_kafka
    from vitalake.cli.progress import working
    from vitalake.cli.settings import read_settings as read_ours
    from vitalake.sources.simulator import Simulation

    require_kafka()
    from vitalake.kafka.address import parse_address
    from vitalake.kafka.topics import create_topic
    from vitalake.publish.send import send_messages as send

    address = parse_address(to)
    connection = connect(address.brokers, read_ours())
    create_topic(connection, address.topic)
    simulation = Simulation(settings)
    with working("simulate") as work:

        def messages() -> Iterator[tuple[str, bytes]]:
            for chunk in simulation:
                keys, payloads = chunk.keys.to_pylist(), chunk.payloads.to_pylist()
                for key, payload, arrival_us in zip(keys, payloads, chunk.arrival_us.tolist(), strict=True):
                    INTERRUPTS.stop_if_asked()
                    if live:
                        _await(arrival_us / 1e6)
                    yield key, payload
                work.count(len(chunk))

        send(connection, address.topic, messages(), rate_per_s=rate)
    return simulation.truth


def _await(instant_s: float) -> None:
    """Wait until an instant, in seconds since 1970, unless we are to stop."""
    while (left_s := instant_s - clock.now().timestamp()) > 0:
        time.sleep(min(left_s, 0.2))
        INTERRUPTS.stop_if_asked()


def write_messages(settings: SimulationSettings, to: Path, *, overwrite: bool) -> Truth:
    """Write the messages to a file, or to :data:`FILE` in a folder; yield the truth about them."""
    from vitalake.cli.progress import working
    from vitalake.sources.ndjson import write_ndjson
    from vitalake.sources.simulator import Simulation

    path = to / FILE if to.is_dir() else to
    simulation = Simulation(settings)
    with working("simulate") as work:

        def payloads() -> Iterator[list[bytes]]:
            for chunk in simulation:
                work.count(len(chunk))
                yield chunk.payloads.to_pylist()

        write_ndjson(path, payloads(), overwrite=overwrite)
    return simulation.truth


def write_truth(truth: Truth, path: Path, *, overwrite: bool) -> None:
    """Write the counts and each patient's course as JSON."""
    if path.exists() and not overwrite:
        raise UserError(f"{path} exists already", "Name another file, or say --overwrite")
    try:
        path.write_text(json.dumps(truth.as_dict(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} can't be written ({error.strerror})", "Name another file") from None


def report(truth: Truth, *, as_json: bool) -> None:
    """Print how many messages of which kind there truly are; the patients' courses are for --truth."""
    from vitalake.cli.output import print_facts, print_json

    counts = truth.as_dict()
    del counts["patients"]
    if as_json:
        print_json(counts)
        return
    numbers = {name.replace("_", " "): count for name, count in counts.items() if isinstance(count, int)}
    broken = sum(truth.malformed.values())
    print_facts({"patients": len(truth.patients)} | numbers | {"malformed": broken})
