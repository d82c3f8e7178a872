"""A policy as the table of a page: what the docs print is made from what runs."""

from __future__ import annotations

from typing import Any, Final

from vitalake.domain.policy import CLAUSES, Policy
from vitalake.domain.vitals import PRIORITIES

_HEAD: Final = (
    "alert_type", "looks at", "unit", *PRIORITIES, f"delay {' / '.join(PRIORITIES)}, s", "hysteresis",
)  # fmt: skip


def policy_table(policy: Policy) -> str:
    """Yield the policy's own limits (not its wards') as a Markdown table, one row an alarm and condition."""
    rows = [_HEAD, ("---",) * len(_HEAD)]
    for name, clause in CLAUSES.items():
        written = policy.limits[name].to_mapping(clause)
        alarm = clause.alarm
        scale = f"{alarm.name}, {clause.when}" if clause.when else alarm.name
        side = "above" if alarm.above else "below"
        looks_at = (
            "consciousness, this or worse"
            if alarm.looks_at == "consciousness"
            else f"{alarm.looks_at} {side}"
        )
        delays = " / ".join(_cell(delay) for delay in written["delays_s"].values())
        limits = (_cell(limit) for limit in written["limits"].values())
        rows.append((scale, looks_at, alarm.unit, *limits, delays, _cell(written["hysteresis"])))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(value: Any) -> str:
    return "–" if value is None else str(value)
