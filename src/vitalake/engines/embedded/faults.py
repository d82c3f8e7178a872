"""What the drivers and the disk raise, as errors of ours: what can't be done, where, why, and what to do."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Final

import duckdb
from deltalake.exceptions import DeltaError

from vitalake.engines.disk import FREE, code_in, error_of
from vitalake.errors import LakeError, Unavailable, VitalakeError

_DAMAGED: Final = (
    "The lake is as it was before: run the command again; a file that is gone or damaged must come back from a copy, "
    "or, if it is not Bronze's, be made anew with: vitalake rebuild"
)
_PARQUET: Final = ".parquet"
"""Where DuckDB calls its input invalid and names such a file, the file is no whole one."""
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_FRAME: Final = re.compile(r"\s*\d+: ")
"""The beginning of a line of a driver's own traceback."""


@contextmanager
def told_plainly(what: str) -> Iterator[None]:
    """Turn what a driver or the disk raises into one of our errors; ``what`` says what can't be done, and where."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        message = f"{what}: not enough memory"
        raise Unavailable(message, "Close other programs, or give the machine more memory") from error
    except duckdb.InvalidInputException as error:
        if _PARQUET not in _words(error):
            raise
        raise LakeError(f"{what}: {_words(error)}", _DAMAGED) from error
    except (duckdb.IOException, DeltaError, OSError) as error:
        raise _plain(what, error) from error


def _plain(what: str, error: Exception) -> VitalakeError:
    """Yield the error by its cause, if that is the system's, wherever the driver says it."""
    code = error.errno if isinstance(error, OSError) and error.errno else code_in(str(error))
    if told := error_of(what, code, getattr(error, "filename", None)):
        return told
    if isinstance(error, OSError):
        return Unavailable(f"{what}: {os.strerror(code) if code else _words(error)}", FREE)
    return LakeError(f"{what}: {_words(error)}", _DAMAGED)


def _words(error: Exception) -> str:
    r"""Yield what a driver says in words, without its colours, its traceback and the query.

    >>> _words(ValueError("it is \x1b[31mbad\x1b[0m\n 0: <unknown>\n 1: main"))
    'it is bad'
    """
    lines = _COLOUR.sub("", str(error)).splitlines()
    return " ".join(takewhile(lambda line: line.strip() and not _FRAME.match(line), lines)).strip()
