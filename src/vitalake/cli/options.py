"""Options that several commands share, so that a thing is called the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer


class EngineName(StrEnum):
    """What computes and writes a lake."""

    embedded = "embedded"
    spark = "spark"


Lake = Annotated[
    Path | None,
    typer.Option(
        "--lake", metavar="DIR", help="The lake's folder; else VITALAKE_LAKE, else lake in vitalake.toml."
    ),
]
Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="Files or folders of messages, one JSON object a line (gzip too), or kafka://BROKERS/TOPIC.",
    ),
]
BatchRows = Annotated[
    int | None,
    typer.Option(
        "--batch-rows", min=1, metavar="N", help="The most messages a batch; Spark's stream: about so many."
    ),
]
_RULES: Final = "YAML or TOML: maximum ages, windows, assumptions, alarm policy and codes."
RulesFile = Annotated[
    Path | None, typer.Option("--rules", metavar="FILE", help=f"{_RULES} Stored in a new lake.")
]
NewRules = Annotated[
    Path | None,
    typer.Option("--rules", metavar="FILE", help=f"{_RULES} The lake's from now on; else it keeps its own."),
]
Engine = Annotated[EngineName | None, typer.Option("--engine", help="What computes and writes the lake.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Plot = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw it too: .png, .svg or .pdf.")]
Force = Annotated[
    bool, typer.Option("--force", help="Write Gold even where the quality gate fails; this is recorded.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")]
Start = Annotated[str, typer.Option("--start", metavar="TIME", help="When it begins, with an offset.")]
PublishTo = Annotated[
    str | None,
    typer.Option(
        "--publish-to",
        metavar="BROKERS",
        help="HOST:PORT,... of the Kafka that gets alerts and other events; else publish_to in the settings.",
    ),
]
