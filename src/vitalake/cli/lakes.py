"""The lake a command works on: which one, opened to be read or to be written."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.cli.options import EngineName
from vitalake.cli.progress import Work, waiting, working
from vitalake.cli.rules import read_rules
from vitalake.cli.settings import FILE, Settings, read_settings
from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.engine import Engine
from vitalake.engines.folder import require_room
from vitalake.errors import UserError, installing
from vitalake.gold.definitions import gold_tables
from vitalake.gold.records import RECORDS
from vitalake.silver.tables import LAKE_BATCHES, SILVER_TABLES
from vitalake.stages.lake import LakeInfo, read_info, require_lake
from vitalake.stages.run import Run

_MISREAD: Final = re.compile(r"%[0-9A-Fa-f]{2}|\\")
"""What the Delta driver decodes in a path, where it stands for itself."""


def lake_folder(settings: Settings) -> Path:
    """Yield the lake's folder, which need not be there; an error where none is named, or no folder can be."""
    folder = settings.lake
    if folder is None:
        raise UserError("No lake is named", f"Say --lake DIR, or set VITALAKE_LAKE, or lake in {FILE}")
    if misread := _MISREAD.search(str(folder.absolute())):
        raise UserError(
            f"{folder} can't be a lake: Delta takes {misread[0]} in a path for something else",
            "Name another folder",
        )
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise UserError(f"{folder} is a file", "Name a folder for the lake")
    except FileNotFoundError:
        return folder
    except NotADirectoryError:
        raise UserError(f"{folder} would lie in a file", "Name a folder for the lake") from None
    except OSError as error:
        raise UserError(
            f"{folder} can't be a lake ({error.strerror})", "Check the path and its permissions"
        ) from None
    return folder


def open_lake(lake: Path | None) -> EmbeddedLake:
    """Yield an existing lake to read, whichever engine made it."""
    return open_described(lake)[0]


def open_described(lake: Path | None) -> tuple[EmbeddedLake, LakeInfo]:
    """Yield an existing lake to read, and what it says of itself."""
    folder = lake_folder(read_settings(lake=lake))
    if not folder.exists():
        raise UserError(
            f"{folder} does not exist", "Name a lake, or make one with: vitalake run SOURCE --lake DIR"
        )
    engine = EmbeddedLake(folder)
    return engine, require_lake(engine, str(folder))


@contextmanager
def run_on(
    lake: Path | None,
    what: str,
    *,
    engine: EngineName | None = None,
    rules: Path | None = None,
    new: bool = False,
    quiet: bool = False,
) -> Iterator[tuple[Run, Work]]:
    """Yield a run on the lake with a bar that shows its work; only with ``new`` may the lake be a new one.

    On Spark a stage takes minutes, so that lines tell of it where there is no terminal, unless it is to be ``quiet``.
    """
    settings = read_settings(lake=lake, engine=engine, rules=rules)
    folder = lake_folder(settings)
    found = EmbeddedLake(folder)
    info = read_info(found, str(folder)) if new else require_lake(found, str(folder))
    if info is None:
        require_room(folder, begun=not found.exists(LAKE_BATCHES))
    # What the settings say is for new lakes; what the command line asks for is held against an old one.
    asked = settings.rules if info is None else rules
    chosen = settings.engine if info is None else engine or info.engine
    lines = chosen == EngineName.spark and not quiet
    opened = _open_to_write(folder, chosen, lines=lines)
    with working(what, lines=lines) as work:
        yield Run(opened, str(folder), read_rules(asked) if asked else None, told=work), work


def _open_to_write(folder: Path, engine: str, *, lines: bool) -> Engine:
    """Yield the lake on its engine."""
    if engine != EngineName.spark:
        return EmbeddedLake(folder)
    try:
        from vitalake.engines.spark.lake import SparkLake
    except ImportError:
        raise UserError("Spark is not installed", f"First: {installing('spark', 'java')}") from None
    with waiting("starting Spark", lines=lines):
        return SparkLake.in_folder(folder)


def lake_tables() -> tuple[Table, ...]:
    """Yield every table of a lake, from raw to derived."""
    gold = (each.table for each in gold_tables())
    return (BRONZE_EVENTS, LAKE_BATCHES, *SILVER_TABLES, *gold, *RECORDS)
