"""What README and help tell people to type works as written, in the order in which they read it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forking import Ended, forks
from services.shell import blocks, terminal, typed

from vitalake.cli.app import COMMANDS

Run = Callable[[str], "subprocess.CompletedProcess[str] | Ended"]

README = [line for block in blocks("sh") for line in block]
DEMO = "vitalake demo --dir vitalake-demo --patients 50"
"""What `vitalake demo` is in full."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all lines are typed."""
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def environment(folder: Path, compiled_environment: dict[str, str]) -> dict[str, str]:
    """A terminal's, with `vitalake` on the path."""
    return terminal(folder, compiled_environment)


@pytest.fixture(scope="module")
def run(folder: Path, environment: dict[str, str]) -> Run:
    """Runs a line as a shell would."""
    return lambda line: typed(line, folder, environment)


@pytest.fixture(scope="module")
def run_quickly(folder: Path, environment: dict[str, str], run: Run) -> Iterator[Run]:
    """Does the same by a fork of a process that has imported vitalake, where the line needs no shell."""
    with forks(settings=environment) as started:

        def in_fork(line: str) -> subprocess.CompletedProcess[str] | Ended:
            program, *arguments = shlex.split(line)
            plain = program == "vitalake" and "|" not in arguments
            return started.run(tuple(arguments), folder=folder) if plain else run(line)

        yield in_fork


@pytest.fixture(scope="module", autouse=True)
def demo(run: Run) -> str:
    """What the demo prints; it runs before everything else."""
    done = run("vitalake demo")
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs_a_broker(line: str) -> bool:
    """Examples with a broker, or that go on until they are stopped; tests/kafka runs the README's."""
    return any(word in line for word in ("kafka", "localhost:", "listen", "--follow"))


def allowed(line: str) -> set[int]:
    """The demo's messages are partly broken, as check says by its exit code."""
    return {1} if line.startswith("vitalake check") else {0}


def test_readme_commands_run_as_written(run_quickly: Run) -> None:
    assert len(README) > 10
    for line in README:
        done = run_quickly(line)
        assert done.returncode in allowed(line), f"{line}: {done.stderr}"
        assert "error" not in done.stderr
        assert done.stdout or not line.startswith("vitalake"), "a command tells what it did"


def test_readme_python_runs_as_written(run: Run) -> None:
    (code,) = blocks("python")
    code.append("assert not silver.observations['issues'].map(len).any(), silver.observations['issues']")
    done = run("\n".join([f"{sys.executable} <<'END'", *code, "END\n"]))
    assert done.returncode == 0, done.stderr
    assert "CRITICAL" in done.stdout
    assert "early_warning" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        line
        for module in COMMANDS
        for line in module.EXAMPLES
        if "import" not in line and line not in ("vitalake demo", DEMO, *README) and not needs_a_broker(line)
    ],
)
def test_help_examples_run_as_written(line: str, run_quickly: Run) -> None:
    done = run_quickly(line)
    assert done.returncode in allowed(line), done.stderr
    assert done.stdout or not line.startswith("vitalake"), "a command tells what it did"


def test_import_examples_run_as_written(run: Run, run_quickly: Run, shared_data: Path) -> None:
    (archive,) = (shared_data / "physionet2019").glob("*.tar.gz")
    assert run(f"ln -s {archive} physionet2019.tar.gz").returncode == 0
    examples = [line for module in COMMANDS for line in module.EXAMPLES if "import" in line]
    assert len(examples) == 2
    for line in examples:
        done = run_quickly(line)
        assert done.returncode == 0, done.stderr


def test_what_the_demo_says_to_try_works(run: Run, demo: str) -> None:
    _, _, lines = demo.partition("Try next\n")
    assert len(lines.splitlines()) >= 5
    for line in lines.splitlines():
        done = run(line)
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_the_demo_finds_what_was_sent(demo: str) -> None:
    rows = re.findall(r"^(messages|observations|duplicates|quarantined) +(\d+) +(\d+)$", demo, re.MULTILINE)
    assert len(rows) == 4
    assert all(sent == found for _, sent, found in rows)


def test_the_demo_goes_on_with_what_is_there(run_quickly: Run, demo: str) -> None:
    assert run_quickly(DEMO).stdout == demo


def test_the_demo_tells_programs_what_it_shows_people(run_quickly: Run, demo: str) -> None:
    told = json.loads(run_quickly("vitalake demo --json").stdout)
    assert told.keys() == {"patients", "alerts", "accounted", "quality", "lake", "report"}
    assert told["patients"] == json.loads(
        run_quickly(f"vitalake patients --lake {told['lake']} --json").stdout
    )
    assert told["alerts"] == json.loads(
        run_quickly(f"vitalake alerts --all --lake {told['lake']} --json").stdout
    )
    for row in told["accounted"]:
        assert re.search(rf"^{row['data']} +{row['sent']} +{row['found']}$", demo, re.MULTILINE)
    assert f"Quality gate: {told['quality']}\n" in demo
    assert f"Report: {told['report']} answers" in demo
