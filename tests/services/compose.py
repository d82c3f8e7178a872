"""What compose.yaml says, resolved as Compose resolves it, as far as ours goes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+):-(?P<default>[^}]*)\})")

RAN = {
    "image",
    "build",
    "command",
    "environment",
    "volumes",
    "tmpfs",
    "read_only",
    "cap_drop",
    "security_opt",
}
"""The keys of a service that the tests carry out when they build and run it..."""
HELD = {"depends_on", "healthcheck", "stop_grace_period"}
"""... that they keep to ..."""
LEFT_OUT = {"ports", "restart"}
"""... and that they leave out: nothing is reached from outside, and what ends is an error."""


def read_services(variables: Mapping[str, str], file: Path = ROOT / "compose.yaml") -> dict[str, Any]:
    """Yield service → what the file says of it; a key that the tests don't know is an error."""
    services: dict[str, Any] = _resolve(
        yaml.safe_load(file.read_text(encoding="utf-8"))["services"], variables
    )
    for name, service in services.items():
        assert set(service) <= RAN | HELD | LEFT_OUT, f"the tests know nothing of a key of {name}"
    return services


def read_variables(file: Path = ROOT / "compose.yaml") -> dict[str, str]:
    """Yield variable → default."""
    found = _VARIABLE.finditer(file.read_text(encoding="utf-8"))
    return {match["name"]: match["default"] for match in found if match["name"]}


def _resolve(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _resolve(inner, variables) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolve(inner, variables) for inner in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda m: variables.get(m["name"], m["default"]) if m["name"] else "$", value)
    return value


def from_environment(*names: str) -> dict[str, str]:
    """Yield those variables that are set for this process."""
    return {name: os.environ[name] for name in names if os.environ.get(name)}
