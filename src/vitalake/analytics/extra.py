"""The extra ``report``: what pictures and the report need beyond the rest of vitalake."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from vitalake.errors import UserError, installing

_NEEDED: Final = {"matplotlib": "Matplotlib", "jinja2": "Jinja2"}


def missing_extra() -> str:
    """Yield which of its packages are not installed, as people say it; empty where all are."""
    return " and ".join(title for name, title in _NEEDED.items() if find_spec(name) is None)


def require_extra() -> None:
    """Raise a UserError that says how to install what is missing."""
    missing = missing_extra()
    if missing:
        what = f"Pictures and the report need {missing}, which this environment has not"
        raise UserError(what, f"Install them with: {installing('report')}")
