"""What Gold's SQL takes from the configuration and the dictionary: small tables registered beside the lake's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from vitalake.domain.policy import CLAUSES, Limit, Policy
from vitalake.domain.rules import AGES, Rules
from vitalake.domain.vitals import BY_NAME, PRIORITIES

_BIN_WIDTH: Final[Mapping[str, float]] = {"resp_rate": 2, "spo2": 1, "temperature": 0.2}
"""How wide a bin of distances from a limit is, in the unit of the vital; 5 where nothing is said."""
_OTHER_BIN_WIDTH: Final = 5.0

ELSEWHERE: Final = "*"
"""The ward of the limits that hold where a ward has none of its own."""

_AGES_SCHEMA: Final = pa.schema([("name", pa.string()), *((f"{how}_age_us", pa.int64()) for how in AGES)])
_LIMITS_SCHEMA: Final = pa.schema(
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


def maximum_ages(rules: Rules) -> pa.Table:
    """Yield ``maximum_ages``: one row a thing that is carried, its maximum age by how it was taken, in µs."""
    rows = [
        {"name": name} | {f"{how}_age_us": rules.age_us(name, charted=how == "charted") for how in AGES}
        for name in rules.maximum_age_s
    ]
    return pa.Table.from_pylist(rows, schema=_AGES_SCHEMA)


def alarm_limits(policy: Policy) -> pa.Table:
    """Yield ``alarm_limits``: one row a ward, alarm on a vital, therapy and priority that has a limit.

    ``sign`` is 1 for a limit that must not be passed upwards, -1 downwards; values are hundredths.  What looks at
    the heart rate has a row for the pulse rate too.
    """
    rows = [row for ward in (None, *policy.wards) for row in _ward_limits(ward, policy.in_ward(ward))]
    return pa.Table.from_pylist(rows, schema=_LIMITS_SCHEMA)


def _ward_limits(ward: str | None, limits: Mapping[str, Limit]) -> Iterator[dict[str, Any]]:
    for name, limit in limits.items():
        clause = CLAUSES[name]
        vitals = {"heart_rate": ("heart_rate", "pulse_rate")}.get(
            clause.alarm.looks_at, (clause.alarm.looks_at,)
        )
        for vital in vitals:
            if vital not in BY_NAME:
                continue
            for priority, value in zip(PRIORITIES, limit.limits, strict=True):
                if value is not None:
                    yield {
                        "ward": ELSEWHERE if ward is None else ward,
                        "alert_type": clause.alarm.name,
                        "therapy": clause.when,
                        "vital": vital,
                        "priority": priority,
                        "sign": clause.alarm.sign,
                        "limit_hundredths": value,
                        "step_hundredths": round(100 * BY_NAME[vital].resolution),
                        "bin_hundredths": round(100 * _BIN_WIDTH.get(vital, _OTHER_BIN_WIDTH)),
                    }
