"""The question before something is replaced."""

from __future__ import annotations

import sys

import typer

from vitalake.errors import UserError


def confirm(question: str, *, yes: bool) -> None:
    """Go on if the user agrees or said ``--yes`` before; where nobody can be asked, --yes is required."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(
            "Nobody is there to be asked", "Say --yes to go on, or --dry-run to see what would be done"
        )
    typer.confirm(question, abort=True, err=True)
