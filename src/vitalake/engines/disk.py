"""What the system says of a disk, as errors of ours: full, read-only or forbidden, and what to do."""

from __future__ import annotations

import errno
import os
from typing import Final

from vitalake.errors import LakeError, Unavailable, VitalakeError

_FORBIDDEN: Final = (errno.EACCES, errno.EPERM)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FREE: Final = "Free the disk or mount it again; the next run goes on where this one stopped"


def code_in(text: str) -> int | None:
    """Yield the system's number of what a driver only spells out; None for what is not the disk's.

    >>> code_in("java.io.IOException: No space left on device") == errno.ENOSPC
    True
    """
    return next((code for code in (*_FORBIDDEN, *_FULL, errno.EROFS) if os.strerror(code) in text), None)


def error_of(what: str, code: int | None, file: str | None = None) -> VitalakeError | None:
    """Yield the error that ``what`` can't be done, by the system's number; None for what is not the disk's."""
    if code in _FORBIDDEN:
        named = f" ({file})" if file else ""
        hint = "Give this user read and write access to the lake, or choose another --lake"
        return LakeError(f"{what}: no permission{named}", hint)
    if code == errno.EROFS:
        hint = "Mount the disk so that it can be written, or choose another --lake"
        return LakeError(f"{what}: {os.strerror(code)}", hint)
    if code in _FULL:
        return Unavailable(f"{what}: {os.strerror(code or 0)}", FREE)
    return None
