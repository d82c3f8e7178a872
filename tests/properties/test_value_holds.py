"""Gold's values in hold, told by SQL, are those of the slow reference, event by event."""

from hypothesis import given, settings
from hypothesis import strategies as st
from reference.definitions import HOUR, PRESSURES, SECOND, Settings
from reference.memory_lake import MemoryLake
from reference.signals import vital_steps
from reference.silver_rows import START, observation, observations

from vitalake.domain.rules import Rules
from vitalake.gold.definitions import shared_views
from vitalake.gold.inputs import maximum_ages
from vitalake.gold.touched import PATIENT_ENDS
from vitalake.silver.tables import SILVER_OBSERVATIONS

VITALS = ("spo2", "systolic_bp", "temperature")
READING = st.sampled_from([None, None, 60.0, 90.5, "rejected"])
STEP_S = st.sampled_from([0, 0, 5, 10, 29, 60, 600, 901, 3600, 3601, 6 * 3600, 13 * 3600])
EPOCH_US = int(START.timestamp()) * SECOND


@st.composite
def events(draw):
    """One patient's events in order, in the form of the reference."""
    now, made = 0, []
    for i in range(draw(st.integers(1, 25))):
        now += draw(STEP_S)
        readings = {vital: draw(READING) for vital in VITALS}
        made.append(
            {
                "event_time": now * SECOND,
                "event_id": f"e{i:02}",
                "method": draw(st.sampled_from(["monitor", "monitor", "spot", "manual"])),
                "bp_method": draw(st.sampled_from(["cuff", "arterial"])),
                "issues": [f"{vital}:implausible" for vital in VITALS if readings[vital] == "rejected"],
            }
            | {v: None if r in (None, "rejected") else round(r * 100) for v, r in readings.items()}
        )
    return made


def row(event):
    values = {name: event[name] for name in ("method", "bp_method", "issues")}
    values |= {vital: None if event[vital] is None else event[vital] / 100 for vital in VITALS}
    return observation("p", event["event_time"] / 60 / SECOND, event["event_id"], **values)


def held_by_sql(rows):
    lake = MemoryLake()
    lake.tables[SILVER_OBSERVATIONS.name] = observations(rows)
    lake.open(SILVER_OBSERVATIONS)
    lake.register("maximum_ages", maximum_ages(Rules()))
    lake.view("patient_ends", PATIENT_ENDS)
    (select,) = (view.sql for view in shared_views() if view.name == "value_holds")
    pieces = lake.rows(f"select vital, start_us, end_us, hundredths from ({select}) as held").to_pylist()
    return {(p["vital"], p["start_us"] - EPOCH_US, p["end_us"] - EPOCH_US, p["hundredths"]) for p in pieces}


def held_by_reference(made):
    pieces = set()
    last = made[-1]["event_time"]
    for vital in VITALS:
        longest = (6 if vital in PRESSURES else 12) * HOUR
        for piece in vital_steps(made, vital, Settings()):
            end = min(piece.end, last, piece.start + longest)
            if end > piece.start:
                pieces.add((vital, piece.start, end, float(piece.what.event[vital])))
    return pieces


@settings(max_examples=60)
@given(events())
def test_a_value_is_in_hold_as_the_reference_says(made):
    assert held_by_sql([row(event) for event in made]) == held_by_reference(made)
