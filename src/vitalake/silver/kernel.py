"""Folds in plain Python at compiled speed: the one place that knows Numba.

A kernel is an event-by-event loop over NumPy arrays.  ``NUMBA_DISABLE_JIT=1`` runs the same code uncompiled.
Import modules with kernels only where something is computed, so that ``--help`` stays instant.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
import numpy.typing as npt
import platformdirs

P = ParamSpec("P")
R = TypeVar("R")

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Int8s = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]
Records = npt.NDArray[Any]


def record(*fields: tuple[Any, ...]) -> np.dtype[Any]:
    """A record dtype whose fields read as attributes both compiled and uncompiled (``array[i].field``)."""
    return np.dtype((np.record, list(fields)))


@cache
def _cache_folder() -> Path | None:
    """A private folder named by the hash of all kernel sources, or None where none can be written.

    Numba's own cache ignores edits of callees in other modules and trusts whoever can write its folder.
    """
    package = Path(__file__).parent.parent
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(package.glob("silver/*.py")) + sorted(package.glob("domain/*.py")):
        digest.update(source.read_bytes())
    name = digest.hexdigest()[:16]
    owner = os.getuid() if hasattr(os, "getuid") else 0
    for base in (platformdirs.user_cache_path("vitalake"), Path(tempfile.gettempdir()) / f"vitalake-{owner}"):
        folder = base / "kernels" / name
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid == owner and os.access(folder, os.W_OK):
                return folder
        except OSError:
            continue
    return None


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` (cached on disk where possible, without the GIL); typed as itself."""
    folder = _cache_folder()
    if folder is not None and not os.environ.get("NUMBA_CACHE_DIR"):
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    compiled: Callable[P, R] = numba.njit(cache=folder is not None, nogil=True)(function)
    return compiled
