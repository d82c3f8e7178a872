"""The command line: one file a command, one exit code a kind of end.

0 fine, or nobody reads what is written without end (``| head``); 1 the work failed (a gate, the disk, messages that
break the contract, a bug); 2 the user's mistake; 130 Ctrl-C, 143 SIGTERM.
"""

from __future__ import annotations

import gc
import os
import select
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from vitalake.cli.interrupts import INTERRUPTED, INTERRUPTS
from vitalake.cli.output import discard_stdout
from vitalake.errors import VitalakeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; yield its exit code. What goes wrong is told in one line on stderr.

    Without ``arguments`` the command is this process's own, which ends with it, and a bug leaves its traceback in a
    log file.
    """
    _open_streams()
    if arguments is None:
        INTERRUPTS.install()
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return _stopped()
    except (SystemExit, BrokenPipeError):  # typer makes the one of the other
        if not _is_unread():
            raise
        return 0
    except Exception:
        if not INTERRUPTS.signal:
            raise
        return _stopped()  # a driver that was stopped raises an error of its own
    finally:
        if arguments is None:
            _is_unread()
            gc.freeze()  # Python's last look for garbage would take longer than many a command


def _open_streams() -> None:
    """Let what a closed stdout or stderr would take go nowhere: Python has None there, which nobody can write to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
            setattr(sys, name, stream)


def _is_unread() -> bool:
    """Tell whether the reader of stdout is gone; then what is left for it goes nowhere, quietly."""
    with suppress(OSError):
        sys.stdout.flush()
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    gone = bool(poll.poll(0))
    if gone:
        discard_stdout()
    return gone


def _run(arguments: Sequence[str] | None) -> int:
    # Loaded here, so that Ctrl-C is heard before: this takes longer than many a finger.
    import typer

    from vitalake.cli import failures
    from vitalake.cli.app import app

    if arguments is None:
        sys.excepthook = failures.log_bug
    try:
        code = typer.main.get_command(app).main(args=arguments, prog_name="vitalake", standalone_mode=False)
        sys.stdout.flush()
    except VitalakeError as error:
        if INTERRUPTS.signal and error.__cause__ is not None:
            raise
        return failures.tell(error)
    except typer.TyperException as error:
        return failures.tell_usage(error)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except (MemoryError, OSError) as error:
        if (told := failures.of_machine(error)) is None:
            raise
        return failures.tell(told)
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return int(code or 0)


def _stopped() -> int:
    kept = ": what was committed to a lake is kept, and its next run goes on from there"
    print(f"stopped{kept if INTERRUPTS.lake else ''}.", file=sys.stderr)
    return INTERRUPTS.exit_code
