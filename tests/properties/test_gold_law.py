"""Gold is a function of Silver: computed for what changed, batch by batch, it equals Gold computed whole."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from reference.memory_lake import MemoryLake
from reference.silver_rows import (
    alert,
    alert_changes,
    alerts,
    at,
    messages,
    observation,
    observations,
    summaries,
)

from vitalake.domain.vitals import SEVERITIES
from vitalake.gold.definitions import gold_tables
from vitalake.stages.curate import RunInfo, curate

READINGS = {
    "heart_rate": st.none() | st.integers(30, 200).map(float),
    "spo2": st.none() | st.integers(70, 100).map(float),
    "systolic_bp": st.none() | st.integers(60, 220).map(float),
    "method": st.sampled_from(["monitor", "spot"]),
    "bp_method": st.sampled_from(["cuff", "arterial"]),
    "temperature": st.none() | st.integers(340, 410).map(lambda tenths: tenths / 10),
    "ward_carried": st.sampled_from([None, "A", "B"]),
    "severity": st.sampled_from(SEVERITIES),
    "news2_resp_rate": st.just(0),
    "news2_spo2": st.sampled_from([0, 0, 3, None]),
    "news2_systolic_bp": st.just(1),
    "news2_heart_rate": st.sampled_from([0, 1, 2]),
    "news2_temperature": st.just(0),
    "news2_missing": st.integers(0, 7),
    "issues": st.lists(
        st.sampled_from(["spo2:implausible", "heart_rate:coerced", "alert:bad_text"]), max_size=2
    ),
}
BREACH = {"limit_value": 120.0, "extreme_value": 127.0, "margin": 7.0}
MINUTES = st.one_of(st.integers(0, 60 * 80), st.integers(0, 180), st.integers(0, 60 * 24 * 40))


@st.composite
def histories(draw):
    """Events and alerts of three patients over up to 40 days, each with the batch that brought it."""
    batches = draw(st.integers(2, 5))
    n = draw(st.integers(1, 14))
    events = [
        observation(
            draw(st.sampled_from("pqr")),
            draw(MINUTES),
            f"e{i}",
            batch=draw(st.integers(1, batches)),
            **{name: draw(values) for name, values in READINGS.items()},
        )
        for i in range(n)
    ]
    episodes = []
    for i in range(draw(st.integers(0, 4))):
        origin = draw(st.sampled_from(["physiological", "device"]))
        raised = draw(MINUTES)
        cleared = draw(st.none() | st.integers(1, 400).map(raised.__add__))
        told = draw(st.integers(1, batches))
        patient = draw(st.sampled_from("pqr"))
        kind = {
            "origin": origin,
            "alert_type": draw(st.sampled_from(["tachycardia", "hypotension"])),
            "priority": draw(st.sampled_from(["medium", "high"])),
        }
        episode = alert(f"a{i}", patient, raised, cleared, ward=draw(st.sampled_from("AB")), **kind, **BREACH)
        later = draw(st.none() | st.integers(1, batches))
        moved = draw(st.booleans()) and alert(f"a{i}", patient, raised + 90, None, ward="B", **kind, **BREACH)
        episodes.append((told, episode, later if later and later > told else None, moved or None))
    return batches, events, episodes


def fill(lake, batch, events, episodes):
    """Bring the lake's Silver to what it is after ``batch``."""
    known = [row for row in events if row["batch"] <= batch]
    lake.tables["silver_observations"] = observations(known)
    lake.tables["bronze_events"] = messages(known)
    lake.tables |= summaries(known, batch, lake.tables)
    held, changes = {}, []
    for told, episode, later, moved in episodes:
        if told <= batch:
            held[episode["alert_id"]] = episode
            changes.append((told, episode))
        if later is not None and later <= batch:
            changes.append((later, moved or episode))
            held.pop(episode["alert_id"])
            if moved:
                held[episode["alert_id"]] = moved
    lake.tables["silver_alerts"] = alerts(list(held.values()))
    lake.tables["silver_alert_changes"] = alert_changes(sorted(changes, key=lambda change: change[0]))


def run_at(minutes):
    ticks = itertools.count()
    return RunInfo(f"run {minutes}", lambda: at(minutes + next(ticks)))


@settings(max_examples=10)
@given(histories(), st.data())
def test_gold_by_batches_equals_gold_computed_whole(history, data):
    batches, events, episodes = history
    stops = data.draw(st.sets(st.integers(1, batches - 1)), label="curates before the last")
    lake, whole = MemoryLake(), MemoryLake()
    for batch in [*sorted(stops), batches]:
        fill(lake, batch, events, episodes)
        curate(lake, run=run_at(batch), batch=batch, force=True)
    fill(whole, batches, events, episodes)
    curate(whole, run=run_at(0), batch=batches, force=True, whole=True)
    for gold in gold_tables():
        assert lake.content(gold.table) == whole.content(gold.table), gold.name
