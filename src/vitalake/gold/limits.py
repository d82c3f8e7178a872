"""The policy's limits as a table, with the bins in which distances from them are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from vitalake.domain.news2 import SCORES_AS
from vitalake.domain.policy import CLAUSES, THERAPIES, Clause, Limit, Policy
from vitalake.domain.vitals import BY_NAME, PRIORITIES

_BIN_WIDTH: Final[Mapping[str, float]] = {"resp_rate": 2, "spo2": 1, "temperature": 0.2}
"""How wide a bin of distances from a limit is, in the unit of the vital; 5 where nothing is said."""
_OTHER_BIN_WIDTH: Final = 5.0

ELSEWHERE: Final = "*"
"""The ward of the limits that hold where a ward has none of its own."""

_SCHEMA: Final = pa.schema(
    [
        ("ward", pa.string()),
        ("alert_type", pa.string()),
        ("therapy", pa.string()),
        ("vital", pa.string()),
        ("priority", pa.string()),
        ("sign", pa.int64()),
        ("limit_hundredths", pa.int64()),
        ("step_hundredths", pa.int64()),
        ("bin_hundredths", pa.int64()),
    ]
)


def alarm_limits(policy: Policy) -> pa.Table:
    """Yield ``alarm_limits``: one row a ward, alarm on a vital, therapy (of SpO2) and priority that has a limit.

    ``sign`` is 1 for a limit that must not be passed upwards, -1 downwards; values are hundredths.  What looks at
    the heart rate has a row for the pulse rate too.
    """
    rows = [
        {"ward": ELSEWHERE if ward is None else ward, "therapy": therapy, "vital": vital} | each
        for ward in (None, *policy.wards)
        for name, limit in policy.in_ward(ward).items()
        for vital in _vitals(CLAUSES[name])
        for therapy in _therapies(CLAUSES[name])
        for each in _limits(CLAUSES[name], limit, vital)
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _vitals(clause: Clause) -> list[str]:
    """Yield the vitals that an alarm looks at; none where it looks at a score."""
    looks_at = clause.alarm.looks_at
    standing_in = [name for name in ("pulse_rate",) if SCORES_AS[name] == looks_at]
    return [name for name in (looks_at, *standing_in) if name in BY_NAME]


def _therapies(clause: Clause) -> list[str]:
    """Yield the therapies under which a clause is in force; an empty one where it asks for none."""
    return [therapy for therapy in THERAPIES if clause.holds_under(therapy)] if clause.when else [""]


def _limits(clause: Clause, limit: Limit, vital: str) -> Iterator[dict[str, Any]]:
    for priority, value in zip(PRIORITIES, limit.limits, strict=True):
        if value is not None:
            yield {
                "alert_type": clause.alarm.name,
                "priority": priority,
                "sign": clause.alarm.sign,
                "limit_hundredths": value,
                "step_hundredths": round(100 * BY_NAME[vital].resolution),
                "bin_hundredths": round(100 * _BIN_WIDTH.get(vital, _OTHER_BIN_WIDTH)),
            }
