"""``vitalake import physionet2019``: a public data set as messages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from vitalake.cli.options import Json, Overwrite, Start

NAME = "import physionet2019"
EXAMPLES = (
    "vitalake import physionet2019 physionet2019.tar.gz --to imported",
    "vitalake run imported --lake imported-lake",
)
FILE: Final = "physionet2019.ndjson.gz"


def command(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder or .tar.gz of the data set's .psv files.")
    ],
    *,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help=f"The folder to write {FILE} into.")],
    start: Start = "2019-01-01T00:00:00Z",
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Turn the PhysioNet/CinC Challenge 2019 into messages.

    Hourly charts of intensive care patients (Reyna 2020, CC BY 4.0), which you get from PhysioNet yourself. The data
    has no dates: hour n of each stay is put n hours after --start.
    """
    from vitalake.cli.instants import read_instant
    from vitalake.cli.output import print_facts, print_json
    from vitalake.cli.progress import working
    from vitalake.sources.datasets.physionet2019 import PhysioNet2019
    from vitalake.sources.ndjson import write_ndjson

    dataset = PhysioNet2019(path, read_instant(start))
    with working("import") as work:

        def payloads() -> Iterator[list[bytes]]:
            for chunk in dataset:
                work.count(len(chunk))
                yield chunk

        write_ndjson(to / FILE, payloads(), overwrite=overwrite)
    summary = asdict(dataset.summary)
    print_json(summary) if as_json else print_facts(
        {name.replace("_", " "): n for name, n in summary.items()}
    )
