"""Imports vitalake once and forks a child for each command asked for, a line of JSON on stdin each.

A child ends by itself, kills itself around a commit, or is killed.  ``python fork_server.py ENGINE`` serves until
stdin ends; the children of one engine can be killed at a commit.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import numpy as np
import pyarrow as pa

import vitalake.cli.following
import vitalake.cli.results
import vitalake.sources.files
import vitalake.sources.kafka
import vitalake.stages.curate  # noqa: F401 - loaded like those above, which no child then loads anew
from vitalake.cli import main
from vitalake.domain.rules import Rules
from vitalake.engines.embedded.patients import Patients
from vitalake.silver import tokens
from vitalake.silver.parse import OBSERVATION_SCHEMA
from vitalake.silver.refine import Fold
from vitalake.silver.timeline import arrange

EVENT: Final = {
    "source": "",
    "partition": 0,
    "offset": 0,
    "batch": 1,
    "event_id": "1",
    "patient_id": "P",
    "event_time": datetime(2026, 1, 1, tzinfo=UTC),
    "issues": [],
    "heart_rate": 80.0,
}
COMMITS: Final[dict[str, tuple[str, str, tuple[str, ...], Callable[..., str]]]] = {
    "embedded": (
        "vitalake.engines.embedded.log",
        "DeltaFolder",
        ("commit",),
        lambda folder, *_: folder.table.name,
    ),
    "spark": (
        "vitalake.engines.spark.lake",
        "SparkLake",
        ("add", "replace", "overwrite"),
        lambda _, table, *__: table.name,
    ),
}
"""An engine's module and class whose methods commit, these, and what tells a call's table."""


def serve(engine: str) -> None:
    """Fork a child for each line of stdin; tell on stdout how it ended and to which tables it committed."""
    importlib.import_module(f"vitalake.engines.{engine}.refine")
    load_command_line()
    if engine == "embedded":
        load_fold()
    gc.freeze()  # children share what is there, and don't look for garbage in it
    for line in sys.stdin:
        asked = json.loads(line)
        come, go = os.pipe()
        child = os.fork()
        if child == 0:
            run(engine, asked, go)
        os.close(go)
        status = end_of(child, come, asked["after_s"])
        told = json.loads(os.read(come, 65536) or b"[]")
        os.close(come)
        sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(status), told]) + "\n")
        sys.stdout.flush()


def end_of(child: int, come: int, after_s: float | None) -> int:
    """Kill a child that tells nothing for a while, where asked to; yield its status. It never outlives us."""
    try:
        while os.getpgid(child) != child:  # until then it has no group to be killed with
            time.sleep(0.001)
        if after_s is not None and not select.select([come], [], [], after_s)[0]:
            os.killpg(child, signal.SIGKILL)  # one that has ended is still there to be waited for
        return os.waitpid(child, 0)[1]
    except BaseException:
        os.killpg(child, signal.SIGKILL)
        raise


def load_command_line() -> None:
    """Load what the command line loads late."""
    kept = os.dup(1)
    write_to(os.devnull, 1)
    main(["demo", "--help"])
    os.dup2(kept, 1)
    os.close(kept)


def load_fold() -> None:
    """Load the compiled kernels of a fold.

    Nothing here may connect to DuckDB, as ``parse`` does, or start Delta's runtime: a child would wait at its end for
    threads that it doesn't have.
    """
    patients = Patients(Fold(Rules()))
    fold = patients.fold
    events = fold.type_alarms(pa.Table.from_pylist([EVENT], OBSERVATION_SCHEMA))
    places = patients.places_of(events)
    assert not patients.late(events, places).any()
    folded = fold.fold(arrange(events, fold.pool, np.arange(len(places))), patients.at(places))
    assert len(folded.observations(1)) == len(fold.hours(folded, 1)) == 1
    assert not tokens._own_connection.cache_info().currsize


def run(engine: str, asked: dict[str, Any], go: int) -> NoReturn:
    """Run a command in a child and exit as it does, having told through a pipe to which tables it committed."""
    made: list[str] = []

    def tell() -> None:
        os.write(go, json.dumps(made).encode())

    def die() -> None:
        tell()
        os.killpg(0, signal.SIGKILL)

    os.setsid()  # what it starts, a JVM, dies with it
    write_to(asked["out"], 1)
    write_to(asked["err"], 2)
    watch(engine, made, asked["kill"] or (None, None), die)
    os.chdir(asked["folder"])
    sys.argv[1:] = asked["arguments"]
    signal.alarm(asked["patience_s"])
    try:
        code = main()
    finally:
        tell()
    sys.exit(code)


def watch(
    engine: str, made: list[str], kill: tuple[int | str | None, str | None], die: Callable[[], None]
) -> None:
    """Note the tables as they are committed to, and die around a commit: the n-th, or the first to a table."""
    module, name, methods, table_of = COMMITS[engine]
    committing = getattr(importlib.import_module(module), name)
    where, when = kill

    def watched(commit: Callable[..., None]) -> Callable[..., None]:
        def commit_or_die(*arguments: Any, **options: Any) -> None:
            made.append(table_of(*arguments))
            here = where in (len(made), made[-1])
            if here and when == "before":
                die()
            commit(*arguments, **options)
            if here:
                die()

        return commit_or_die

    for method in methods:
        setattr(committing, method, watched(getattr(committing, method)))


def write_to(file: str, descriptor: int) -> None:
    """Let a descriptor write to a file."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(opened, descriptor)
    os.close(opened)


if __name__ == "__main__":
    serve(sys.argv[1])
