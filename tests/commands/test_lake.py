"""What the commands tell of a lake: three patients of known scores, one message of each fate."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from roads import Payloads, run_of

from vitalake.cli import main
from vitalake.engines.embedded.lake import EmbeddedLake

WELL = {"heart_rate": 70, "resp_rate": 16, "spo2": 98, "systolic_bp": 120, "temperature": 36.8}
ALERT_ON_AIR = {"consciousness": "A", "on_oxygen": False}
ILL = {"heart_rate": 135, "resp_rate": 26, "spo2": 90, "systolic_bp": 88, "temperature": 39.2}


def message(event_id: str, patient_id: str, minute: int, **fields: Any) -> str:
    who = {"event_id": event_id, "patient_id": patient_id, "event_time": f"2026-01-01T00:{minute:02}:00Z"}
    return json.dumps(who | fields)


MESSAGES = [
    message("e1", "well", 0, ward="A", **WELL, **ALERT_ON_AIR),
    message("e2", "ill", 1, ward="B", **ILL, **ALERT_ON_AIR),
    message("e3", "unmeasured", 2, ward="B", heart_rate=70),
    message("e2", "ill", 1, ward="B", **ILL, **ALERT_ON_AIR),
    message("e2", "ill", 1, ward="B", **(ILL | {"heart_rate": 99}), **ALERT_ON_AIR),
    message("e4", "ill", 3, ward="B"),
    "no json",
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("lake")
    (folder / "messages.ndjson").write_text("\n".join(MESSAGES) + "\n")
    assert main(["run", str(folder / "messages.ndjson"), "--lake", str(folder / "lake")]) == 0
    return str(folder / "lake")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_run_counts_where_every_message_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "messages.ndjson").write_text("\n".join(MESSAGES) + "\n")
    command = ["run", str(tmp_path / "messages.ndjson"), "--lake", str(tmp_path / "lake")]
    told = ask(capsys, *command)
    assert [told[name] for name in ("messages", "observations", "quarantined", "duplicates")] == [7, 3, 3, 1]
    assert told["gold_written"]
    assert all(check["verdict"] != "fail" for check in told["checks"])
    assert ask(capsys, *command)["messages"] == 0, "what was read is not read again"


def test_messages_that_all_came_before_are_duplicates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = str(tmp_path / "lake")
    for name in ("first", "again"):
        (tmp_path / f"{name}.ndjson").write_text("\n".join(MESSAGES[:3]) + "\n")
    assert ask(capsys, "run", str(tmp_path / "first.ndjson"), "--lake", lake)["duplicates"] == 0
    assert ask(capsys, "run", str(tmp_path / "again.ndjson"), "--lake", lake)["duplicates"] == 3


def test_stages_one_by_one_come_to_the_same(
    tmp_path: Path, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "messages.ndjson").write_text("\n".join(MESSAGES) + "\n")
    other = str(tmp_path / "other")
    assert ask(capsys, "ingest", str(tmp_path / "messages.ndjson"), "--lake", other, "--batch-rows", "2") == {
        "batches": 4,
        "messages": 7,
    }
    assert ask(capsys, "refine", "--lake", other)["observations"] == 3
    assert ask(capsys, "curate", "--lake", other)["gold_written"]
    ours, theirs = (ask(capsys, "patients", "--lake", each) for each in (lake, other))
    told_apart = ("updated_at", "batch")
    assert [{k: v for k, v in row.items() if k not in told_apart} for row in ours] == [
        {k: v for k, v in row.items() if k not in told_apart} for row in theirs
    ]


@pytest.mark.parametrize("reader", [["patients"], ["patient", "ill"], ["ask", "9"], ["report"]])
def test_an_empty_gold_names_the_stage_that_fills_it(
    reader: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("messages.ndjson").write_text("\n".join(MESSAGES) + "\n")
    for stage, due in (
        (["ingest", "messages.ndjson"], "vitalake refine --lake DIR, then vitalake curate --lake DIR"),
        (["refine"], "vitalake curate --lake DIR"),
    ):
        assert main([*stage, "--lake", "lake"]) == 0
        capsys.readouterr()
        assert main([*reader, "--lake", "lake"]) == 2
        told = capsys.readouterr().err
        assert told.startswith("error: Gold is empty")
        assert due in told
    assert main(["curate", "--lake", "lake"]) == 0
    assert main([*reader, "--lake", "lake"]) == 0


def test_where_no_message_was_usable_check_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "messages.ndjson").write_text("no json\n")
    assert main(["run", str(tmp_path / "messages.ndjson"), "--lake", str(tmp_path / "lake")]) == 0
    assert main(["patients", "--lake", str(tmp_path / "lake")]) == 2
    assert "vitalake check --lake DIR" in capsys.readouterr().err


def test_patients_are_ranked_by_risk(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    ranked = ask(capsys, "patients", "--lake", lake)
    # RCP 2017: pulse 135: 3, breaths 26: 3, SpO2 90: 3, pressure 88: 3, 39.2 degrees: 2
    assert [(row["rank"], row["patient_id"], row["risk_group"], row["news2_score"]) for row in ranked] == [
        (1, "ill", "CRITICAL", 14),
        (2, "unmeasured", "UNKNOWN", 0),
        (3, "well", "STABLE", 0),
    ]


def test_patients_can_be_asked_by_ward(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["patient_id"] for row in ask(capsys, "patients", "--lake", lake, "--ward", "A")] == ["well"]
    assert [row["rank"] for row in ask(capsys, "patients", "--lake", lake, "--top", "1")] == [1]
    now, then = (ask(capsys, "patients", "--lake", lake, *more) for more in ([], ["--all"]))
    assert now == then, "all were seen just now: there is one order"
    assert [row["rank"] for row in now] == [1, 2, 3]
    assert main(["patients", "--lake", lake, "--ward", "C"]) == 0
    assert capsys.readouterr().out == "No such patients.\n"


def test_who_was_not_seen_for_hours_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = message("e9", "well", 0, **WELL, **ALERT_ON_AIR, spo2_scale=2).replace("T00:00:00", "T07:31:00")
    old = message("e0", "gone", 0, **ILL, **ALERT_ON_AIR).replace("2026-01-01", "2025-12-20")
    (tmp_path / "messages.ndjson").write_text("\n".join([*MESSAGES, later, old]) + "\n")
    lake = str(tmp_path / "lake")
    assert main(["run", str(tmp_path / "messages.ndjson"), "--lake", lake]) == 0
    capsys.readouterr()
    seen = {row["patient_id"]: row["last_seen_h"] for row in ask(capsys, "patients", "--lake", lake)}
    assert seen == {"ill": 7.5, "unmeasured": pytest.approx(7.4833, abs=1e-3), "well": 0}
    assert main(["patients", "--lake", lake]) == 0
    *lines, more = capsys.readouterr().out.splitlines()[1:]
    assert {line.split()[1]: line.split()[-1] for line in lines} == {
        "ill": "7:30",
        "unmeasured": "7:29",
        "well": "0:00",
    }
    assert more == "1 more not seen in the last 12 h: --all lists them too"
    assert main(["patients", "--lake", lake, "--top", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["... and 2 more", more]
    everybody = ask(capsys, "patients", "--all", "--lake", lake)
    assert [(row["patient_id"], row["risk_group"]) for row in everybody][:2] == [
        ("ill", "CRITICAL"),
        ("gone", "CRITICAL"),
    ]
    assert ask(capsys, "patient", "gone", "--lake", lake)["patient"]["now"] is None
    ill = ask(capsys, "patient", "ill", "--lake", lake)["patient"]
    assert (ill["risk_group"], ill["now"]["risk_group"]) == ("CRITICAL", "UNKNOWN")
    now = "select count(*) as n from current_patient_risk"
    assert ask(capsys, "sql", now, "--lake", lake) == [{"n": 3}]


def test_a_score_on_scale_2_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "messages.ndjson").write_text(
        message("e1", "copd", 0, **WELL, **ALERT_ON_AIR, spo2_scale=2) + "\n"
    )
    lake = str(tmp_path / "lake")
    assert main(["run", str(tmp_path / "messages.ndjson"), "--lake", lake]) == 0
    for command in (["patients"], ["patient", "copd"]):
        capsys.readouterr()
        assert main([*command, "--lake", lake]) == 0
        assert "0 (scale 2)" in capsys.readouterr().out


def test_the_printed_ward_says_what_may_be_missed(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patients", "--lake", lake]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "0 (up to " in next(line for line in lines if "unmeasured" in line)
    assert len({len(line.rstrip()) for line in lines}) >= 1


def test_a_patient_is_shown_with_observations(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = ask(capsys, "patient", "ill", "--lake", lake)
    assert shown["patient"]["severity"] == "high"
    assert [(row["event_id"], row["news2_score"]) for row in shown["observations"]] == [("e2", 14)]
    assert main(["patient", "ill", "--lake", lake]) == 0
    assert "risk group       CRITICAL" in capsys.readouterr().out


def test_an_unknown_patient_is_told(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patient", "o'hara", "--lake", lake]) == 2
    err = capsys.readouterr().err
    assert "vitalake patients" in err
    assert "hara" not in err


def test_an_event_is_traced_to_each_of_its_messages(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = ask(capsys, "trace", "e2", "--lake", lake)
    assert [each["became"] for each in found] == ["observation", "duplicate", "quarantine"]
    assert [each["payload"] for each in found] == [MESSAGES[1], MESSAGES[3], MESSAGES[4]]
    assert found[2]["reason"] == "conflicting_duplicate"
    assert found[0]["news2_heart_rate"] == 3


def test_a_quarantined_event_is_traced(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = ask(capsys, "trace", "e4", "--lake", lake)
    assert (found["became"], found["reason"]) == ("quarantine", "nothing_measured")


def test_trace_gives_the_raw_bytes(lake: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["trace", "e1", "--raw", "--lake", lake]) == 0
    assert capfdbinary.readouterr().out == f"{MESSAGES[0]}\n".encode()


def test_trace_prints_what_each_input_scores(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "e2", "--lake", lake]) == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert ["heart_rate", "135", "0", "3"] in lines
    assert ["SpO2", "scale", "1"] in lines


def test_an_event_that_waits_is_traced_in_bronze(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.ndjson").write_text(MESSAGES[0])
    assert main(["ingest", str(tmp_path / "m.ndjson"), "--lake", str(tmp_path / "lake"), "--json"]) == 0
    capsys.readouterr()
    (found,) = ask(capsys, "trace", "e1", "--lake", str(tmp_path / "lake"))
    assert (found["became"], found["payload"]) == ("waiting in bronze", MESSAGES[0])


def test_an_unknown_event_is_told(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "e", "--lake", lake]) == 2
    assert capsys.readouterr().err.startswith("error: No message of the lake has this event id.")


def test_alerts_are_listed_by_priority(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.ndjson").write_text(message("s1", "ill", 0, ward="B", method="spot", **ILL))
    lake = str(tmp_path / "lake")
    ask(capsys, "run", str(tmp_path / "m.ndjson"), "--lake", lake)
    # the default policy: pulse above 130, pressure below 91, SpO2 below 92, breaths above 24, above 39.0 degrees
    vitals = {("tachycardia", "medium"), ("fever", "medium"), ("hypotension", "low"), ("hypoxaemia", "low")}
    listed = ask(capsys, "alerts", "--lake", lake)
    assert vitals <= {(row["alert_type"], row["priority"]) for row in listed}
    priorities = [row["priority"] for row in listed]
    assert priorities == sorted(priorities, key=["high", "medium", "low"].index)
    assert {row["priority"] for row in ask(capsys, "alerts", "--lake", lake, "--priority", "low")} == {"low"}
    assert ask(capsys, "alerts", "--lake", lake, "--origin", "device") == []
    assert main(["alerts", "--lake", lake]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"tachycardia .* 135 +> 130 ", shown)
    assert re.search(r"hypotension .* 88 +< 91 ", shown)
    assert main(["alerts", "--lake", lake, "--priority", "urgent"]) == 2
    assert capsys.readouterr().err == "error: --priority is urgent. Known are low, medium, high.\n"


def test_codes_of_the_hospitals_own_devices_have_the_meaning_that_the_rules_give_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alarm = {"code": "** Beep 7", "state": "start"}
    (tmp_path / "m.ndjson").write_text(message("s1", "ill", 0, alert=alarm))
    lake, rules = str(tmp_path / "lake"), str(tmp_path / "rules.yaml")
    ask(capsys, "run", str(tmp_path / "m.ndjson"), "--lake", lake)
    assert [row["alert_type"] for row in ask(capsys, "alerts", "--lake", lake)] == ["other"]
    (tmp_path / "rules.yaml").write_text("device_alarms: codes.csv\n")
    assert main(["rebuild", "--lake", lake, "--rules", rules, "--yes"]) == 2
    assert "codes.csv" in capsys.readouterr().err
    (tmp_path / "codes.csv").write_text("code,alert_type,priority\nBEEP_7,apnoea,high\n")
    ask(capsys, "rebuild", "--lake", lake, "--rules", rules, "--yes")
    (alert,) = ask(capsys, "alerts", "--lake", lake)
    assert (alert["alert_type"], alert["priority"]) == ("apnoea", "high")


def test_a_rebuild_applies_other_rules_to_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.ndjson").write_text(message("s1", "ill", 0, method="spot", heart_rate=135))
    lake, rules = str(tmp_path / "lake"), str(tmp_path / "rules.yaml")
    ask(capsys, "run", str(tmp_path / "m.ndjson"), "--lake", lake)
    (tmp_path / "policy.yaml").write_text(
        "extends: default\nalarms:\n  tachycardia: {limits: {medium: 140}}\n"
    )
    (tmp_path / "rules.yaml").write_text("policy: policy.yaml\n")
    planned = ask(capsys, "rebuild", "--lake", lake, "--rules", rules, "--dry-run")
    assert planned.keys() == {"batches", "rules", "new_rules"}
    assert [row["priority"] for row in ask(capsys, "alerts", "--lake", lake)] == ["medium"]
    assert main(["rebuild", "--lake", lake, "--rules", rules, "--yes"]) == 0
    assert [row["priority"] for row in ask(capsys_emptied(capsys), "alerts", "--lake", lake)] == ["low"]
    again = ask(capsys, "rebuild", "--lake", lake, "--yes")
    assert again["rules"] == again["new_rules"] == planned["new_rules"] != planned["rules"]
    assert (again["batches"], again["messages"], again["observations"]) == (planned["batches"], 1, 1)
    assert again["gold_written"]
    assert {check["verdict"] for check in again["checks"]} <= {"pass", "warn"}
    shown = ask(capsys, "policy", "show", "--lake", lake)
    assert shown["version"] == ask(capsys, "policy", "validate", str(tmp_path / "policy.yaml"))["version"]
    assert shown["alarms"]["tachycardia"]["limits"] == {"low": 120, "medium": 140, "high": 150}


def capsys_emptied(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    capsys.readouterr()
    return capsys


def test_sql_sees_every_table(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = {row["name"] for row in ask(capsys, "sql", "show tables", "--lake", lake)}
    assert {"bronze_events", "silver_observations", "gold_patient_risk_snapshot", "lake_batches"} <= names
    query = "select reason, count(*) as n from silver_quarantine group by all order by 1; -- all of them"
    assert ask(capsys, "sql", query.replace(";", ""), "--lake", lake) == [
        {"reason": "conflicting_duplicate", "n": 1},
        {"reason": "not_json", "n": 1},
        {"reason": "nothing_measured", "n": 1},
    ]


def test_sql_gives_json_that_any_reader_takes(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    query = (
        "select 'nan'::double as x, timestamptz '2026-01-01 00:00:00Z' as t, '\\xFF'::blob as b, null as n"
    )
    assert ask(capsys, "sql", query, "--lake", lake) == [
        {"x": None, "t": "2026-01-01T00:00:00Z", "b": {"base64": "/w=="}, "n": None}
    ]


def test_sql_shows_a_page_unless_all_is_asked_for(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for more, shown, rest in (
        ([], 100, ["... and 1,150 more (--limit 0 shows all)"]),
        (["--limit", "0"], 1250, []),
    ):
        assert main(["sql", "select range as r from range(1250)", "--lake", lake, *more]) == 0
        heading, *lines = capsys.readouterr().out.splitlines()
        assert heading.strip() == "r"
        assert [line.strip() for line in lines] == [*map(str, range(shown)), *rest]


@pytest.mark.parametrize(
    "query",
    [
        "drop table x",
        "delete from silver_observations",
        "copy (select 1) to 'x.csv'",
        "select 1) as x; copy (select 1 as a) to 'x.csv'; select (1",
        "selec",
        "select nothing",
        "",
    ],
)
def test_sql_only_reads(
    query: str, lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sql", query, "--lake", lake]) == 2
    assert capsys.readouterr().err.startswith("error: The query can't run: ")
    assert not list(tmp_path.iterdir())


def test_status_tells_counts_and_what_waits(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = ask(capsys, "status", "--lake", lake)
    assert told["messages"] == told["observations"] + told["quarantined"] + told["duplicates"] == 7
    assert (
        told["batches_waiting_for_silver"] == told["batches_waiting_for_gold"] == told["repairs_waiting"] == 0
    )
    rows = {table["table"]: table["rows"] for table in told["tables"]}
    assert (rows["bronze_events"], rows["silver_observations"]) == (7, 3)
    assert main(["status", "--lake", lake]) == 0
    assert "Stages" in capsys.readouterr().out


def test_check_of_a_lake_looks_at_its_bronze(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--lake", lake, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    faults = {"conflicting_duplicate": 1, "nothing_measured": 1, "not_json": 1}
    assert (told["messages"], told["good"], told["duplicates"], told["quarantined"]) == (7, 3, 1, faults)


def test_a_lake_with_other_rules_refuses_them(
    lake: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.yaml").write_text("window_minutes: 30\n")
    source = str(Path(lake).parent / "messages.ndjson")
    assert main(["run", source, "--lake", lake, "--rules", str(tmp_path / "rules.yaml")]) == 2
    assert "was made with other rules" in capsys.readouterr().err


def test_a_lake_in_use_is_told(lake: str, capsys: pytest.CaptureFixture[str]) -> None:

    with EmbeddedLake(Path(lake)).lock("curate"):
        assert main(["curate", "--lake", lake]) == 1
    assert "Another process holds the curate stage" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_loses_nothing(
    number: signal.Signals, exit_code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [message(f"e{n}", f"p{n % 5}", n // 5 % 60, **WELL) for n in range(300)]
    (tmp_path / "m.ndjson").write_text("\n".join(lines) + "\n")
    command = [
        "run",
        str(tmp_path / "m.ndjson"),
        "--lake",
        str(tmp_path / "lake"),
        "--batch-rows",
        "5",
        "--json",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "vitalake", *command],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    commits = tmp_path / "lake" / "lake_batches" / "_delta_log"
    deadline = time.monotonic() + 60
    while process.poll() is None and len(list(commits.glob("*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == exit_code
    assert err == "stopped: what was committed to a lake is kept, and its next run goes on from there.\n"
    query = "select distinct error from gold_pipeline_runs where status <> 'completed'"
    assert ask(capsys, "sql", query, "--lake", str(tmp_path / "lake")) == [{"error": "It was told to stop"}]
    rest = ask(capsys, *command)["messages"]
    assert 0 < rest < 300
    told = ask(capsys, "status", "--lake", str(tmp_path / "lake"))
    assert (told["messages"], told["observations"], told["batches_waiting_for_gold"]) == (300, 300, 0)


def test_a_lake_may_have_any_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = str(tmp_path / "Lagé 100% #1? [a]{b}*'\"")
    (tmp_path / "m.ndjson").write_text("\n".join(each.replace('"A"', '"a b/%"') for each in MESSAGES) + "\n")
    told = ask(capsys, "run", str(tmp_path / "m.ndjson"), "--lake", lake, "--batch-rows", "2")
    assert told["observations"] == 3
    assert len(ask(capsys, "patients", "--lake", lake)) == 3
    assert ask(capsys, "rebuild", "--lake", lake, "--yes")
    assert ask(capsys, "run", str(tmp_path / "m.ndjson"), "--lake", lake)["messages"] == 0


@pytest.mark.parametrize("name", ["a%20lake", "a\\lake"])
def test_a_name_that_delta_misreads_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.ndjson").touch()
    assert main(["run", str(tmp_path / "m.ndjson"), "--lake", str(tmp_path / name)]) == 2
    assert "can't be a lake: Delta takes " in capsys.readouterr().err
    assert not (tmp_path / name).exists()


def test_who_curates_a_silver_that_is_not_settled_is_told_what_is_due(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = str(tmp_path / "lake")
    payloads = Payloads([[line.encode() for line in MESSAGES]])
    with run_of(EmbeddedLake(tmp_path / "lake")).stream() as held:
        for read in payloads.read({}, 10):
            ingested = held.ingest.keep(read)
            assert ingested
            held.refine.batch_of(ingested)
    assert ask(capsys, "curate", "--lake", lake)["unsettled_batches"] == 1
    assert main(["curate", "--lake", lake]) == 0
    assert "batches waiting  1 of silver to be settled: vitalake refine --lake DIR" in capsys.readouterr().out
    assert main(["patients", "--lake", lake]) == 2
    assert (
        "Silver is not settled: vitalake refine --lake DIR, then vitalake curate" in capsys.readouterr().err
    )
    assert ask(capsys, "refine", "--lake", lake)
    assert ask(capsys, "curate", "--lake", lake)["unsettled_batches"] == 0
    assert ask(capsys, "patients", "--lake", lake)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("sql 'select range from range(20000)' --limit 0 --lake {lake}", 0),
        ("sql 'select range from range(100000)' --json --lake {lake}", 0),
        ("check --lake {lake}", 1),  # messages of it are lost, whoever reads that
        ("simulate --patients 20 --hours 12", 0),
        ("--help", 0),
    ],
)
def test_a_reader_that_closes_early_is_no_error(arguments: str, code: int, lake: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vitalake", *shlex.split(arguments.format(lake=lake))]
    with subprocess.Popen(
        command,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path), "PYTHONUNBUFFERED": ""},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert not process.stderr.read()
        assert process.wait(timeout=60) == code
    assert not list(tmp_path.rglob("*.log")), "no bug was logged"


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-"])
def test_closed_streams_are_no_error(closed: str, lake: str, tmp_path: Path) -> None:
    line = f"exec {sys.executable} -m vitalake patients --lake {lake} {closed}"
    home = {"XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", line], env=os.environ | home, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ("CRITICAL" in done.stdout) == ("1>&-" not in closed)
    assert not list(tmp_path.rglob("*.log")), "no bug was logged"
