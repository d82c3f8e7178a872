"""``vitalake patients``: the ward ranked by risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    from vitalake.cli.output import print_json, print_text

    ever = [row for row in rank_patients(open_lake(lake)) if ward is None or row["ward"] == ward]
    found = ever if everybody else current(ever)
    shown = found[:top]
    if as_json:
        print_json(shown)
        return
    if shown:
        print_ward(found, top, now=not everybody)
    if more := len(ever) - len(found):
        print_text(f"{more} more not seen in the last 12 h: --all lists them too")
    elif not shown:
        print_text("No such patients.")


def rank_patients(engine: Engine) -> list[dict[str, Any]]:
    """Yield the rows of gold_patient_risk_snapshot with their ``rank`` and how each patient is judged ``now``.

    A row is as of the patient's own last event, and so is its rank; ``now`` is at the newest event of the lake, None
    for who was not seen in the 12 h before.  A UserError where Gold is empty.
    """
    from vitalake.analytics.ward import NOW, RANKED_WARD
    from vitalake.cli.reading import read_rows
    from vitalake.gold.definitions import gold_table
    from vitalake.stages.lake import require_gold

    require_gold(engine)
    engine.open(gold_table("gold_patient_risk_snapshot").table)
    rows = read_rows(engine, RANKED_WARD)
    for row in rows:
        now = {name: row.pop(f"now_{name}") for name in NOW}
        row["now"] = None if now["rank"] is None else now
    return rows


def current(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Yield who was seen in the last 12 h, by their rank now."""
    seen = sorted((row for row in rows if row["now"]), key=lambda row: row["now"]["rank"])
    return [row | {"rank": row["now"]["rank"]} for row in seen]


def print_ward(
    rows: Sequence[Mapping[str, Any]], top: int | None, *, now: bool = True, title: str = ""
) -> None:
    """Print the first rows of a ward, and how many more there are."""
    from vitalake.cli.output import print_rows, print_text

    shown = rows[:top]
    print_rows(shown, ward_columns(now=now), title=title)
    if len(rows) > len(shown):
        print_text(f"... and {len(rows) - len(shown)} more")


def ward_columns(*, now: bool = True) -> list[Column]:
    """Yield the columns of the printed ward: rank, who, NEWS2 with its bound and scale, trend, vitals, age.

    The risk is that of ``now``, or as of when each patient was last seen.
    """
    from vitalake.cli.chart import chart_columns, hours, news2
    from vitalake.cli.output import Column, field

    def risk(row: Mapping[str, Any]) -> str:
        return str((row["now"] if now else row)["risk_group"])

    def score(row: Mapping[str, Any]) -> str:
        judged = row["now"] if now else row
        return news2(judged["news2_score"], judged["news2_upper"], row["spo2_scale"])

    return [
        field("rank", "#"),
        field("patient_id", "patient"),
        field("ward"),
        Column("risk", risk, lambda row: STYLES.get(risk(row), "")),
        Column("NEWS2", score),
        Column("4 h", lambda row: _signed(row["news2_change_4h"])),
        *chart_columns(),
        field("as_of", "last seen (UTC)"),
        Column("ago", lambda row: hours(row["last_seen_h"]), right=True),
    ]


def _signed(change: int | None) -> str | None:
    return None if change is None else f"{change:+d}"
