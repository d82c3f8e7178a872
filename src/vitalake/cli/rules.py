"""A file of rules, as ``--rules`` names it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from vitalake.domain.device_alarms import load_device_alarms
from vitalake.domain.policy_file import PRESETS, load_policy, preset, read_policy, read_yaml
from vitalake.domain.rules import Rules
from vitalake.errors import UserError


def read_rules(path: Path) -> Rules:
    """Yield the rules of a YAML or TOML file; what it leaves out is the default.

    Its ``policy`` is an alarm policy, or names one: a preset, or a file beside it.  Its ``device_alarms`` name a CSV
    file beside it.
    """
    settings = _parse(path)
    if isinstance(settings, dict):
        if settings.get("policy") is not None:
            settings["policy"] = _read_policy(settings["policy"], path)
        if isinstance(settings.get("device_alarms"), str):
            own = load_device_alarms(path.parent / settings["device_alarms"])
            settings["device_alarms"] = own.to_mapping()
    try:
        return Rules.from_mapping({} if settings is None else settings)
    except UserError as error:
        raise UserError(f"{path}: {error.message}", error.hint) from None


def _read_policy(given: Any, path: Path) -> Any:
    """Yield the policy as the rules keep it: in full, or None for the default."""
    if given in PRESETS:
        policy = preset(given)
    elif isinstance(given, str):
        policy = load_policy(path.parent / given)
    else:
        policy = read_policy(given, f"{path}: policy")
    return None if policy == preset() else policy.to_mapping()


def _parse(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text) if path.suffix.lower() == ".toml" else read_yaml(text, str(path))
    except OSError as error:
        raise UserError(f"The rules {path} can't be read ({error.strerror})", "Check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"The rules {path} are malformed ({error})", "Correct the file") from None
