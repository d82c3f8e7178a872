"""``vitalake report``: all answers on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitalake.cli.options import Lake

if TYPE_CHECKING:
    from vitalake.engines.embedded.lake import EmbeddedLake

NAME = "report"
EXAMPLES = ("vitalake report --lake vitalake-demo/lake --out report.html",)


def command(
    lake: Lake = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the page.")] = Path(
        "report.html"
    ),
) -> None:
    """Write the nine answers with their pictures as one HTML page.

    The page needs nothing but itself: no server, no network, no script. A file that is there is replaced.
    """
    from vitalake.cli.lakes import lake_folder, open_lake
    from vitalake.cli.output import print_text
    from vitalake.cli.progress import waiting
    from vitalake.cli.settings import read_settings

    engine = open_lake(lake)
    with waiting("Asking and drawing"):
        write_report(engine, lake_folder(read_settings(lake=lake)), out)
    print_text(f"{out} is written: open it in a browser")


def write_report(engine: EmbeddedLake, lake: Path, out: Path) -> None:
    """Write the report of a lake; a UserError where Gold is empty or the extra is missing."""
    from vitalake import clock
    from vitalake.analytics.extra import require_extra

    require_extra()
    from vitalake.analytics.catalogue import questions
    from vitalake.analytics.chart import READS, read_chart
    from vitalake.analytics.report import answer_all, render_report, riskiest
    from vitalake.cli.files import replacing
    from vitalake.engines.embedded.read import quoted
    from vitalake.stages.lake import require_gold

    require_gold(engine)
    for table in {table for question in questions() for table in question.reads}:
        engine.open(table)
    with replacing(out) as file:
        answers = answer_all(engine.rows)
        patient = riskiest(answers)
        for table in READS:
            engine.open(table, f"patient_id = {quoted(patient)}")
        chart = read_chart(engine.rows)
        page = render_report(answers, chart, lake=str(lake), made_at=clock.now(), folder=str(lake))
        file.write(page.encode())
