"""``vitalake patient``: one patient, now and lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitalake.cli.options import Json, Lake, Plot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vitalake.cli.output import Column
    from vitalake.engines.engine import Engine

NAME = "patient"
EXAMPLES = (
    "vitalake patient P000042 --lake vitalake-demo/lake",
    "vitalake patient P000042 --lake vitalake-demo/lake --last 3 --json",
    "vitalake patient P000042 --lake vitalake-demo/lake --plot chart.png",
)


def command(
    patient_id: Annotated[str, typer.Argument(metavar="ID", help="The patient's id.")],
    lake: Lake = None,
    *,
    last: Annotated[
        int, typer.Option("--last", min=1, metavar="N", help="How many observations to list.")
    ] = 12,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Show one patient's risk and last observations.

    The event of each observation can be followed to its raw bytes: vitalake trace EVENT_ID
    """
    from vitalake.cli.lakes import open_lake
    from vitalake.cli.output import print_facts, print_json, print_rows

    engine = open_lake(lake)
    snapshot = read_snapshot(engine, patient_id)
    observations = read_observations(engine, patient_id, last)
    if plot:
        _draw(engine, patient_id, plot)
    if as_json:
        print_json({"patient": snapshot, "observations": observations})
        return
    print_facts(_summary(snapshot), title=patient_id)
    print_rows(observations, _observation_columns(), title="Last observations")


def read_snapshot(engine: Engine, patient_id: str) -> dict[str, Any]:
    """Yield the patient's row among all who were ever seen; a UserError where there is none."""
    from vitalake.cli.patients import rank_patients
    from vitalake.errors import UserError

    found = [row for row in rank_patients(engine) if row["patient_id"] == patient_id]
    if not found:
        raise UserError(
            "Gold has no such patient", "Ids are compared exactly; see who is there: vitalake patients"
        )
    return found[0]


def read_observations(engine: Engine, patient_id: str, last: int) -> list[dict[str, Any]]:
    """Yield the patient's last rows of silver_observations, the oldest first."""
    from vitalake.cli.reading import read_rows
    from vitalake.engines.embedded.read import quoted
    from vitalake.silver.tables import SILVER_OBSERVATIONS

    engine.open(SILVER_OBSERVATIONS, f"patient_id = {quoted(patient_id)}")
    newest = f"select * from silver_observations order by event_time desc, event_id desc limit {last}"
    return read_rows(engine, f"select * from ({newest}) as newest order by event_time, event_id")


def _draw(engine: Engine, patient_id: str, path: Path) -> None:
    """Draw the NEWS2 chart of the patient's last 24 h."""
    from vitalake.analytics.extra import require_extra

    require_extra()
    from vitalake.analytics.chart import READS, read_chart
    from vitalake.analytics.figures.chart import CHART
    from vitalake.cli.files import write_picture
    from vitalake.engines.embedded.read import quoted

    for table in READS:
        engine.open(table, f"patient_id = {quoted(patient_id)}")
    write_picture(path, CHART, read_chart(engine.rows))


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    from vitalake.cli.chart import hours, news2
    from vitalake.cli.output import display
    from vitalake.domain.vitals import SEVERITIES

    spent = {severity: row[f"{severity}_24h_s"] / 3600 for severity in SEVERITIES}
    return {
        "ward": row["ward"],
        "now": "not seen for 12 h" if row["now"] is None else _now(row["now"], row["spo2_scale"]),
        "last seen": f"{display(row['as_of'])}, {hours(row['last_seen_h'])} h before the lake's newest event; then:",
        "risk group": row["risk_group"],
        "NEWS2": news2(row["news2_score"], row["news2_upper"], row["spo2_scale"]),
        "severity": row["severity"],
        "change over 4 h": row["news2_change_4h"],
        "qSOFA": row["qsofa"],
        "MEWS": row["mews"],
        "shock index": row["shock_index"],
        "24 h in": ", ".join(f"{name} {h:.1f} h" for name, h in spent.items() if h) or None,
    }


def _now(now: Mapping[str, Any], spo2_scale: int | None) -> str:
    from vitalake.cli.chart import news2

    return f"{now['risk_group']}, NEWS2 {news2(now['news2_score'], now['news2_upper'], spo2_scale)}, rank {now['rank']}"


def _device_alarm(row: Mapping[str, Any]) -> str | None:
    return (
        None
        if row["alert_code"] is None
        else f"{row['alert_type'] or row['alert_code']} {row['alert_state']}"
    )


def _observation_columns() -> list[Column]:
    from vitalake.cli.chart import chart_columns, news2
    from vitalake.cli.output import Column, field

    return [
        field("event_time", "event time (UTC)"),
        field("method"),
        *chart_columns(),
        Column("NEWS2", lambda row: news2(row["news2_score"], row["news2_upper"], row["spo2_scale_carried"])),
        field("severity"),
        Column("device alarm", _device_alarm),
        field("issues"),
        field("event_id", "event"),
    ]
