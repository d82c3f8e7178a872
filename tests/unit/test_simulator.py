from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vitalake.domain.device_alarms import built_in
from vitalake.errors import UserError
from vitalake.silver.parse import Parsed, parse
from vitalake.silver.tables import NORMALISED
from vitalake.sources.files import FileSource
from vitalake.sources.simulator import Simulation, SimulationSettings, Truth, settings, write_simulation
from vitalake.sources.simulator.alarms import RULES
from vitalake.sources.simulator.cohort import VENDORS

START = datetime(2026, 1, 5, tzinfo=UTC)
CLEAN = dict.fromkeys(
    ("partial", "artefact", "late", "out_of_order", "duplicate", "conflicting", "malformed"), 0.0
)
DIRTY = {
    "partial": 0.1, "artefact": 0.02, "late": 0.02, "out_of_order": 0.05, "duplicate": 0.05, "conflicting": 0.03,
    "malformed": 0.05, "late_max_hours": 48.0,
}  # fmt: skip


def settings_of(**changes: Any) -> SimulationSettings:
    return SimulationSettings(**{"start": START, "patients": 30, "hours": 6.0, "interval_s": 120.0} | changes)


def run(chosen: SimulationSettings) -> tuple[list[bytes], list[int], Truth]:
    """Yield all payloads, their arrivals in µs and the truth."""
    simulation = Simulation(chosen)
    chunks = list(simulation)
    payloads = [payload for chunk in chunks for payload in chunk.payloads.to_pylist()]
    return payloads, [at for chunk in chunks for at in chunk.arrival_us.tolist()], simulation.truth


def events_of(payloads: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in payloads]


def parse_all(payloads: list[bytes]) -> Parsed:
    rows = len(payloads)
    return parse(
        pa.table(
            {
                "source": pa.repeat("simulated", rows),
                "partition": pa.array(np.zeros(rows, np.int32)),
                "offset": pa.array(np.arange(rows)),
                "ingest_time": pa.repeat(
                    pa.scalar(START + timedelta(days=30), pa.timestamp("us", "UTC")), rows
                ),
                "batch": pa.array(np.ones(rows, np.int64)),
                "payload": pa.array(payloads, pa.binary()),
            }
        )
    )


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SLICE_EVENTS", 300)


def test_the_same_settings_give_the_same_messages() -> None:
    first, second, other = (run(settings_of(hours=1.0, seed=seed, **DIRTY)) for seed in (1, 1, 2))
    assert first == second
    assert set(first[0]).isdisjoint(other[0])


@pytest.mark.usefixtures("small_slices")
def test_a_lake_finds_the_true_counts_again() -> None:
    payloads, _, truth = run(settings_of(**DIRTY))
    parsed = parse_all(payloads)
    reasons = Counter(parsed.quarantine["reason"].to_pylist())
    assert {reason: reasons[reason] for reason in truth.malformed} == truth.malformed
    assert min(truth.malformed.values()) > 0
    rows = parsed.observations.select([column.name for column in NORMALISED]).to_pylist()
    first: dict[tuple[object, ...], dict[str, object]] = {}
    repeats: Counter[bool] = Counter()
    for row in rows:
        key = row["patient_id"], row["event_time"], row["event_id"]
        if key in first:
            repeats[row == first[key]] += 1
        first.setdefault(key, row)
    assert (len(first), repeats[True], repeats[False]) == (truth.valid, truth.duplicates, truth.conflicting)
    assert (
        len(payloads)
        == truth.messages
        == truth.valid + truth.duplicates + truth.conflicting + sum(reasons.values())
    )


@pytest.mark.usefixtures("small_slices")
def test_messages_arrive_in_order_and_as_late_as_the_truth_says() -> None:
    payloads, arrivals, truth = run(settings_of(**DIRTY | {"malformed": 0, "duplicate": 0, "conflicting": 0}))
    rows = parse_all(payloads).observations
    times = rows["event_time"].cast(pa.int64()).to_pylist()
    delays = [arrival - time for arrival, time in zip(arrivals, times, strict=True)]
    assert arrivals == sorted(arrivals)
    assert min(delays) == 0
    assert max(delays) <= 48 * 3_600_000_000
    assert sum(delay > 60_000_000 for delay in delays) == truth.late > 0
    assert sum(0 < delay <= 60_000_000 for delay in delays) == truth.out_of_order > 0
    newest: dict[str, int] = {}
    overtaken = 0
    for patient, time in zip(rows["patient_id"].to_pylist(), times, strict=True):
        overtaken += time < newest.get(patient, 0)
        newest[patient] = max(newest.get(patient, 0), time)
    assert overtaken == truth.overtaken > 0


def test_rates_are_kept() -> None:
    truth = run(settings_of(patients=100, **DIRTY))[2]
    events = truth.valid + sum(truth.malformed.values())
    for name, count in {
        "late": truth.late,
        "out_of_order": truth.out_of_order,
        "duplicate": truth.duplicates,
        "conflicting": truth.conflicting,
        "malformed": sum(truth.malformed.values()),
    }.items():
        assert count / events == pytest.approx(DIRTY[name], rel=0.25), name
    assert 0 < truth.partial / events <= DIRTY["partial"] * 1.1
    assert 0 < truth.artefacts / events <= DIRTY["artefact"]


def test_a_clean_simulation_is_one_valid_event_a_message() -> None:
    payloads, arrivals, truth = run(settings_of(**CLEAN))
    parsed = parse_all(payloads)
    assert parsed.quarantine.num_rows == 0
    assert truth.messages == truth.valid == len(set(payloads)) == sum(truth.events.values())
    assert parsed.observations["event_time"].cast(pa.int64()).to_pylist() == arrivals
    issues = {issue for row in parsed.observations["issues"].to_pylist() for issue in row}
    assert issues == {"resp_rate:coerced"}


def test_artefacts_are_implausible_values() -> None:
    payloads, _, truth = run(settings_of(**CLEAN | {"artefact": 0.05}))
    issues = parse_all(payloads).observations["issues"].to_pylist()
    assert sum(any("implausible" in issue for issue in row) for row in issues) == truth.artefacts > 0


def test_all_may_be_malformed_and_the_road_goes_on() -> None:
    payloads, _, truth = run(settings_of(hours=0.5, **CLEAN | {"malformed": 1.0}))
    assert truth.valid == 0
    assert parse_all(payloads).quarantine.num_rows == len(payloads) > 0


def test_patients_get_ill_before_their_outcome() -> None:
    payloads, _, truth = run(settings_of(patients=200, hours=30.0, interval_s=600.0, monitored=1.0, **CLEAN))
    events = events_of(payloads)
    expected = {
        "sepsis": {"heart_rate": 1, "resp_rate": 1, "spo2": -1, "systolic_bp": -1},
        "respiratory_failure": {"heart_rate": 1, "resp_rate": 1, "spo2": -1},
        "haemorrhage": {"heart_rate": 1, "resp_rate": 1, "systolic_bp": -1},
        "opioid_sedation": {"heart_rate": -1, "resp_rate": -1, "spo2": -1},
    }
    for name, directions in expected.items():
        patients = [patient for patient in truth.patients if patient.trajectory == name]
        assert patients
        for vital, direction in directions.items():
            early, late = zip(
                *(_before_and_at_outcome(events, patient, vital) for patient in patients), strict=True
            )
            assert direction * (np.mean(late) - np.mean(early)) > 3, (name, vital)


def _before_and_at_outcome(events: list[dict[str, Any]], patient: Any, vital: str) -> tuple[float, float]:
    values = [
        (datetime.fromisoformat(event["event_time"]), float(event[vital]))
        for event in events
        if event["patient_id"] == patient.patient_id and vital in event
    ]
    onset, outcome = map(datetime.fromisoformat, (patient.onset_time, patient.outcome_time))
    early = [value for time, value in values if time <= onset + timedelta(minutes=30)]
    late = [value for time, value in values if abs(time - outcome) <= timedelta(minutes=30)]
    return float(np.mean(early)), float(np.mean(late))


def test_even_a_small_ward_has_each_course() -> None:
    truth = run(settings_of(patients=12, hours=0.1))[2]
    assert sum(truth.trajectories.values()) == 12
    assert {name: count for name, count in truth.trajectories.items() if name != "stable"} == {
        "sepsis": 1, "respiratory_failure": 1, "haemorrhage": 1, "opioid_sedation": 1, "recovering": 1,
    }  # fmt: skip


def test_copd_patients_are_on_scale_2_and_low_in_oxygen() -> None:
    payloads, _, truth = run(settings_of(patients=200, **CLEAN))
    copd = {patient.patient_id for patient in truth.patients if patient.spo2_scale == 2}
    stable = {patient.patient_id for patient in truth.patients if patient.trajectory == "stable"}
    events = events_of(payloads)
    scales = {(event["patient_id"], event["spo2_scale"]) for event in events if "spo2_scale" in event}
    assert {patient for patient, scale in scales if scale == 2} == copd
    saturations = [float(e["spo2"]) for e in events if e["patient_id"] in copd & stable and "spo2" in e]
    assert 88 < np.mean(saturations) < 92


def test_alarms_follow_what_the_monitor_shows() -> None:
    payloads, _, truth = run(settings_of(patients=150, hours=18.0, monitored=1.0, **CLEAN))
    events = events_of(payloads)
    shown = {
        (e["patient_id"], datetime.fromisoformat(e["event_time"])): e for e in events if "alert" not in e
    }
    limits = {
        "tachycardia": ("heart_rate", 1, 130),
        "tachypnoea": ("resp_rate", 1, 30),
        "apnoea": ("resp_rate", -1, 5),
        "hypoxaemia": ("spo2", -1, 88),
        "hypotension": ("systolic_bp", -1, 85),
    }
    known = built_in()
    seen: Counter[str] = Counter()
    for event in (event for event in events if "alert" in event):
        kind, state = known.meaning(event["alert"]["code"]).alert_type, event["alert"].get("state", "start")
        seen[kind] += 1
        if kind in limits and state.lower() == "start":
            vital, sign, limit = limits[kind]
            at = datetime.fromisoformat(event["event_time"]) - timedelta(milliseconds=250)
            assert sign * (int(float(shown[event["patient_id"], at][vital]) + 0.5) - limit) > 0
    assert seen == truth.alarms
    assert set(limits) <= set(seen)


def test_every_spelling_is_known() -> None:
    known = built_in()
    for rule in RULES:
        assert len(rule.codes) == len(VENDORS)
        assert {known.meaning(code).alert_type for code in rule.codes} == {rule.alert_type}


def test_an_alarm_starts_before_it_goes_on_or_ends() -> None:
    payloads, _, _ = run(settings_of(patients=60, hours=24.0, monitored=1.0, **CLEAN))
    standing: set[tuple[str, str]] = set()
    for event in events_of(payloads):
        alert = event.get("alert")
        if alert and alert.get("state") != "point":
            key, state = (event["patient_id"], alert["code"]), alert.get("state", "start").lower()
            assert (key in standing) == (state != "start")
            (standing.discard if state == "end" else standing.add)(key)


@pytest.mark.usefixtures("small_slices")
def test_who_leaves_is_not_heard_of_again() -> None:
    payloads, _, truth = run(settings_of(patients=100, hours=12.0, **CLEAN))
    left = {p.patient_id: datetime.fromisoformat(p.left_time) for p in truth.patients if p.left_time}
    assert left
    for event in events_of(payloads):
        assert datetime.fromisoformat(event["event_time"]) < left.get(
            event["patient_id"], START + timedelta(hours=12)
        )


def test_wards_beds_and_devices_have_one_patient_at_a_time() -> None:
    payloads, _, _ = run(settings_of(patients=120, hours=12.0, wards=5, **CLEAN))
    events = events_of(payloads)
    owners: dict[object, set[str]] = {}
    for event in events:
        owners.setdefault(("bed", event["ward"], event["bed"]), set()).add(event["patient_id"])
        if event.get("method", "monitor") == "monitor":
            owners.setdefault(event["device_id"], set()).add(event["patient_id"])
    assert all(len(patients) == 1 for patients in owners.values())
    assert len({event["ward"] for event in events}) == 5
    assert len({event["encounter_id"] for event in events}) > 120


@pytest.mark.parametrize("monitored", [0.0, 1.0])
def test_a_ward_may_have_monitors_only_or_none(monitored: float) -> None:
    payloads, _, truth = run(settings_of(monitored=monitored, patients=3, **CLEAN))
    assert len(payloads) == truth.valid > 0
    assert (truth.events["monitor"] > 0) == (monitored == 1)


def test_a_written_simulation_is_read_back_byte_for_byte(tmp_path: Path) -> None:
    chosen = settings_of(hours=1.0, **DIRTY)
    for name in ("a.ndjson", "b.ndjson.gz", "c.ndjson.gz"):
        truth = write_simulation(chosen, tmp_path / "new" / name)
    plain, packed, again = (
        (tmp_path / "new" / f"{name}").read_bytes() for name in ("a.ndjson", "b.ndjson.gz", "c.ndjson.gz")
    )
    assert gzip.decompress(packed) == plain
    assert packed == again
    (batch,) = FileSource([tmp_path / "new" / "a.ndjson"]).read({}, 100_000)
    assert batch.messages["payload"].to_pylist() == run(chosen)[0]
    assert batch.messages.num_rows == truth.messages
    with pytest.raises(UserError, match="exists already"):
        write_simulation(chosen, tmp_path / "new" / "a.ndjson")
    write_simulation(replace(chosen, seed=2), tmp_path / "new" / "a.ndjson", overwrite=True)
    assert (tmp_path / "new" / "a.ndjson").read_bytes() != plain
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == [
        "a.ndjson",
        "b.ndjson.gz",
        "c.ndjson.gz",
    ]


def test_the_truth_and_settings_are_json() -> None:
    truth = run(settings_of(hours=0.5))[2]
    assert json.loads(json.dumps(truth.as_dict()))["messages"] == truth.messages
    assert json.loads(json.dumps(settings_of().as_dict()))["start"] == "2026-01-05T00:00:00+00:00"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patients": 0}, "patients is 0"),
        ({"hours": 0}, "hours is 0"),
        ({"interval_s": 0.01}, "interval_s is 0.01"),
        ({"seed": -1}, "seed is -1"),
        ({"wards": 31}, "wards is 31"),
        ({"late": 1.5}, "late is 1.5"),
        ({"late_max_hours": 0.0}, "late_max_hours is 0.0"),
        ({"malformed": 0.6, "duplicate": 0.6}, "duplicate"),
        ({"late": 0.6, "out_of_order": 0.6}, "out_of_order"),
        ({"start": datetime(2026, 1, 5)}, "offset"),  # noqa: DTZ001
        ({"start": datetime(2999, 1, 5, tzinfo=UTC)}, "year"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        settings_of(**change)
