"""Files that commands write beside a lake."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from vitalake.errors import UserError

if TYPE_CHECKING:
    from vitalake.analytics.figures.picture import Picture, Tables


def write_picture(path: Path, picture: Picture, tables: Tables) -> None:
    """Draw a picture into a file, of the kind that its suffix says."""
    from vitalake.analytics.figures.picture import render

    write_file(path, render(picture, tables, path.suffix.removeprefix(".").lower(), captioned=True))


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; one that was there is replaced. A UserError where it can't be written."""
    if path.is_dir():
        raise UserError(f"{path} is a folder", "Name a file")
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            try:
                file.write(content)
                file.close()
                Path(file.name).chmod(0o666 & ~_umask())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UserError(f"{path} can't be written: {error.strerror}", "Name another place for it") from None


def _umask() -> int:
    """Yield the process's mask of permissions, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
