"""What both engines do with a lake that is a folder: hold a stage of it, and leave alone what is no lake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from vitalake.engines.disk import FREE, error_of
from vitalake.errors import LakeBusy, Unavailable, UserError
from vitalake.silver.tables import LAKE_BATCHES

OURS: Final = ".vitalake"
"""The folder in a lake for what is no table."""


@contextmanager
def hold_stage(lake: Path, stage: str) -> Iterator[None]:
    """Hold a stage of the lake, as long as this process lives at most; LakeBusy where another one holds it."""
    path = lake / OURS / f"{stage}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, blocking=False)
        lock.acquire()
    except Timeout:
        message = f"Another process holds the {stage} stage of {lake}"
        raise LakeBusy(message, "Wait for it to end, or end it") from None
    except OSError as error:
        what = f"Can't lock the {stage} stage of {lake}"
        told = error_of(what, error.errno, error.filename)
        raise told or Unavailable(f"{what}: {error.strerror}", FREE) from error
    try:
        yield
    finally:
        lock.release()


def require_room(lake: Path, *, begun: bool) -> None:
    """Refuse to make a lake of a folder that holds other things.

    Where one may have been ``begun``, its first table is no other thing.
    """
    ours = {OURS, LAKE_BATCHES.name} if begun else {OURS}
    if lake.is_dir() and any(entry.name not in ours for entry in lake.iterdir()):
        raise UserError(f"{lake} is no lake and holds other things", "Name a new or an empty folder")
