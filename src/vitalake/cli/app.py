"""The application: which commands there are, in the order in which help lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from vitalake.cli import (
    alerts,
    ask,
    check,
    curate,
    demo,
    dev,
    imports,
    ingest,
    listen,
    patient,
    patients,
    policy_show,
    policy_validate,
    publish,
    rebuild,
    refine,
    report,
    run,
    simulate,
    sql,
    status,
    trace,
)
from vitalake.cli.interrupts import INTERRUPTS

app = typer.Typer(
    name="vitalake",
    rich_markup_mode=None,  # plain text: instant, and the same in docs/cli.md
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

COMMANDS = (
    demo,
    run,
    ingest,
    refine,
    curate,
    publish,
    listen,
    rebuild,
    status,
    patients,
    patient,
    alerts,
    trace,
    ask,
    report,
    sql,
    check,
    policy_show,
    policy_validate,
    simulate,
    imports,
    dev,
)
"""One module a command: NAME, EXAMPLES (they run as written after ``vitalake demo``), ``command``."""

GROUPS = {
    "policy": "Show and check alarm policies.",
    "import": "Turn a public data set into messages.",
    "dev": "Services for trying things out.",
}
"""The first words of commands that have two, and what help says of them."""

WRITERS = {module.NAME for module in (demo, run, ingest, refine, curate, publish, rebuild)}
"""The commands that write to a lake."""


def _show_help(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


def _register() -> None:
    """Put every command in its place."""
    parents = {"": app}
    for word, what in GROUPS.items():
        parents[word] = typer.Typer(rich_markup_mode=None, callback=_show_help, invoke_without_command=True)
        app.add_typer(parents[word], name=word, help=what)
    for module in COMMANDS:
        group, _, name = module.NAME.rpartition(" ")
        listed = "\n\n\b\nExamples:\n" + "\n".join(f"  {line}" for line in module.EXAMPLES)
        parents[group].command(name, epilog=listed)(module.command)


_register()


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"vitalake {version('vitalake')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def describe(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A lakehouse for patient vital signs and bedside alarms.

    Every message is kept as it came (bronze), scored (silver) and ready to be asked (gold).

    Begin with: vitalake demo
    """
    INTERRUPTS.lake = context.invoked_subcommand in WRITERS
    _show_help(context)
