"""``vitalake alerts``: the alerts of a lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitalake.cli.options import Json, Lake
from vitalake.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalake.cli.output import Column
    from vitalake.engines.engine import Engine

NAME = "alerts"
EXAMPLES = (
    "vitalake alerts --lake vitalake-demo/lake",
    "vitalake alerts --lake vitalake-demo/lake --all --priority high --origin physiological",
    "vitalake alerts --lake vitalake-demo/lake --all --patient P000042 --json",
)
_ALERTS = """
  select * from silver_alerts
  order by
    state, case priority when 'high' then 0 when 'medium' then 1 else 2 end, raised_at desc, patient_id, alert_id
"""


def command(
    lake: Lake = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Cleared ones, too.")] = False,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="Only this patient's.")
    ] = None,
    ward: Annotated[str | None, typer.Option("--ward", metavar="NAME", help="Only this ward's.")] = None,
    priority: Annotated[
        str | None, typer.Option("--priority", metavar="P", help="Only these: low, medium or high.")
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option("--origin", metavar="O", help="Only these: physiological, device or technical."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the active alerts, the highest priority first.

    An alert is an episode: raised by vitalake's own policy (physiological) or told by a device. Both may speak of the
    same event, so they are never added up. A limit of "> 6" is broken by values above 6, not by 6.
    """
    from vitalake.cli.lakes import open_lake
    from vitalake.cli.output import print_json, print_rows, print_text
    from vitalake.cli.patient import read_snapshot
    from vitalake.domain.vitals import PRIORITIES
    from vitalake.gold.definitions import ORIGINS

    _check("--priority", priority, PRIORITIES)
    _check("--origin", origin, ORIGINS)
    wanted = {"patient_id": patient, "ward": ward, "priority": priority, "origin": origin}
    wanted["state"] = None if everything else "active"
    asked = {name: value for name, value in wanted.items() if value is not None}
    engine = open_lake(lake)
    listed = [row for row in read_alerts(engine) if asked.items() <= row.items()]
    if patient is not None and not listed:
        read_snapshot(engine, patient)  # no alerts of one who is not there is a mistake
    if as_json:
        print_json(listed)
    elif listed:
        print_rows(listed, alert_columns())
    else:
        print_text("No such alerts.")


def _check(option: str, given: str | None, known: tuple[str, ...]) -> None:
    if given is not None and given not in known:
        raise UserError(f"{option} is {given}", f"Known are {', '.join(known)}")


def read_alerts(engine: Engine) -> list[dict[str, Any]]:
    """Yield the rows of silver_alerts: active before cleared, then by priority, then the newest."""
    from vitalake.cli.reading import read_rows
    from vitalake.silver.tables import SILVER_ALERTS

    engine.open(SILVER_ALERTS)
    return read_rows(engine, _ALERTS)


def _limit(row: Mapping[str, Any]) -> str | None:
    from vitalake.domain.alert_types import beyond_limit

    return None if row["limit_value"] is None else beyond_limit(row["alert_type"], row["limit_value"])


def alert_columns() -> list[Column]:
    """Yield the columns of printed alerts."""
    from vitalake.cli.output import Column, field

    styles = {"high": "bold red", "medium": "yellow"}
    return [
        Column("priority", lambda row: row["priority"], lambda row: styles.get(row["priority"], "")),
        field("alert_type", "alert"),
        field("origin"),
        field("patient_id", "patient"),
        field("ward"),
        field("raised_at", "raised (UTC)"),
        field("state"),
        field("cleared_by", "by"),
        field("extreme_value", "extreme"),
        Column("limit", _limit, right=True),
        field("raising_event_id", "event"),
    ]
