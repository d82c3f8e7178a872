"""``vitalake demo``: a simulated hospital from messages to a ranked ward and a report, in one command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from vitalake.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "demo"
EXAMPLES = ("vitalake demo", "vitalake demo --dir vitalake-demo --patients 50")
SHOWN: Final = 10
"""How many patients of the ward are printed."""


def command(
    *,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where to put it.")] = Path(
        "vitalake-demo"
    ),
    patients: Annotated[int, typer.Option("--patients", metavar="N", help="How many patients.")] = 50,
    as_json: Json = False,
) -> None:
    """Simulate a hospital's day, rank its patients by risk and report.

    Writes messages into DIR/messages, a lake into DIR/lake, the answers to nine questions into DIR/report.html.
    Started again it goes on with what is there.
    """
    from vitalake.cli.alerts import read_alerts
    from vitalake.cli.lakes import run_on
    from vitalake.cli.output import print_json, print_rows, print_text
    from vitalake.cli.patients import current, print_ward, rank_patients
    from vitalake.cli.settings import Settings
    from vitalake.cli.source import open_source

    truth = _simulate_once(folder, patients)
    source, size = open_source([str(folder / "messages")])
    lake = folder / "lake"
    with run_on(lake, "bronze and silver", new=True, quiet=as_json) as (run, work):
        run.silver(work.watch(source, size), Settings().batch_rows)
        work.say("gold")
        run.curate().refuse()
    ranked, alerts = current(rank_patients(run.engine)), read_alerts(run.engine)
    accounted, quality = _account(lake, truth)
    if as_json:
        told = {"patients": ranked, "alerts": alerts, "accounted": accounted, "quality": quality}
        print_json(told | {"lake": lake, "report": _write_report(lake, folder / "report.html")})
        return
    print_ward(ranked, SHOWN, title="The ward by risk")
    _print_alerts(alerts)
    print_rows(accounted, title="Every message accounted for")
    print_text(f"\nQuality gate: {quality}")
    _print_report(_write_report(lake, folder / "report.html"))
    _print_next(lake, ranked[0])


def _simulate_once(folder: Path, patients: int) -> Mapping[str, Any]:
    """Make the messages unless they are there; yield their true counts."""
    from vitalake.cli.simulate import START, read_settings, write_messages, write_truth
    from vitalake.errors import UserError

    known = folder / "truth.json"
    if not known.exists():
        if folder.exists() and any(entry.name != "messages" for entry in folder.iterdir()):
            raise UserError(f"{folder} holds other things", "Name another folder with --dir")
        (folder / "messages").mkdir(parents=True, exist_ok=True)
        settings = read_settings(start=START, patients=patients)
        write_truth(write_messages(settings, folder / "messages", overwrite=True), known, overwrite=False)
    truth: Mapping[str, Any] = json.loads(known.read_text(encoding="utf-8"))
    return truth


def _print_alerts(alerts: list[dict[str, Any]]) -> None:
    from vitalake.cli.alerts import alert_columns
    from vitalake.cli.output import print_rows, print_text

    active = [alert for alert in alerts if alert["state"] == "active"]
    print_rows(active[:SHOWN], alert_columns(), title="Active alerts")
    by_device = sum(alert["origin"] == "device" for alert in alerts)
    told = f"{len(alerts) - by_device} raised by vitalake, {by_device} told by devices"
    print_text(f"... {len(active)} active, {len(alerts) - len(active)} cleared; {told}")


def _account(lake: Path, truth: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Yield what was sent beside what the lake found, and the gate's verdicts."""
    from vitalake.cli.lakes import lake_tables, open_lake
    from vitalake.cli.status import read_counts

    engine = open_lake(lake)
    for table in lake_tables():
        engine.open(table)
    found = read_counts(engine)
    sent = {
        "messages": truth["messages"],
        "observations": truth["valid"],
        "duplicates": truth["duplicates"],
        "quarantined": sum(truth["malformed"].values()) + truth["conflicting"],
    }
    rows = [{"data": name, "sent": count, "found": found[name]} for name, count in sent.items()]
    return rows, found["quality"]


def _write_report(lake: Path, out: Path) -> Path | None:
    """Write the report; yield where it is, None where what it needs is missing."""
    from vitalake.analytics.extra import missing_extra
    from vitalake.cli.lakes import open_lake
    from vitalake.cli.progress import waiting
    from vitalake.cli.report import write_report

    if missing_extra():
        return None
    with waiting("Asking nine questions and drawing the answers"):
        write_report(open_lake(lake), lake, out)
    return out


def _print_report(out: Path | None) -> None:
    """Print where the report is, or what it needs."""
    from vitalake.analytics.extra import missing_extra
    from vitalake.cli.output import print_text
    from vitalake.errors import installing

    if out is None:
        print_text(f"\nReport: needs {missing_extra()}; {installing('report')}, then run the demo again")
    else:
        print_text(f"\nReport: {out} answers nine questions with pictures; open it in a browser")


def _print_next(lake: Path, worst: Mapping[str, Any]) -> None:
    from vitalake.cli.output import print_text, print_title

    program = sys.argv[0] if Path(sys.argv[0]).name == "vitalake" and not which("vitalake") else "vitalake"
    print_title("Try next", before="\n")
    for line in (
        f"{program} patients --lake {lake}",
        f"{program} patient {worst['patient_id']} --lake {lake}",
        f"{program} alerts --lake {lake}",
        f"{program} trace {worst['as_of_event_id']} --lake {lake}",
        f"{program} ask 4 --lake {lake}",
        f"{program} sql 'select reason, count(*) as n from silver_quarantine group by 1' --lake {lake}",
        f"{program} status --lake {lake}",
    ):
        print_text(f"  {line}")
