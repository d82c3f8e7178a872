"""What an answer says in words: one or two sentences a question, every number from its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from vitalake.analytics.words import plain, signed, started, unit
from vitalake.domain.alert_types import beyond_limit

Rows = Sequence[Mapping[str, Any]]
Tables = Mapping[str, Rows]
_NONE: Final = "There is nothing to tell yet."
_ENOUGH: Final = 10
"""Readings below which an order of vitals is chance, and no sentence names a first."""


def _correlations(tables: Tables) -> str:
    rows = [row for row in tables["vitals"] if row["r"] is not None and row["n"] >= _ENOUGH]
    if not rows:
        return f"There are too few readings to correlate yet: fewer than {_ENOUGH} of each vital."
    first = max(rows, key=lambda row: abs(row["r"]))
    direction = "rises" if first["r"] > 0 else "falls"
    outside = max(rows, key=lambda row: max(abs(row["high_r"] or 0), abs(row["low_r"] or 0)))
    side, r = max(
        (("above", outside["high_r"] or 0), ("below", outside["low_r"] or 0)), key=lambda each: abs(each[1])
    )
    distance = (
        f" Of the distances outside the normal band, {plain(outside['vital'])} {side} its band goes with it most "
        f"(r = {signed(r)})."
        if r
        else ""
    )
    return (
        f"{started(plain(first['vital']))} goes with severity most: it {direction} with NEWS2 of the other inputs "
        f"(r = {signed(first['r'])}, n = {first['n']:,} patient-hours).{distance}"
    )


def _before(tables: Tables) -> str:
    most = max((row["before_n"] for row in tables["vitals"]), default=0)
    if not most:
        return "No reading lies 15 to 60 min before a critical alert of a type that does not look at it."
    rows = [row for row in tables["vitals"] if row["effect"] is not None and row["before_n"] >= _ENOUGH]
    if not rows:
        return (
            "There are too few readings 15 to 60 min before a critical alert of another type to rank vitals by: "
            f"at most {most} of one."
        )
    told = [
        f"{plain(row['vital'])} ({signed(row['effect'])} standard deviations, {row['before_mean']:.4g} against "
        f"{row['rest_mean']:.4g} {unit(row['vital'])}, "
        f"n = {row['before_n']:,})"
        for row in rows[:2]
    ]
    return f"15 to 60 min before critical alerts of other types, most different from the rest: {' and '.join(told)}."


def _risk(tables: Tables) -> str:
    rows = tables["patients"]
    if not rows:
        return _NONE
    first, n = rows[0], len(rows)
    groups = Counter(row["risk_group"] for row in rows)
    told = ", ".join(f"{groups[name]} {name}" for name in ("MODERATE", "UNKNOWN", "STABLE"))
    ward = tables["wards"][0]
    unseen = sum(each["not_seen"] for each in tables["wards"])
    more = f" {unseen} more were not seen in these 12 h and are not ranked." if unseen else ""
    return (
        f"{groups['CRITICAL']} of {n} patients ({100 * groups['CRITICAL'] / n:.0f} %) seen in the last 12 h are "
        f"CRITICAL, {told}. "
        f"At highest risk is {first['patient_id']} with a NEWS2 of {first['news2_score']}; the ward with the largest "
        f"share of critical patients is {ward['ward']} ({ward['critical']} of {ward['patients']}).{more}"
    )


def _patients(tables: Tables) -> str:
    rows = [row for row in tables["patients"] if row["episodes"]]
    if not rows:
        return "No patient has had a physiological or device alert."
    first, total = rows[0], sum(row["episodes"] for row in rows)
    half = next(place for place, row in enumerate(rows, 1) if row["cumulative_pct"] >= 50)  # noqa: PLR2004 - half
    burden = f", {first['per_day']:.1f} a monitored day" if first["per_day"] else ""
    return (
        f"{first['patient_id']} had most: {first['episodes']} of {total} episodes ({first['share_pct']:.0f} %)"
        f"{burden}. Half of all episodes come from {half} of the {len(rows)} patients who had any."
    )


def _types(tables: Tables) -> str:
    first = [row for row in tables["types"] if row["rank"] == 1]
    leading = {row["origin"]: row for row in reversed(first)}
    told = [
        f"of {origin} alerts {plain(row['alert_type'])} is most frequent ({row['episodes']} episodes, "
        f"{row['share_pct']:.0f} %)"
        for origin, row in reversed(leading.items())
    ]
    return f"{started('; '.join(told))}." if told else "There has been no alert."


def _thresholds(tables: Tables) -> str:
    rows = [row for row in tables["limits"] if row["episodes"]]
    if not rows:
        return "No rule on a vital sign has raised an alert."
    near, total = sum(row["near_episodes"] for row in rows), sum(row["episodes"] for row in rows)
    most = max(rows, key=lambda row: row["near_episodes"])
    closest = (
        f" Most of these at {plain(most['alert_type'])}, {most['priority']} "
        f"({beyond_limit(most['alert_type'], most['limit_value'])}): "
        f"{most['near_episodes']} of {most['episodes']}."
        if near
        else ""
    )
    return (
        f"{near} of {total} episodes ({100 * near / total:.0f} %) went no farther than the first step beyond their "
        f"limit: so many would a limit one step farther have spared.{closest}"
    )


def _populated(tables: Tables) -> str:
    rows = tables["vitals"]
    if not rows:
        return _NONE
    best, worst = rows[0], rows[-1]
    inputs = [row for row in rows if row["snapshot_null_pct"] is not None]
    missing = max(inputs, key=lambda row: row["snapshot_null_pct"])
    snapshot = (
        f"{plain(missing['vital'])} is missing most ({missing['snapshot_null_pct']:.0f} % of patients)"
        if missing["snapshot_null_pct"]
        else "no input of NEWS2 is missing"
    )
    return (
        f"{started(plain(best['vital']))} is best populated, in {best['completeness_pct']:.0f} % of patient-hours, "
        f"{plain(worst['vital'])} least, in {worst['completeness_pct']:.0f} % (worst hour "
        f"{worst['worst_hour_pct']:.0f} %). In the risk snapshot, which carries values up to their maximum ages, "
        f"{snapshot}."
    )


def _attributes(tables: Tables) -> str:
    rows = [row for row in tables["attributes"] if row["kind"] == "measured"]
    if not rows:
        return _NONE
    emptiest = max(rows, key=lambda row: row["empty_hours_pct"])
    wrong = max(rows, key=lambda row: row["rejected_per_10000"] or 0)
    coerced = max(rows, key=lambda row: row["coerced"])
    rejected = (
        f"Most often rejected is {wrong['attribute']}: {wrong['rejected_per_10000']:.1f} of 10,000 values sent."
        if wrong["rejected_per_10000"]
        else "No value was rejected."
    )
    text = f" {coerced['attribute']} came as text {coerced['coerced']:,} times." if coerced["coerced"] else ""
    return (
        f"{rows[0]['attribute']} has most nulls, {rows[0]['null_pct']:.1f} % of observations; by the patient-hours "
        f"without any value it is {emptiest['attribute']}, {emptiest['empty_hours_pct']:.0f} %. {rejected}{text}"
    )


def _reliability(tables: Tables) -> str:
    shares = [row["share_pct"] for row in tables["measures"]]
    verdicts = Counter(row["verdict"] for row in tables["checks"])
    told = ", ".join(f"{verdicts[name]} {name}" for name in ("pass", "warn", "fail") if verdicts[name])
    flagged = [row["expectation"] for row in tables["checks"] if row["verdict"] != "pass"]
    named = f" ({', '.join(flagged)})" if flagged else ""
    kept, _, _, complete, known = (0.0 if share is None else share for share in shares[:5])
    return (
        f"{kept:.1f} % of messages became observations. In {complete:.0f} % of patient-hours all seven NEWS2 inputs "
        f"were known at once, and severity was known for {known:.1f} % of patient time. Quality gate: "
        f"{told or 'not yet run'}{named}."
    )


SENTENCES: Final[Mapping[int, Callable[[Tables], str]]] = {
    1: _correlations,
    2: _before,
    3: _risk,
    4: _patients,
    5: _types,
    6: _thresholds,
    7: _populated,
    8: _attributes,
    9: _reliability,
}
"""What says the answer to a question, by its number."""
