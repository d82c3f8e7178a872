"""``vitalake trace``: from an event's id to its raw bytes, and what became of them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitalake.cli.options import Json, Lake

if TYPE_CHECKING:
    import pyarrow as pa

    from vitalake.engines.engine import Engine

NAME = "trace"
EXAMPLES = (
    "vitalake trace P000042-m1021 --lake vitalake-demo/lake",
    "vitalake trace P000042-m1021 --lake vitalake-demo/lake --raw",
)
POSITION = ("source", "partition", "offset")


def command(
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event's id, as it was sent.")],
    lake: Lake = None,
    *,
    raw: Annotated[bool, typer.Option("--raw", help="Print the raw bytes and nothing else.")] = False,
    as_json: Json = False,
) -> None:
    """Follow an event to its raw bytes.

    Shows each message with this event id, its position, and where it went: it became an observation (with its
    scores) or a dropped duplicate, went to quarantine with a reason, or waits in bronze for the next refine.
    """
    from vitalake.cli.lakes import open_lake
    from vitalake.cli.output import print_json
    from vitalake.errors import UserError

    found = find_messages(open_lake(lake), event_id)
    if not found:
        raise UserError(
            "No message of the lake has this event id", "Check its spelling; ids are compared exactly"
        )
    if raw:
        sys.stdout.flush()
        sys.stdout.buffer.write(b"".join(message["payload"] + b"\n" for message in found))
    elif as_json:
        print_json(found)
    else:
        for message in found:
            _print_message(message)


def find_messages(engine: Engine, event_id: str) -> list[dict[str, Any]]:
    """Yield each message with the id: what it ``became``, its ``payload``, the rest of its row."""
    return [
        *(found for each in _observed(engine, event_id) for found in (each, *_repeats(engine, each))),
        *_quarantined(engine, event_id),
        *_waiting(engine, event_id),
    ]


def _observed(engine: Engine, event_id: str) -> list[dict[str, Any]]:
    from vitalake.cli.reading import read_rows
    from vitalake.engines.embedded.read import quoted
    from vitalake.silver.tables import SILVER_OBSERVATIONS

    engine.open(SILVER_OBSERVATIONS, f"event_id = {quoted(event_id)}")
    rows = read_rows(engine, "select * from silver_observations order by patient_id, event_time")
    return [{"became": "observation", "payload": _payload(engine, row)} | row for row in rows]


def _repeats(engine: Engine, first: dict[str, Any]) -> list[dict[str, Any]]:
    from vitalake.cli.reading import read_rows
    from vitalake.silver.tables import SILVER_DUPLICATES

    engine.open(SILVER_DUPLICATES, _at(first, "first_"))
    rows = read_rows(engine, 'select * from silver_duplicates order by source, partition, "offset"')
    return [{"became": "duplicate", "payload": _payload(engine, row)} | row for row in rows]


def _quarantined(engine: Engine, event_id: str) -> list[dict[str, Any]]:
    from vitalake.cli.reading import to_rows
    from vitalake.silver.tables import SILVER_QUARANTINE

    engine.open(SILVER_QUARANTINE)
    rows = engine.rows('select * from silver_quarantine order by batch, source, partition, "offset"')
    return [{"became": "quarantine"} | row for row in to_rows(_with_id(rows, event_id))]


def _waiting(engine: Engine, event_id: str) -> list[dict[str, Any]]:
    from vitalake.bronze.tables import BRONZE_EVENTS
    from vitalake.cli.reading import to_rows
    from vitalake.stages.progress import read_progress

    engine.open(BRONZE_EVENTS, f"batch > {read_progress(engine).batch('refine')}")
    rows = engine.rows('select * from bronze_events order by batch, source, partition, "offset"')
    return [{"became": "waiting in bronze"} | row for row in to_rows(_with_id(rows, event_id))]


def _with_id(messages: pa.Table, event_id: str) -> pa.Table:
    """Yield the messages with the id; of one that is no JSON, those whose bytes hold the id in quotes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    plain, escaped = (json.dumps(event_id, ensure_ascii=each).encode() for each in (False, True))
    payloads = messages["payload"]
    held = messages.filter(pc.or_(pc.match_substring(payloads, plain), pc.match_substring(payloads, escaped)))
    return held.filter(pa.array([_is_of(each, event_id) for each in held["payload"].to_pylist()], pa.bool_()))


def _is_of(payload: bytes, event_id: str) -> bool:
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError):
        return True
    return not isinstance(message, dict) or message.get("event_id") == event_id


def _payload(engine: Engine, row: dict[str, Any]) -> bytes:
    from vitalake.bronze.tables import BRONZE_EVENTS
    from vitalake.cli.reading import read_rows

    engine.open(BRONZE_EVENTS, f"batch = {row['batch']} and {_at(row)}")
    (found,) = read_rows(engine, "select payload from bronze_events")
    return found["payload"] or b""


def _at(row: dict[str, Any], prefix: str = "") -> str:
    """Yield the condition that a row (or what it repeats) lies at the position of ``row``."""
    from vitalake.engines.embedded.read import quoted

    values = (quoted(row["source"]), row["partition"], row["offset"])
    return " and ".join(f'"{prefix}{name}" = {value}' for name, value in zip(POSITION, values, strict=True))


def _print_message(message: dict[str, Any]) -> None:
    from vitalake.cli.output import print_facts, print_rows, print_text

    names = ("reason", "detail", "patient_id", "event_time", *POSITION, "batch", "ingest_time")
    facts = {name: message[name] for name in names if name in message}
    facts["offset"] = str(facts["offset"])
    if message["became"] == "observation":
        facts |= {
            name: message[name] for name in ("issues", "news2_score", "news2_upper", "severity", "risk_group")
        }
        facts["SpO2 scale"] = message["spo2_scale_carried"] or 1
    if message["became"] == "duplicate":
        facts["repeats"] = f"{message['first_source']} at {message['first_offset']}"
    print_facts(facts, title=message["became"])
    if message["became"] == "observation":
        print_rows(_components(message))
    print_text(message["payload"].decode(errors="backslashreplace"))
    print_text()


def _components(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Yield the seven inputs of NEWS2: what was in force, how old it was, what it scores."""
    from vitalake.domain.vitals import NEWS2_INPUTS

    return [
        {
            "NEWS2 input": name,
            "in force": row[f"{name}_carried"],
            "age (s)": row[f"{name}_age_s"],
            "points": row[f"news2_{name.removeprefix('on_')}"],
        }
        for name in NEWS2_INPUTS
    ]
