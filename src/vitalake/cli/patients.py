"""``vitalake patients``: the ward ranked by risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from vitalake.cli.options import Json, Lake

if TYPE_CHECKING:
    from vitalake.cli.output import Column
    from vitalake.engines.engine import Engine

NAME = "patients"
EXAMPLES = (
    "vitalake patients --lake vitalake-demo/lake",
    "vitalake patients --lake vitalake-demo/lake --top 3 --json",
    "vitalake patients --lake vitalake-demo/lake --all",
)
STYLES: Final = {"CRITICAL": "bold red", "MODERATE": "yellow", "UNKNOWN": "magenta", "STABLE": "green"}


def command(
    lake: Lake = None,
    *,
    ward: Annotated[str | None, typer.Option("--ward", metavar="NAME", help="Only this ward.")] = None,
    top: Annotated[int | None, typer.Option("--top", min=1, metavar="N", help="Only the first N.")] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="All who were ever seen, each as of the patient's own last event.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the patients seen in the last 12 h, the one at highest risk first.

    Now is the newest event of the lake: what is older than its maximum age then is missing. "ago" is how long before
    it a patient was last seen, in hours and minutes; vital signs are as of then.

    Risk groups: CRITICAL (NEWS2 of 7 and more), MODERATE (5 and 6, or 3 in one component), UNKNOWN (too
    little is known to call it low), STABLE.
    """
    from vitalake.cli.lakes import open_lake
    from vitalake.cli.output import print_json, print_rows, print_text

    engine = open_lake(lake)

    def ranked(*, everybody: bool) -> list[dict[str, Any]]:
        rows = rank_patients(engine, everybody=everybody)
        return [row for row in rows if ward is None or row["ward"] == ward]

    found = ranked(everybody=everybody)
    shown = found[:top]
    if as_json:
        print_json(shown)
        return
    if shown:
        print_rows(shown, ward_columns())
    more = 0 if everybody else len(ranked(everybody=True)) - len(found)
    if more:
        print_text(f"{more} more not seen in the last 12 h: --all lists them too")
    elif not shown:
        print_text("No such patients.")


def rank_patients(engine: Engine, *, everybody: bool = False) -> list[dict[str, Any]]:
    """Yield the patients' rows of gold_patient_risk_snapshot with their ``rank``, the one at highest risk first.

    Those seen in the last 12 h, judged again at the newest event; or ``everybody``, as of each one's own last event.
    A UserError where Gold is empty.
    """
    from vitalake.analytics.ward import ALL_PATIENTS, CURRENT_WARD
    from vitalake.cli.reading import read_rows
    from vitalake.gold.definitions import gold_table
    from vitalake.stages.lake import require_gold

    require_gold(engine)
    engine.open(gold_table("gold_patient_risk_snapshot").table)
    return read_rows(engine, ALL_PATIENTS if everybody else CURRENT_WARD)


def ward_columns() -> list[Column]:
    """Yield the columns of the printed ward: rank, who, NEWS2 with its bound and scale, trend, vitals, age."""
    from vitalake.cli.chart import chart_columns, hours, news2
    from vitalake.cli.output import Column, field

    return [
        field("rank", "#"),
        field("patient_id", "patient"),
        field("ward"),
        Column("risk", lambda row: row["risk_group"], lambda row: STYLES.get(row["risk_group"], "")),
        Column("NEWS2", lambda row: news2(row["news2_score"], row["news2_upper"], row["spo2_scale"])),
        Column("4 h", lambda row: _signed(row["news2_change_4h"])),
        *chart_columns(),
        field("as_of", "last seen (UTC)"),
        Column("ago", lambda row: hours(row["last_seen_h"]), right=True),
    ]


def _signed(change: int | None) -> str | None:
    return None if change is None else f"{change:+d}"
