"""``vitalake curate``: Silver to Gold."""

from __future__ import annotations

from vitalake.cli.options import Force, Json, Lake

NAME = "curate"
EXAMPLES = ("vitalake curate --lake vitalake-demo/lake",)


def command(lake: Lake = None, *, force: Force = False, as_json: Json = False) -> None:
    """Bring gold up to silver.

    Where a rule of the quality gate fails, gold stays as it was and the exit code is 1.
    """
    from vitalake.cli.lakes import run_on
    from vitalake.cli.results import report

    with run_on(lake, "gold", quiet=as_json) as (run, work):
        gold = run.curate(force=force)
    report("curate", work, gold, as_json=as_json)
