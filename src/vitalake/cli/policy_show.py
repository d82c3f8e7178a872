"""``vitalake policy show``: the limits and delays of the alarms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitalake.cli.options import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalake.domain.policy import Limit, Policy

NAME = "policy show"
EXAMPLES = (
    "vitalake policy show",
    "vitalake policy show critical_care --json",
    "vitalake policy show --lake vitalake-demo/lake",
)


def command(
    policy: Annotated[
        str, typer.Argument(metavar="[POLICY]", help="default, critical_care, or a YAML file.")
    ] = "default",
    *,
    lake: Annotated[
        Path | None, typer.Option("--lake", metavar="DIR", help="The policy that this lake has.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show an alarm policy: limits, delays, hysteresis.

    The JSON is the whole policy, and what a file of your own may say.
    """
    from vitalake.cli.output import print_json, print_rows, print_text

    found = _of_lake(lake) if lake else read_policy(policy)
    if as_json:
        print_json({"version": found.version} | found.to_mapping())
        return
    print_text(f"policy {found.version}")
    print_rows(_rows(found.limits))
    for ward, own in found.wards.items():
        print_rows(_rows(own), title=f"Otherwise in {ward}")


def read_policy(name: str) -> Policy:
    """Yield a preset, or the policy of a file."""
    from vitalake.domain.policy_file import PRESETS, load_policy, preset

    return preset(name) if name in PRESETS else load_policy(name)


def _of_lake(lake: Path) -> Policy:
    from vitalake.cli.lakes import open_described
    from vitalake.domain import policy_file

    _, info = open_described(lake)
    given = info.parsed_rules.policy
    return policy_file.preset() if given is None else policy_file.read_policy(given)


def _rows(limits: Mapping[str, Limit]) -> list[dict[str, Any]]:
    """Yield one row an alarm: a column a priority with its limit and delay."""
    from vitalake.domain.policy import CLAUSES
    from vitalake.domain.vitals import PRIORITIES

    rows = []
    for name, limit in limits.items():
        clause = CLAUSES[name]
        written = limit.to_mapping(clause)
        row: dict[str, Any] = {"alarm": name, "looks at": clause.alarm.looks_at}
        for priority in PRIORITIES:
            value, delay = written["limits"][priority], written["delays_s"][priority]
            row[priority] = None if value is None else f"{value} for {delay} s"
        rows.append(row | {"hysteresis": written["hysteresis"]})
    return rows
