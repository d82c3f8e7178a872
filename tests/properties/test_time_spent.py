"""How time was spent, told by the kernels of the alarms, is what the slow reference says event by event."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise, zip_longest

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.definitions import HOUR, SECOND, Settings
from reference.signals import vital_steps
from reference.silver_rows import START, observation, observations, summaries

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import SEVERITIES
from vitalake.silver import alarm_state
from vitalake.silver.hourly import walk
from vitalake.silver.strings import StringPool
from vitalake.silver.time_spent import spend_time

VALUES = {"spo2": (60.0, 90.5), "systolic_bp": (90.5, 300.0), "temperature": (36.04, 38.45)}
VITALS = tuple(VALUES)
STEP_S = st.sampled_from([0, 0, 5, 10, 29, 60, 600, 901, 3600, 3601, 6 * 3600, 13 * 3600, 31 * 24 * 3600])
EPOCH_US = int(START.timestamp()) * SECOND
ONE_HOUR = timedelta(hours=1)
PRESENT = 12 * HOUR
FORGOTTEN = 30 * 24 * HOUR


@st.composite
def events(draw):
    """One patient's events in order, in the form of the reference."""
    now, made = 0, []
    for i in range(draw(st.integers(1, 25))):
        now += draw(STEP_S)
        readings = {v: draw(st.sampled_from([None, None, *VALUES[v], "rejected"])) for v in VITALS}
        made.append(
            {
                "event_time": now * SECOND,
                "event_id": f"e{i:02}",
                "method": draw(st.sampled_from(["monitor", "monitor", "spot", "manual"])),
                "bp_method": draw(st.sampled_from(["cuff", "arterial"])),
                "ward": draw(st.sampled_from([None, "A", "B"])),
                "scale": draw(st.sampled_from([None, 1, 2])),
                "severity": draw(st.sampled_from(SEVERITIES)),
                "oxygen": draw(st.sampled_from([None, False, True])),
                "issues": [f"{vital}:implausible" for vital in VITALS if readings[vital] == "rejected"],
            }
            | {v: None if r in (None, "rejected") else round(r * 100) for v, r in readings.items()}
        )
    return made


def row(event):
    values = {name: event[name] for name in ("method", "bp_method", "issues")}
    values |= {vital: None if event[vital] is None else event[vital] / 100 for vital in VITALS}
    values |= {
        "ward_carried": event["ward"],
        "severity": event["severity"],
        "spo2_scale_carried": event["scale"],
        "on_oxygen_carried": event["oxygen"],
    }
    return observation("p", event["event_time"] / 60 / SECOND, event["event_id"], **values)


def held_by_kernels(tables):
    held = tables["silver_held_time"].to_pylist()
    keys = [(r["hour"], r["ward"], r["vital"], r["therapy"], round(r["value"] * 100)) for r in held]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, [r["held_us"] for r in held], strict=True))


def therapy_of(event, vital):
    if vital != "spo2":
        return ""
    if event["scale"] != 2:
        return "scale 1"
    return "scale 2 on oxygen" if event["oxygen"] else "scale 2"


def held_by_reference(made):
    """Yield the time of each value in hold between two events, cut at hours."""
    spent = Counter()
    for event, following in pairwise(made):
        start, gap = event["event_time"], following["event_time"] - event["event_time"]
        end = start + min(gap, PRESENT) if gap < FORGOTTEN else start
        for vital in VITALS:
            for piece in vital_steps(made, vital, Settings()):
                for hour in range(start // HOUR, end // HOUR + 1):
                    held = min(piece.end, end, (hour + 1) * HOUR) - max(piece.start, start, hour * HOUR)
                    if held > 0:
                        key = (START + hour * ONE_HOUR, event["ward"] or "(unknown)", vital)
                        spent[*key, therapy_of(event, vital), piece.what.value] += held
    return dict(spent)


def present_by_kernels(tables):
    rows = tables["silver_presence"].to_pylist()
    return {(r["hour"], r["ward"], r["severity"]): (r["present_us"], r["observations"]) for r in rows}


def present_by_reference(made):
    """Yield the time and the events of each severity, by hour and ward."""
    spent, seen = Counter(), Counter()
    for event, following in zip_longest(made, made[1:], fillvalue=made[-1]):
        start, gap = event["event_time"], following["event_time"] - event["event_time"]
        end = start + min(gap, PRESENT) if gap < FORGOTTEN else start
        place = (event["ward"] or "(unknown)", event["severity"])
        seen[START + start // HOUR * ONE_HOUR, *place] += 1
        for hour in range(start // HOUR, end // HOUR + 1):
            if (lasted := min(end, (hour + 1) * HOUR) - max(start, hour * HOUR)) > 0:
                spent[START + hour * ONE_HOUR, *place] += lasted
    return {key: (spent[key], seen[key]) for key in spent | seen}


@settings(max_examples=80)
@given(events())
def test_time_is_spent_as_the_reference_says(made):
    tables = summaries([row(event) for event in made])
    assert held_by_kernels(tables) == held_by_reference(made)
    assert present_by_kernels(tables) == present_by_reference(made)


@given(events(), st.data())
def test_time_goes_on_from_a_state(made, data):
    """The hours after a state are those of all events, though only the state's last instant is given again."""
    rows = observations([row(event) for event in made])
    cut = data.draw(
        st.sampled_from([event["event_time"] for event in made]), label="last instant of the state"
    )
    instant = EPOCH_US + cut
    times = rows["event_time"].cast(pa.int64()).to_numpy()
    pool = StringPool()
    before, after = (
        walk(rows.filter(pa.array(times <= instant)), pool),
        walk(rows.filter(pa.array(times >= instant)), pool),
    )
    states = alarm_state.initial(1)
    spend_time(before, states, Rules(), pool)
    whole = spend_time(walk(rows, pool), alarm_state.initial(1), Rules(), pool)
    later = spend_time(after, states, Rules(), pool)
    hour = datetime.fromtimestamp(instant / SECOND, UTC).replace(minute=0, second=0, microsecond=0)
    for part, all_of_it in ((later.held, whole.held), (later.present, whole.present)):
        kept = [r for r in all_of_it.to_pylist() if r["hour"] > hour]
        assert sorted(part.to_pylist(), key=repr) == sorted(kept, key=repr)
