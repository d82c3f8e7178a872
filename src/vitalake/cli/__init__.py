"""The command line: one file a command, one exit code a kind of end.

0 fine; 1 the work failed (a gate, the disk, messages that break the contract, a bug); 2 the user's mistake;
130 Ctrl-C, 143 SIGTERM.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from vitalake.cli import failures
from vitalake.cli.app import app
from vitalake.cli.interrupts import INTERRUPTS
from vitalake.errors import VitalakeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; yield its exit code. What goes wrong is told in one line on stderr.

    Without ``arguments`` the command is this process's own, and a bug leaves its traceback in a log file.
    """
    if arguments is None:
        sys.excepthook = failures.log_bug
        INTERRUPTS.install()
    command = typer.main.get_command(app)
    try:
        code = command.main(args=arguments, prog_name="vitalake", standalone_mode=False)
    except VitalakeError as error:
        return failures.tell(error)
    except typer.TyperException as error:
        return failures.tell_usage(error)
    except typer.Abort:
        code = failures.INTERRUPTED
    except Exception:
        if not INTERRUPTS.signal:
            raise
        code = failures.INTERRUPTED  # a driver that was stopped raises an error of its own
    if code == failures.INTERRUPTED:
        failures.tell_interrupted()
        return INTERRUPTS.exit_code
    return int(code or 0)
