"""``vitalake policy validate``: can this file be a policy?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitalake.cli.options import Json

NAME = "policy validate"
EXAMPLES = (
    "printf 'extends: default\\nalarms:\\n  tachycardia: {limits: {low: 125}}\\n' > policy.yaml",
    "vitalake policy validate policy.yaml",
)


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A YAML file.")], *, as_json: Json = False
) -> None:
    """Check an alarm policy of your own.

    Says its version, by which every alert names the policy that raised it; or what is wrong, and where.
    """
    from vitalake.cli.output import print_facts, print_json
    from vitalake.domain.policy_file import load_policy, preset

    policy, default = load_policy(file), preset()
    told = {
        "version": policy.version,
        "other than default": [
            name for name, limit in policy.limits.items() if limit != default.limits[name]
        ],
        "wards": list(policy.wards),
    }
    print_json(told) if as_json else print_facts(told)
