"""``vitalake sql``: ask the lake anything, change nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from vitalake.cli.options import Json, Lake

NAME = "sql"
EXAMPLES = (
    "vitalake sql 'show tables' --lake vitalake-demo/lake",
    "vitalake sql 'describe silver_observations' --lake vitalake-demo/lake",
    "vitalake sql 'select ward, count(*) as n from silver_observations group by 1' --lake vitalake-demo/lake",
)


def command(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT in DuckDB's SQL.")],
    lake: Lake = None,
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=0, metavar="N", help="Show at most N rows; 0: all. --json has all.")
    ] = 100,
    as_json: Json = False,
) -> None:
    """Query the lake's tables; it can only read.

    Each table is a view of its own name; current_patient_risk and overdue_observations judge the patients at the
    newest event of the lake.
    """
    from vitalake.cli.lakes import lake_tables, open_lake
    from vitalake.cli.output import field, print_json, print_rows, print_text
    from vitalake.cli.reading import to_rows
    from vitalake.engines.embedded.query import query_tables
    from vitalake.gold.definitions import CURRENT, current_view

    views = {name: current_view(name) for name in CURRENT}
    rows = query_tables(open_lake(lake), lake_tables(), query, views)
    if as_json:
        print_json(to_rows(rows))
        return
    shown = rows.slice(0, limit or None)
    print_rows(to_rows(shown), [field(name) for name in rows.column_names])
    if rows.num_rows > shown.num_rows:
        print_text(f"... and {rows.num_rows - shown.num_rows:,} more (--limit 0 shows all)")
