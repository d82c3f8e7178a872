"""``vitalake refine``: Bronze to Silver."""

from __future__ import annotations

from vitalake.cli.options import Json, Lake

NAME = "refine"
EXAMPLES = ("vitalake refine --lake vitalake-demo/lake",)


def command(lake: Lake = None, *, as_json: Json = False) -> None:
    """Turn the bronze that waits into silver: validated, deduplicated, scored."""
    from vitalake.cli.lakes import run_on
    from vitalake.cli.results import report

    with run_on(lake, "silver", quiet=as_json) as (run, work):
        run.refine()
    report("refine", work, as_json=as_json)
