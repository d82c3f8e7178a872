"""How a command that fails says so: one line on stderr that names what to do next, never a traceback."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from vitalake import clock
from vitalake.errors import Unavailable, VitalakeError

if TYPE_CHECKING:
    import typer

_OF_MACHINE: Final = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ENFILE", "ENOMEM")
}


def tell(error: VitalakeError) -> int:
    """Print ``error: WHAT. HINT``, below its traceback where VITALAKE_DEBUG is set; yield the exit code."""
    if os.environ.get("VITALAKE_DEBUG"):
        traceback.print_exception(error)
    _print_line(f"error: {_sentences(error.message, error.hint)}")
    return error.exit_code


def tell_usage(error: typer.TyperException) -> int:
    """Print what is wrong with the command line and which help explains it; yield the exit code."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "vitalake"
    _print_line(f"error: {_sentences(error.format_message(), f'See: {path} --help')}")
    return error.exit_code


def of_machine(error: MemoryError | OSError) -> Unavailable | None:
    """Yield what the machine lacks or refuses, wherever it shows (stdout, a folder for caches); None: a bug."""
    if isinstance(error, MemoryError):
        return Unavailable("Not enough memory", "Take a smaller --batch-rows, or close other programs")
    if error.errno is None or error.errno not in _OF_MACHINE:
        return None
    named = f" ({error.filename})" if error.filename else ""
    return Unavailable(
        f"The machine refuses: {os.strerror(error.errno)}{named}",
        "Mend that and run again: what was committed is kept",
    )


def log_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Write the traceback of an unexpected error to a log file and print one line that names it.

    The error's own message is left out, for it may quote a patient's data; VITALAKE_DEBUG=1 prints all of it
    on the screen instead.
    """
    if os.environ.get("VITALAKE_DEBUG") or not issubclass(kind, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    path = _write_log(kind, trace)
    place = f"Its traceback is in {path}" if path else "Set VITALAKE_DEBUG=1 to see its traceback"
    _print_line(f"error: a bug in vitalake ({kind.__name__}). {place}: please report it.")


def _write_log(kind: type[BaseException], trace: TracebackType | None) -> Path | None:
    from platformdirs import user_log_path

    try:
        path = (
            user_log_path("vitalake", appauthor=False, ensure_exists=True)
            / f"bug-{clock.now():%Y%m%dT%H%M%S%f}.log"
        )
        path.write_text("".join([*traceback.format_tb(trace), f"{kind.__module__}.{kind.__qualname__}\n"]))
    except OSError:
        return None
    return path


def _sentences(what: str, hint: str) -> str:
    """Yield both on one line, each with its full stop.

    >>> _sentences("ward is no lake", "Make one")
    'ward is no lake. Make one.'
    """
    parts = [" ".join(part.split()) for part in (what, hint)]
    return " ".join(part if part[-1] in ".?!" else f"{part}." for part in parts if part)


def _print_line(line: str) -> None:
    print(line, file=sys.stderr)
