"""The gate: what is judged, what a verdict means, and that Gold stays as it was where it fails."""

import itertools

import pytest
from reference.memory_lake import MemoryLake
from reference.silver_rows import at, messages, observation, observations, summaries

from vitalake.errors import GateFailed, UserError
from vitalake.gold.definitions import gold_tables
from vitalake.quality.expectations import Expectation, packaged, read_expectations
from vitalake.quality.gate import judge
from vitalake.stages.curate import RunInfo, curate


def lake_with(rows):
    lake = MemoryLake()
    lake.tables |= {
        "silver_observations": observations(rows),
        "bronze_events": messages(rows),
        **summaries(rows),
    }
    return lake


def run(name="run"):
    ticks = itertools.count()
    return RunInfo(name, lambda: at(10_000 + next(ticks)))


SOUND = [observation("p", 0, "a", heart_rate=80.0), observation("p", 10, "b", heart_rate=90.0)]
LOST = [observation("p", 20, "c", batch=2)]


def lose_a_message(lake):
    """A second batch of which one message reached no table of Silver."""
    rows = [*SOUND, *LOST]
    lake.tables["silver_observations"] = observations(rows)
    lake.tables["bronze_events"] = messages([*rows, observation("p", 30, "lost", batch=2)])


def test_sound_data_passes_every_expectation():
    result = curate(lake_with(SOUND), run=run(), batch=1)
    assert [check.expectation.name for check in result.checks if check.verdict == "fail"] == []
    assert result.merged


@pytest.mark.parametrize(
    ("source", "verdict"), [("kafka://host:9092/vitals", "warn"), ("day.ndjson", "pass")]
)
def test_late_messages_from_kafka_warn_and_old_files_do_not(source, verdict):
    late = [observation("p", 0, "a", source=source, ingest_time=at(20))]
    (found,) = [
        check
        for check in curate(lake_with(late), run=run(), batch=1).checks
        if check.expectation.name == "arrival_delay"
    ]
    assert found.verdict == verdict


def test_where_the_gate_fails_gold_stays_as_it_was_and_the_verdicts_are_kept():
    lake = lake_with(SOUND)
    curate(lake, run=run("first"), batch=1)
    before = {gold.name: lake.tables[gold.name] for gold in gold_tables()}
    lose_a_message(lake)
    result = curate(lake, run=run("second"), batch=2)
    assert [check.expectation.name for check in result.failures] == ["conservation"]
    assert {gold.name: lake.tables[gold.name] for gold in gold_tables()} == before
    with pytest.raises(GateFailed, match="conservation"):
        result.refuse()
    verdicts = lake.tables["gold_quality_checks"].to_pylist()
    assert [(row["run_id"], row["value"], row["forced"]) for row in verdicts if row["verdict"] == "fail"] == [
        ("second", 1.0, False)
    ]
    runs = lake.tables["gold_pipeline_runs"].to_pylist()
    assert [(row["run_id"], row["status"]) for row in runs] == [("first", "completed"), ("second", "failed")]


def test_force_merges_and_says_so():
    lake = lake_with(SOUND)
    lose_a_message(lake)
    result = curate(lake, run=run(), batch=2, force=True)
    result.refuse()
    assert lake.tables["gold_patient_risk_snapshot"].num_rows == 1
    assert [
        row["forced"] for row in lake.tables["gold_quality_checks"].to_pylist() if row["verdict"] == "fail"
    ] == [True]


def test_a_failed_batch_is_taken_again_by_the_next_curate():
    lake = lake_with(SOUND)
    curate(lake, run=run("first"), batch=1)
    lose_a_message(lake)
    curate(lake, run=run("second"), batch=2)
    lake.tables["bronze_events"] = messages([*SOUND, *LOST])
    assert curate(lake, run=run("third"), batch=2).merged
    assert lake.tables["gold_patient_risk_snapshot"]["as_of_event_id"].to_pylist() == ["c"]


def test_nothing_new_changes_nothing():
    lake = lake_with(SOUND)
    curate(lake, run=run("first"), batch=1)
    before = dict(lake.tables)
    result = curate(lake, run=run("second"), batch=1)
    assert (result.rows, result.merged) == ({}, True)
    changed = {name for name, table in lake.tables.items() if not table.equals(before[name])}
    assert changed == {"gold_pipeline_runs"}


@pytest.mark.parametrize(
    ("value", "verdict", "limit"),
    [("1.0", "pass", 2.0), ("3.0", "warn", 2.0), ("5.0", "fail", 4.0), ("null", "pass", 2.0)],
)
def test_a_value_above_a_limit_decides_the_verdict(value, verdict, limit):
    demand = Expectation("some", "Something", f"select {value}", warn_above=2, fail_above=4)
    (check,) = judge(MemoryLake().rows, [demand])
    assert (check.verdict, check.limit) == (verdict, limit)


def test_a_row_that_cannot_be_judged_violates_the_predicate():
    lake = MemoryLake()
    lake.view("t", "select * from (values (1), (null), (-1)) as given(n)")
    demands = read_expectations("[{name: positive, description: Above 0, table: t, expect: n > 0}]", ())
    assert judge(lake.rows, demands)[0].value == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "no list"),
        ("[{name: a}]", "lacks its name or description"),
        ("[{name: a, description: b}]", "neither sql nor table and expect"),
        ("[{name: a, description: b, sql: select 1, fails: 3}]", "unknown entry fails"),
        (
            "[{name: a, description: b, sql: select 1}, {name: a, description: c, sql: select 2}]",
            "Two expectations",
        ),
    ],
)
def test_an_unusable_expectation_is_refused(text, message):
    with pytest.raises(UserError, match=message):
        read_expectations(text, ())


def test_every_gold_table_is_checked_for_its_key():
    names = {each.name for each in read_expectations(packaged(), [gold.table for gold in gold_tables()])}
    assert {f"keys_are_unique:{gold.name}" for gold in gold_tables()} <= names
