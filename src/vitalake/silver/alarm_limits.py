"""A policy as the table that the alarm machine reads: one record an alarm, ward and therapy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from vitalake.domain.alert_types import PHYSIOLOGICAL
from vitalake.domain.policy import CLAUSES, THERAPIES, Limit, Policy
from vitalake.silver.kernel import Int64s, Records, record
from vitalake.silver.signals import N_SIGNALS, SIGNALS
from vitalake.silver.strings import StringPool

BEYOND: Final = 2**31 - 1
"""A limit that no value breaks."""

LIMIT: Final = record(
    ("delay_us", np.int64, (3,)),
    ("limit", np.int32, (3,)),
    ("lowest", np.int32),
    ("floor", np.int32),
    ("back", np.int32),
)
"""The limits of an alarm, by priority. Values are hundredths times the alarm's sign, so that "below" becomes "above".

``lowest`` is the lowest priority that has a limit (-1: none has), ``floor`` its limit, ``back`` the value at which
the alarm clears: with no limit any value does.
"""

REGIME: Final = record(
    ("limits", LIMIT, (len(PHYSIOLOGICAL),)),
    ("low", np.int32, (N_SIGNALS,)),
    ("high", np.int32, (N_SIGNALS,)),
)
"""All limits in force together; a signal from ``low`` to ``high`` (hundredths) breaks none."""


@dataclass(frozen=True)
class AlarmLimits:
    """``table[ward, therapy]`` are regimes; row 0 is the policy's own, row w + 1 that of the ward ``wards[w]``.

    A therapy is an index of THERAPIES.
    """

    table: Records
    wards: Int64s


def tabulate(policy: Policy, pool: StringPool) -> AlarmLimits:
    """Yield the policy's table; wards are codes of ``pool``."""
    table: Records = np.zeros((len(policy.wards) + 1, len(THERAPIES)), REGIME)
    for row, ward in enumerate((None, *policy.wards)):
        for therapy in range(len(THERAPIES)):
            _fill(table[row, therapy], policy.in_ward(ward), therapy)
    return AlarmLimits(table, pool.encode(pa.array(list(policy.wards), pa.string())))


def _fill(regime: Any, limits: Mapping[str, Limit], therapy: int) -> None:
    regime["low"], regime["high"] = -BEYOND, BEYOND
    for k, alarm in enumerate(PHYSIOLOGICAL):
        clauses = [c for c in CLAUSES.values() if c.alarm == alarm and c.holds_under(THERAPIES[therapy])]
        entry = _limit_record(alarm.sign, limits[clauses[0].name] if clauses else None)
        regime["limits"][k] = entry
        if entry["lowest"] >= 0:
            regime["high" if alarm.above else "low"][SIGNALS.index(alarm.looks_at)] = (
                alarm.sign * entry["floor"]
            )


def _limit_record(sign: int, limit: Limit | None) -> Any:
    entry = np.zeros((), LIMIT)
    entry["limit"], entry["lowest"], entry["floor"], entry["back"] = BEYOND, -1, BEYOND, BEYOND
    known = [] if limit is None else [p for p, value in enumerate(limit.limits) if value is not None]
    if limit is None or not known:
        return entry
    for p in known:
        entry["limit"][p] = sign * (limit.limits[p] or 0)
        entry["delay_us"][p] = limit.delays_us[p]
    entry["lowest"] = known[0]
    entry["floor"] = entry["limit"][known[0]]
    entry["back"] = entry["floor"] - limit.hysteresis
    return entry
