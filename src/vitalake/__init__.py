"""vitalake: bedside vitals and alarms into tables that can be trusted."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vitalake.domain.rules import Rules
    from vitalake.frames import Silver, refine

__all__ = ["Rules", "Silver", "refine"]

_HOMES = {"Rules": "vitalake.domain.rules", "Silver": "vitalake.frames", "refine": "vitalake.frames"}


def __getattr__(name: str) -> Any:
    """Import what is public when it is first used: the kernels take a while."""
    if name not in _HOMES:
        raise AttributeError(f"module 'vitalake' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
