"""Files that commands write beside a lake."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, TYPE_CHECKING

from vitalake.errors import UserError

if TYPE_CHECKING:
    from vitalake.analytics.figures.picture import Picture, Tables


def write_picture(path: Path, picture: Picture, tables: Tables) -> None:
    """Draw a picture into a file, of the kind that its suffix says."""
    from vitalake.analytics.figures.picture import render

    with replacing(path) as file:
        file.write(render(picture, tables, path.suffix.removeprefix(".").lower(), captioned=True))


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that takes the path's place, whole or not at all; a UserError, at once, where there can be none."""
    if path.is_dir():
        raise UserError(f"{path} is a folder", "Name a file")
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
            try:
                yield file
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
