"""The state is a function of the events: any cut gives the same states; compiled is as uncompiled."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from observing import observations

from vitalake.domain.rules import Rules
from vitalake.silver.carry import CARRY_STATE, NAMES, Carried, carry, initial
from vitalake.silver.strings import StringPool
from vitalake.silver.timeline import arrange

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = (
    0,
    1e-6,
    30,
    14 * MINUTE,
    15 * MINUTE,
    HOUR,
    6 * HOUR,
    12 * HOUR,
    29 * DAY,
    30 * DAY - 1e-6,
    30 * DAY,
)


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *values])


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "step": st.sampled_from(STEPS),
            "patient_id": st.sampled_from(["P1", "P2"]),
            "method": st.sampled_from(["monitor", "spot"]),
            "heart_rate": maybe(70.0, 140.5),
            "pulse_rate": maybe(80.0),
            "systolic_bp": maybe(120.0),
            "bp_method": st.sampled_from(["cuff", "arterial"]),
            "consciousness": maybe("A", "V"),
            "on_oxygen": maybe(True, False),
            "spo2_scale": maybe(1, 2),
            "encounter_id": maybe("E1", "E2"),
            "ward": maybe("W1", "W2"),
        }
    ),
    max_size=25,
)


def timed(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    at = np.cumsum([event["step"] for event in events]).tolist()
    return [
        {k: v for k, v in event.items() if k != "step"} | {"at": t}
        for event, t in zip(events, at, strict=True)
    ]


def fold(table: pa.Table, states: dict[str, Any], pool: StringPool) -> Carried:
    """Fold a table, with the states by patient, and name the events that the states point to."""
    timeline = arrange(table, pool)
    names = timeline.patients.to_pylist()
    records = np.concatenate([initial(0), *(states.get(name, initial(1)) for name in names)])
    at = carry(timeline, records, Rules())
    for each in (records, at.snapshots):
        rows = pa.array(-2 - each["last_event"])
        each["last_event"] = pool.encode(timeline.table["event_id"].take(rows))
    states |= {name: records[k : k + 1] for k, name in enumerate(names)}
    return at


@given(EVENTS, st.lists(st.integers(0, 25), max_size=4))
def test_folding_in_pieces_is_folding_at_once(events: list[dict[str, Any]], cuts: list[int]) -> None:
    table, pool = observations(timed(events)), StringPool()
    whole: dict[str, Any] = {}
    fold(table, whole, pool)
    pieces: dict[str, Any] = {}
    edges = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    for start, end in pairwise(edges):
        fold(table.slice(start, end - start), pieces, pool)
    assert {name: state.tobytes() for name, state in whole.items()} == {
        name: state.tobytes() for name, state in pieces.items()
    }


@given(EVENTS, st.integers(0, 25))
def test_rows_after_a_snapshot_follow_from_it(events: list[dict[str, Any]], cut: int) -> None:
    """What a repair does: it takes the state after some hour and folds the rest again."""
    events = [event | {"patient_id": "P1"} for event in timed(events)]
    pool, table = StringPool(), observations(events)
    timeline = arrange(table, pool)
    at = fold(table, {}, pool)
    marked = np.flatnonzero(timeline.snapshot >= 0)
    for row in marked[:cut].tolist():
        states = {"P1": at.snapshots[timeline.snapshot[row]][None].copy()}
        rest = fold(table.slice(row + 1), states, pool)
        for part, again in (
            (at.value, rest.value),
            (at.age_s, rest.age_s),
            (at.therapy_until_us, rest.therapy_until_us),
        ):
            assert np.array_equal(part[:, row + 1 :], again)
        assert np.array_equal(at.place[:, row + 1 :], rest.place)


def test_what_is_out_of_force_leaves_no_trace() -> None:
    pool = StringPool()
    full = {
        "heart_rate": 70,
        "consciousness": "V",
        "spo2_scale": 2,
        "encounter_id": "E1",
        "ward": "W1",
        "bed": "B",
    }
    late = {"at": 30 * DAY, "event_id": "late", "spo2": 97}
    told: dict[str, Any] = {}
    fold(observations([full, late]), told, pool)
    fresh: dict[str, Any] = {}
    fold(observations([late]), fresh, pool)
    assert told["P1"].tobytes() == fresh["P1"].tobytes()


def test_the_state_names_its_last_event() -> None:
    states: dict[str, Any] = {}
    pool = StringPool()
    fold(observations([{"at": 0, "spo2": 97}, {"at": 60, "event_id": "x", "spo2": 96}]), states, pool)
    assert pool.decode(states["P1"]["last_event"]).to_pylist() == ["x"]
    assert states["P1"]["last_time_us"].tolist() == [1_772_352_060_000_000]


def test_names_are_the_codes_of_the_state() -> None:
    assert all(CARRY_STATE[name].base == np.int64 for name in NAMES)
    assert not CARRY_STATE.isalignedstruct
    assert CARRY_STATE.itemsize == sum(CARRY_STATE[name].itemsize for name in CARRY_STATE.names or ())


COMPILED = """
import sys
import numpy as np
import pyarrow.parquet as pq
from vitalake.domain.rules import Rules
from vitalake.silver.carry import carry, initial
from vitalake.silver.scores import score
from vitalake.silver.strings import StringPool
from vitalake.silver.timeline import arrange
pool = StringPool()
timeline = arrange(pq.read_table(sys.argv[1]), pool)
states = initial(len(timeline.patients))
rules = Rules(assumptions={"on_oxygen": False}, ward_assumptions={"W1": {"consciousness": "A"}})
at = carry(timeline, states, rules)
pq.write_table(score(at, rules, timeline, pool).columns, sys.argv[2])
states.tofile(sys.argv[2] + ".states")
at.snapshots.tofile(sys.argv[2] + ".snapshots")
"""


def test_compiled_is_as_uncompiled(tmp_path: Path, compiled_environment: dict[str, str]) -> None:
    random = np.random.default_rng(7)
    events = [
        {
            "patient_id": f"P{random.integers(5)}",
            "at": float(random.choice([0, 60, 800, 20_000, 600_000]) * k),
            "heart_rate": float(random.integers(30, 160)), "ward": random.choice(["W1", "W2", None]),
            "on_oxygen": random.choice([True, False, None]), "spo2": float(random.integers(80, 101)),
            "spo2_scale": random.choice([1, 2, None]), "encounter_id": random.choice(["E1", "E2", None]),
            "systolic_bp": float(random.integers(60, 240)),
            "temperature": float(random.integers(340, 400) / 10),
            "consciousness": random.choice(["A", "V", None]), "resp_rate": float(random.integers(5, 40)),
        }
        for k in range(200)
    ]  # fmt: skip
    pq.write_table(observations(events), tmp_path / "events.parquet")
    uncompiled = compiled_environment | {"NUMBA_DISABLE_JIT": "1"}
    told = []
    for name, environment in (("compiled", compiled_environment), ("uncompiled", uncompiled)):
        out = tmp_path / name
        subprocess.run(
            [sys.executable, "-c", COMPILED, str(tmp_path / "events.parquet"), str(out)],
            env=environment,
            check=True,
        )
        told.append(
            [pq.read_table(out), *(Path(f"{out}.{kind}").read_bytes() for kind in ("states", "snapshots"))]
        )
    assert told[0] == told[1]
