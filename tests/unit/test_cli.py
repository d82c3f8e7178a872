"""The command line's manners: exit codes, one-line errors, settings, what help loads."""

from __future__ import annotations

import dataclasses
import gc
import gzip
import inspect
import json
import signal
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vitalake.cli import failures, main, simulate
from vitalake.cli.app import COMMANDS
from vitalake.cli.interrupts import INTERRUPTS, Stop
from vitalake.cli.progress import waiting, working
from vitalake.cli.settings import read_settings
from vitalake.sources.simulator import SimulationSettings
from vitalake.stages.progress import Done

HEAVY = ("numba", "duckdb", "pyarrow", "deltalake", "numpy", "pandas", "rich", "pydantic_settings")
HEART_RATE = '{"event_id": "1", "patient_id": "a", "event_time": "2026-01-01T00:00:00Z", "heart_rate": 80}\n'


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder, away from this user's own settings and logs."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("VITALAKE_LAKE", raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "error: Missing argument 'SOURCE...'. See: vitalake run --help."),
        (["run", "--foo"], "error: No such option: --foo"),
        (["nonsense"], "error: No such command 'nonsense'. See: vitalake --help."),
        (["run", "nothing", "--lake", "lake"], "error: nothing does not exist. Check the path."),
        (
            ["status"],
            "error: No lake is named. Say --lake DIR, or set VITALAKE_LAKE, or lake in vitalake.toml.",
        ),
        (["status", "--lake", "nowhere"], "error: nowhere does not exist. Name a lake"),
        (["patients", "--lake", "."], "error: . is no lake. Make one with: vitalake run SOURCE --lake DIR."),
        (["refine", "--lake", "nowhere"], "error: nowhere is no lake. Make one with"),
        (["curate", "--lake", "nowhere"], "error: nowhere is no lake. Make one with"),
        (["check"], "error: Nothing to check. Name either sources or --lake DIR."),
        (["rebuild", "--lake", "nowhere"], "error: Nobody is there to be asked. Say --yes to go on"),
    ],
)
def test_a_mistake_is_told_in_one_line_that_says_what_to_do(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert err.startswith(told)
    assert err.count("\n") == 1
    assert not out
    assert not list(elsewhere.iterdir()), "a mistake leaves nothing behind"


def test_a_folder_of_other_things_becomes_no_lake(
    capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    (elsewhere / "messages.ndjson").write_text(HEART_RATE)
    assert main(["run", "messages.ndjson", "--lake", "."]) == 2
    assert "is no lake and holds other things" in capsys.readouterr().err
    assert [entry.name for entry in elsewhere.iterdir()] == ["messages.ndjson"]


def test_who_debugs_sees_where_an_error_came_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITALAKE_DEBUG", "1")
    assert main(["status", "--lake", "nowhere"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1].startswith("error: nowhere does not exist")


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(module.NAME.split()[0] in out for module in COMMANDS)


def test_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"vitalake {project['version']}\n"


def test_garbage_of_a_process_that_goes_on_is_still_collected() -> None:
    frozen = gc.get_freeze_count()
    assert main(["--version"]) == 0
    assert gc.get_freeze_count() == frozen


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    done = python(
        f"import sys; from vitalake.cli import main; main({arguments}); print(*sys.modules, file=sys.stderr)"
    )
    assert "Usage" in done.stdout
    assert not set(HEAVY) & set(done.stderr.split())


def test_who_only_reads_a_lake_does_not_wait_for_the_compiler() -> None:
    done = python("import sys, vitalake.cli.lakes, vitalake.cli.reading; print(*sys.modules)")
    assert "duckdb" in done.stdout.split()
    assert "numba" not in done.stdout.split()


def test_every_command_has_help_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for module in COMMANDS:
        assert main([*module.NAME.split(), "--help"]) == 0
        out = capsys.readouterr().out
        assert "Examples:" in out
        assert all(example in out for example in module.EXAMPLES)


def test_settings_come_from_the_file_then_the_environment_then_the_option(
    monkeypatch: pytest.MonkeyPatch, elsewhere: Path
) -> None:

    (elsewhere / "vitalake.toml").write_text('lake = "from-file"\nbatch_rows = 7\n')
    assert read_settings().lake == Path("from-file")
    monkeypatch.setenv("VITALAKE_LAKE", "from-environment")
    assert read_settings().lake == Path("from-environment")
    assert read_settings(lake=Path("from-option")).lake == Path("from-option")
    assert read_settings(lake=None).batch_rows == 7


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lak = 'x'", "error: There is no setting lak. Known are lake, engine, batch_rows, rules"),
        ("lak = 'x'", ", stalled_after_s: correct vitalake.toml or "),
        ("batch_rows = 0", "error: The setting batch_rows can't be used"),
        ("lake =", "error: vitalake.toml is no TOML"),
    ],
)
def test_settings_that_cannot_be_used_are_told(
    text: str, told: str, capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    (elsewhere / "vitalake.toml").write_text(text)
    assert main(["status"]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("rules.yaml", "window_minutes: 7", "window_minutes is 7"),
        ("rules.yaml", "a: [", "is not YAML"),
        ("rules.toml", "grace = 1", "the rules can't have grace"),
        ("rules.yaml", None, "can't be read (No such file or directory)"),
    ],
)
def test_rules_that_cannot_be_used_are_told(
    name: str, text: str | None, told: str, capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    (elsewhere / "messages.ndjson").write_text(HEART_RATE)
    if text is not None:
        (elsewhere / name).write_text(text)
    assert main(["run", "messages.ndjson", "--lake", "lake", "--rules", name]) == 2
    err = capsys.readouterr().err
    assert told.removeprefix("is ") in err
    assert not (elsewhere / "lake").exists()


def test_a_bug_leaves_its_traceback_in_a_log_without_patient_data(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    try:
        raise ValueError("patient 4711 has 3 heart rates")
    except ValueError as error:
        failures.log_bug(type(error), error, error.__traceback__)
    err = capsys.readouterr().err
    assert err.startswith("error: a bug in vitalake (ValueError). Its traceback is in ")
    assert err.count("\n") == 1
    (log,) = tmp_path.rglob("bug-*.log")
    assert "test_cli.py" in log.read_text()
    assert "4711 has" not in log.read_text().replace('raise ValueError("patient 4711 has 3 heart rates")', "")


def test_a_process_ends_with_the_exit_code_of_its_command(elsewhere: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vitalake", "status"],
        capture_output=True,
        text=True,
        check=False,
        cwd=elsewhere,
    )
    assert (done.returncode, done.stdout) == (2, "")


def test_a_policy_in_the_wrong_order_is_told(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    (elsewhere / "policy.yaml").write_text("extends: default\nalarms:\n  fever: {limits: {low: 41}}\n")
    assert main(["policy", "validate", "policy.yaml"]) == 2
    assert "policy.yaml: fever: the limits are in the wrong order" in capsys.readouterr().err


def test_the_policy_that_comes_with_the_package_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "show"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("tachycardia")]
    words = line.replace(" for ", "/").split()
    assert words == ["tachycardia", "heart_rate", "120/120", "s", "130/60", "s", "150/10", "s", "3"]


def test_simulate_has_the_defaults_of_the_simulator() -> None:
    parameters = inspect.signature(simulate.command).parameters
    shared = [field for field in dataclasses.fields(SimulationSettings) if field.name != "start"]
    assert {field.name: parameters[field.name].default for field in shared} == {
        field.name: field.default for field in shared
    }


def test_simulate_writes_what_it_tells(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    command = ["simulate", "--patients", "3", "--hours", "1", "--to", "day.ndjson.gz"]
    assert main([*command, "--truth", "truth.json", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(gzip.decompress((elsewhere / "day.ndjson.gz").read_bytes()).splitlines()) == told["messages"]
    truth = json.loads((elsewhere / "truth.json").read_text())
    assert len(truth.pop("patients")) == 3
    assert truth == told
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0


def test_simulate_prints_messages_where_no_file_is_named(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    command = ["simulate", "--patients", "2", "--hours", "1", "--malformed", "0"]
    assert main(command) == 0
    printed = capfdbinary.readouterr().out
    assert all(json.loads(line)["patient_id"] for line in printed.splitlines())
    assert main(command) == 0
    assert capfdbinary.readouterr().out == printed


def test_a_command_without_a_lake_that_is_stopped_says_nothing_of_one() -> None:
    command = [sys.executable, "-m", "vitalake", "simulate", "--patients", "2000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"stopped.\n")


@pytest.mark.parametrize(
    ("option", "told"),
    [(["--start", "yesterday"], "yesterday is no time"), (["--wards", "9"], "The simulation's wards is 9")],
)
def test_simulate_refuses_what_makes_no_sense(
    option: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--patients", "2", *option]) == 2
    assert told in capsys.readouterr().err


def test_import_turns_charts_into_messages(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    columns = "HR|O2Sat|Temp|SBP|MAP|DBP|Resp|FiO2|ICULOS|SepsisLabel"
    (elsewhere / "p1.psv").write_text(f"{columns}\n80|97|NaN|120|NaN|NaN|16|NaN|1|0\n{'NaN|' * 8}2|1\n")
    assert main(["import", "physionet2019", ".", "--to", "imported", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "patients": 1, "septic_patients": 1, "rows": 2, "events": 1, "rows_without_vitals": 1
    }  # fmt: skip
    (line,) = gzip.decompress((elsewhere / "imported" / "physionet2019.ndjson.gz").read_bytes()).splitlines()
    assert json.loads(line)["heart_rate"] == 80


def test_import_alone_says_what_can_be_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import"]) == 0
    assert "physionet2019" in capsys.readouterr().out


def test_check_counts_what_breaks_the_contract(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    bad = '{"event_id": "2", "patient_id": "a", "event_time": "2026-01-01T00:00:00Z", "hart_rate": 80}\n'
    odd = HEART_RATE.replace('"1"', '"3"').replace("80", '900, "spo2": "97"')
    other = HEART_RATE.replace("80", "81")
    (elsewhere / "bad.ndjson").write_text(f"{HEART_RATE}{bad}{odd}no json\n{HEART_RATE}{HEART_RATE}{other}")
    assert main(["check", "bad.ndjson", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "messages": 7,
        "good": 2,
        "duplicates": 2,
        "quarantined": {"nothing_measured": 1, "not_json": 1, "conflicting_duplicate": 1},
        "issues": {"heart_rate:implausible": 1, "spo2:coerced": 1},
        "unknown_fields": {"hart_rate": 1},
    }
    assert sorted(entry.name for entry in elsewhere.iterdir()) == ["bad.ndjson"]


@pytest.mark.parametrize("text", ["[\n  {\n  }\n]\n", " [{}, {}]", "[{"])
def test_check_tells_how_an_array_becomes_messages(
    text: str, capsys: pytest.CaptureFixture[str], elsewhere: Path
) -> None:
    (elsewhere / "array.json").write_text(text)
    (elsewhere / "fine.ndjson").write_text(HEART_RATE + "[\n")
    (elsewhere / "log.ndjson").write_text("[INFO] started\n")
    assert main(["check", "array.json", "fine.ndjson", "log.ndjson"]) == 1
    assert capsys.readouterr().err == (
        f"{elsewhere / 'array.json'} begins as a JSON array. Expected is one object a line: "
        "jq -c '.[]' FILE > FILE.ndjson\n"
    )


def test_check_is_content_with_good_messages(capsys: pytest.CaptureFixture[str], elsewhere: Path) -> None:
    (elsewhere / "good.ndjson").write_text(HEART_RATE)
    assert main(["check", "good.ndjson"]) == 0
    assert "Nothing is lost." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "told"),
    [(True, "starting\nsilver\nrefine, batch 3: 5,000 messages\ngold\n"), (False, "")],
)
def test_long_work_without_a_terminal_tells_of_itself_in_lines(
    lines: bool, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with waiting("starting", lines=lines), working("silver", lines=lines) as work:
        work.say("silver")
        work(Done("refine", 3, "run", now, now, rows_in=5000))
        work.say("gold")
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", told)


@pytest.mark.parametrize(("number", "first", "second"), [(signal.SIGTERM, 0, 143), (signal.SIGINT, 130, 130)])
def test_the_first_signal_ends_endless_work_and_a_second_one_cuts_it_off(
    monkeypatch: pytest.MonkeyPatch, number: int, first: int, second: int
) -> None:
    monkeypatch.setattr(INTERRUPTS, "signal", 0)
    stop = Stop()
    stop(number, None)
    assert stop.is_set()
    assert stop.exit_code == first
    with pytest.raises(KeyboardInterrupt):
        stop(number, None)
    assert INTERRUPTS.exit_code == second
