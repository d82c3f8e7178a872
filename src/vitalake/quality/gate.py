"""The gate: expectations judged on what Gold would become, before any of it is merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

from vitalake.gold.records import GOLD_QUALITY_CHECKS
from vitalake.quality.expectations import Expectation

Verdict = Literal["pass", "warn", "fail"]
Ask = Callable[[str], pa.Table]
"""An engine's answer to a SELECT."""


@dataclass(frozen=True)
class Check:
    """One expectation and what was found."""

    expectation: Expectation
    value: float | None
    verdict: Verdict

    @property
    def limit(self) -> float:
        """The limit that decided: the one that was passed, else the first one there is."""
        warn, fail = self.expectation.warn_above, self.expectation.fail_above
        decisive = fail if self.verdict == "fail" or warn is None else warn
        return 0.0 if decisive is None else float(decisive)


def judge(ask: Ask, expectations: Sequence[Expectation]) -> tuple[Check, ...]:
    """Yield a check an expectation, all of them evaluated in one SELECT."""
    if not expectations:
        return ()
    values = (f"cast(({each.sql}) as double) as value_{at}" for at, each in enumerate(expectations))
    (row,) = ask(f"select {', '.join(values)}").to_pylist()
    found: list[float | None] = list(row.values())
    return tuple(
        Check(each, value, verdict(each, value)) for each, value in zip(expectations, found, strict=True)
    )


def verdict(expectation: Expectation, value: float | None) -> Verdict:
    """Yield pass, warn or fail; nothing to judge (null) passes.

    >>> verdict(Expectation("late", "Few are late", "select 1", warn_above=0.1, fail_above=None), 0.2)
    'warn'
    """
    if value is None:
        return "pass"
    if expectation.fail_above is not None and value > expectation.fail_above:
        return "fail"
    return "warn" if expectation.warn_above is not None and value > expectation.warn_above else "pass"


def verdict_rows(checks: Sequence[Check], *, run_id: str, batch: int, merged: bool, at: datetime) -> pa.Table:
    """Yield the rows of gold_quality_checks; ``merged`` says whether Gold took over what was judged."""
    rows = [
        {
            "run_id": run_id,
            "expectation": check.expectation.name,
            "description": check.expectation.description,
            "value": check.value,
            "limit": check.limit,
            "verdict": check.verdict,
            "forced": merged and check.verdict == "fail",
            "batch": batch,
            "checked_at": at,
        }
        for check in checks
    ]
    return pa.Table.from_pylist(rows, schema=GOLD_QUALITY_CHECKS.schema)
