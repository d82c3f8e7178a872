"""Files that commands write beside a lake."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from vitalake.errors import UserError


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
