"""``vitalake ask``: the nine questions and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vitalake.cli.options import Json, Lake, Plot

if TYPE_CHECKING:
    from pathlib import Path

    from vitalake.analytics.ask import Answer

NAME = "ask"
EXAMPLES = (
    "vitalake ask",
    "vitalake ask 4 --lake vitalake-demo/lake",
    "vitalake ask 1 --lake vitalake-demo/lake --json",
    "vitalake ask 5 --lake vitalake-demo/lake --plot alert-types.png",
)


def command(
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="The question's number; without it they are listed.")
    ] = None,
    lake: Lake = None,
    *,
    top: Annotated[
        int, typer.Option("--top", min=1, metavar="N", help="How many rows of a table are printed.")
    ] = 20,
    plot: Plot = None,
    as_json: Json = False,
) -> None:
    """Answer one of the nine questions, or list them.

    Each answer says in a sentence what came out, then shows its tables. JSON has all rows, and the SQL.
    """
    from vitalake.analytics.ask import answer
    from vitalake.analytics.catalogue import question
    from vitalake.cli.lakes import open_lake
    from vitalake.stages.lake import require_gold

    if number is None:
        _list_questions(as_json=as_json)
        return
    asked = question(number)
    engine = open_lake(lake)
    require_gold(engine)
    for table in asked.reads:
        engine.open(table)
    found = answer(engine.rows, asked)
    if plot:
        _draw(found, plot)
    _print_json(found) if as_json else _print(found, top)


def _list_questions(*, as_json: bool) -> None:
    from vitalake.analytics.catalogue import questions
    from vitalake.cli.output import field, print_json, print_rows

    rows = [{"number": each.number, "question": each.asks} for each in questions()]
    print_json(rows) if as_json else print_rows(rows, [field("number", "#"), field("question")])


def _print(found: Answer, top: int) -> None:
    from vitalake.cli.output import field, print_rows, print_text, print_title
    from vitalake.cli.reading import to_rows

    print_title(found.question.asks)
    print_text(found.sentence)
    for part, table in found.shown:
        print_rows(
            to_rows(table.slice(0, top)), [field(name) for name in part.shown_names], title=part.caption
        )
        if table.num_rows > top:
            print_text(f"... and {table.num_rows - top} more")


def _print_json(found: Answer) -> None:
    from vitalake.cli.output import print_json
    from vitalake.cli.reading import to_rows

    print_json(
        {
            "number": found.question.number,
            "question": found.question.asks,
            "answer": found.sentence,
            "tables": {part.name: to_rows(table) for part, table in found.shown},
            "sql": {part.name: part.select for part, _ in found.shown},
        }
    )


def _draw(found: Answer, path: Path) -> None:
    from vitalake.analytics.extra import require_extra

    require_extra()
    from vitalake.analytics.figures.gallery import PICTURES
    from vitalake.cli.files import write_picture

    for number, picture in enumerate(PICTURES[found.question.number], start=1):
        name = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        write_picture(name, picture, found.rows)
