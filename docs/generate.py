"""Writes the generated pages of docs/ from the code: ``make docs``. Tests fail while one is stale.

``make docs PHYSIONET2019=ARCHIVE`` writes docs/physionet.md as well.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from vitalake.cli.app import COMMANDS
from vitalake.cli.lakes import lake_tables
from vitalake.domain.schemas import generated_files
from vitalake.domain.tables import Table

DOCS = Path(__file__).parent
sys.path.append(str(DOCS.parent / "tests"))
from forking import shared_forks  # noqa: E402 - the tests' forks: a page of help takes no start of its own

REQUIRED = r" \*"
NOTE = "<!-- Written by make docs from the code: change that instead. -->"


def tables_page() -> str:
    """Yield docs/tables.md: each table of a lake, each column."""
    parts = [
        "# The tables of a lake",
        NOTE,
        "Open Delta tables, one folder each. Times are UTC, units are UCUM. A column that is never null is marked \\*.",
        "\n".join(f"* [`{table.name}`](#{table.name}): one row per {table.grain}" for table in lake_tables()),
        *(_table_section(table) for table in lake_tables()),
    ]
    return "\n\n".join(parts) + "\n"


def _table_section(table: Table) -> str:
    told = [f"One row per {table.grain}.", f"Key: {', '.join(f'`{name}`' for name in table.key)}."]
    if table.partition_by:
        told.append(f"Partitioned by {', '.join(f'`{name}`' for name in table.partition_by)}.")
    rows = [
        f"| `{column.name}`{REQUIRED * column.required} | {column.type} | {column.unit or ''} | {column.doc} |"
        for column in table.columns
    ]
    head = [
        f"## {table.name}",
        "",
        " ".join(told),
        "",
        "| column | type | unit | what |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows])


def commands_page() -> str:
    """Yield docs/cli.md: the help of every command."""
    parts = ["# The command line", NOTE, _help(""), *(_help(module.NAME) for module in COMMANDS)]
    return "\n\n".join(parts) + "\n"


def _help(name: str) -> str:
    title = f"## vitalake {name}\n\n" if name else ""
    return f"{title}```\n{_output(f'vitalake {name} --help', DOCS)}\n```"


def fill_readme(text: str) -> str:
    """Yield README.md with each block after ``<!-- run: COMMAND -->`` replaced by what the command prints."""
    with TemporaryDirectory() as folder:
        return re.sub(
            r"(<!-- run: (.+?) -->\n```\n)(?:(?!```).*\n)*(```)",
            lambda found: f"{found[1]}{_output(found[2], Path(folder))}\n{found[3]}",
            text,
        )


def _output(command: str, folder: Path) -> str:
    """Yield what a command prints in a folder, on a page of 100 columns, with compiled kernels."""
    _, *arguments = shlex.split(command)
    done = shared_forks(COLUMNS="100", TERMINAL_WIDTH="100").run(tuple(arguments), folder=folder)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())


README = DOCS.parent / "README.md"
PHYSIONET = DOCS / "physionet.md"


def follow(text: str, folder: Path) -> str:
    """Yield a page that was followed from its beginning to its end in a folder.

    A block after ``<!-- run: COMMAND -->`` becomes what the command prints, one after ``<!-- file: NAME -->`` is
    written, and lines of other ``sh`` blocks run unseen.
    """

    def act(part: re.Match[str]) -> str:
        kind, what, opening, content = part["kind"], part["what"], part["opening"], part["content"]
        if kind == "run":
            return f"<!-- run: {what} -->\n{opening}\n{_output(what, folder)}\n```"
        if kind == "file":
            (folder / what).write_text(content, encoding="utf-8")
        elif opening == "```sh":
            for line in content.splitlines():
                _output(line, folder)
        return part[0]

    block = r"(?:<!-- (?P<kind>run|file): (?P<what>.+?) -->\n)?(?P<opening>```\w*)\n(?P<content>(?:(?!```).*\n)*)```"
    return re.sub(block, act, text)


def physionet_page(archive: Path) -> str:
    """Yield docs/physionet.md, followed with the data set's archive (which is got from PhysioNet)."""
    with TemporaryDirectory() as folder:
        Path(folder, "physionet2019.tar.gz").symlink_to(archive.resolve())
        return follow(PHYSIONET.read_text(encoding="utf-8"), Path(folder))


def render() -> dict[Path, str]:
    """Yield the text of every generated page."""
    contract = generated_files((DOCS / "contract.md").read_text(encoding="utf-8"))
    pages = {DOCS / name: text for name, text in contract.items()}
    pages |= {DOCS / "tables.md": tables_page(), DOCS / "cli.md": commands_page()}
    return pages | {README: fill_readme(README.read_text(encoding="utf-8"))}


if __name__ == "__main__":
    pages = render()
    if archive := os.environ.get("PHYSIONET2019"):
        pages[PHYSIONET] = physionet_page(Path(archive))
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
