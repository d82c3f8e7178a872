"""``vitalake check``: do messages meet the contract?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from vitalake.cli.options import Json

if TYPE_CHECKING:
    import pyarrow as pa

    from vitalake.quality.conformance import Conformance

NAME = "check"
EXAMPLES = (
    "vitalake check vitalake-demo/messages",
    "vitalake check --lake vitalake-demo/lake --json",
)
_ARRAY_HINT: Final = "Expected is one object a line: jq -c '.[]' FILE > FILE.ndjson"


def command(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE...]", help="Files or folders of messages, as for run."),
    ] = None,
    lake: Annotated[
        Path | None, typer.Option("--lake", metavar="DIR", help="Check the messages that this lake holds.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Hold messages against the wire contract.

    Writes nothing. Counts what would go to quarantine, by reason, what repeats a message before it, and
    what single fields lose, by issue; names the fields that the contract does not know, in a sample of each
    batch. The exit code is 1 where a message or a field would be lost, 2 where not all could be read.
    """
    from vitalake.errors import UserError
    from vitalake.quality.conformance import Conformance

    if bool(sources) == bool(lake):
        raise UserError(
            "Nothing to check" if not sources else "Two things to check", "Name either sources or --lake DIR"
        )
    with TemporaryDirectory() as nothing:
        found = Conformance(_repeats_beside(Path(nothing)))
        arrays: set[str] = set()
        try:
            for messages in _of_lake(lake) if lake else _of_sources(sources or []):
                found.look_at(messages)
                arrays.update(_arrays(messages))
        except UserError:
            if found.messages:  # of what could be read
                _print(found, arrays, as_json=as_json)
            raise
    _print(found, arrays, as_json=as_json)
    if not as_json:
        _print_verdict(found)
    if not found.fine:
        raise typer.Exit(1)


def _repeats_beside(nothing: Path) -> Callable[[pa.Table], tuple[int, int]]:
    """Yield what counts the repeats among the messages themselves, whatever lake they are in: its own is empty."""
    from vitalake.engines.embedded.lake import EmbeddedLake
    from vitalake.engines.embedded.repeats import RepeatFinder

    finder = RepeatFinder(EmbeddedLake(nothing))

    def count(observations: pa.Table) -> tuple[int, int]:
        found = finder.find(observations)
        return len(found.same), len(found.conflicting)

    return count


def _of_sources(names: list[str]) -> Iterator[pa.Table]:
    """Yield the messages as bronze would hold them if they came now."""
    from vitalake import clock
    from vitalake.cli.progress import working
    from vitalake.cli.settings import read_settings
    from vitalake.cli.source import open_source
    from vitalake.stages.ingest import stamp

    source, size = open_source(names)
    with working("check") as work:
        for batch in work.watch(source, size).read({}, read_settings().batch_rows):
            work.count(batch.messages.num_rows)
            yield stamp(batch, 1, clock.now())


def _of_lake(lake: Path) -> Iterator[pa.Table]:
    """Yield the messages of Bronze, batch by batch."""
    from vitalake.bronze.tables import BRONZE_EVENTS
    from vitalake.cli.lakes import open_lake
    from vitalake.stages.progress import read_progress

    engine = open_lake(lake)
    for batch in range(1, read_progress(engine).batch("ingest") + 1):
        engine.open(BRONZE_EVENTS, f"batch = {batch}")
        yield engine.rows('select * from bronze_events order by source, partition, "offset"')


def _arrays(messages: pa.Table) -> list[str]:
    """Yield the files whose first line begins an array: of objects, or of what stands on the next line."""
    import pyarrow.compute as pc

    from vitalake.cli.kafka import is_topic

    begins = pc.match_substring_regex(messages["payload"], r"^\s*\[\s*(\{|$)")
    names: list[str] = messages["source"].filter(pc.and_(begins, pc.equal(messages["offset"], 0))).to_pylist()
    return [name for name in names if not is_topic(name)]


def _print(found: Conformance, arrays: Iterable[str], *, as_json: bool) -> None:
    from vitalake.cli.output import print_facts, print_json, print_rows

    for name in sorted(arrays):
        print(f"{name} begins as a JSON array. {_ARRAY_HINT}", file=sys.stderr)
    facts: dict[str, Any] = {"messages": found.messages, "good": found.good, "duplicates": found.duplicates}
    groups = {"quarantined": found.quarantined, "issues": found.issues, "unknown fields": found.unknown}
    if as_json:
        print_json(
            facts | {name.replace(" ", "_"): dict(counts.most_common()) for name, counts in groups.items()}
        )
        return
    print_facts(facts)
    for name, counts in groups.items():
        if counts:
            print_rows([{name: each, "n": n} for each, n in counts.most_common()], title=name.capitalize())


def _print_verdict(found: Conformance) -> None:
    from vitalake.cli.output import print_text

    verdict = (
        "Nothing is lost." if found.fine else "What is quarantined or null here is in bronze all the same."
    )
    print_text(f"\n{verdict}")
