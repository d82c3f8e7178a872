"""Statistics of each vital in windows of the clock, and against the patient's own last hour.

From exact integers, with these last steps in doubles (n, S, Q: count, sum, sum of squares, in hundredths;
D = n Q - S^2; b: of the baseline; x: whole milliseconds since the window's start, cut; y: hundredths):

* mean = S / (100 n);  sd = sqrt(D / (10000 n (n - 1)))
* slope_per_h = (n sum(xy) - sum(x) sum(y)) * 36000 / (n sum(x^2) - sum(x)^2)
* z = (S nb - Sb n) / (n nb) / sqrt(Db / (nb (nb - 1)))
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from reference.definitions import DAY, HOUR, VITALS, Event, Settings, moment


class Value(NamedTuple):
    """One measured value [hundredths] and its instant."""

    instant: int
    hundredths: int


class Sums(NamedTuple):
    """Exact sums of values in hundredths."""

    n: int
    total: int
    squares: int

    @property
    def mean(self) -> float | None:
        """The mean in units."""
        return self.total / (100 * self.n) if self.n else None

    @property
    def spread(self) -> int:
        """n times the sum of squares, less the square of the sum."""
        return self.n * self.squares - self.total**2

    @property
    def sd(self) -> float | None:
        """The standard deviation (n - 1) in units, None below 2 values."""
        return math.sqrt(self.spread / (10_000 * self.n * (self.n - 1))) if self.n > 1 else None


def summarise(events: list[Event], settings: Settings) -> list[dict[str, Any]]:
    """Yield one patient's windows, by vital and window start."""
    rows = []
    for vital in VITALS:
        windows: dict[int, list[Value]] = {}
        for event in events:
            if event[vital] is not None:
                start = event["event_time"] // settings.window * settings.window
                windows.setdefault(start, []).append(Value(event["event_time"], event[vital]))
        for start in sorted(windows):
            before = range(start - HOUR, start, settings.window)
            baseline = [value for earlier in before for value in windows.get(earlier, [])]
            rows.append(
                {"patient_id": events[0]["patient_id"], "vital": vital, "window_start": moment(start)}
                | _statistics(start, windows[start], baseline)
                | {"event_date": moment(start // DAY * DAY).date()}  # type: ignore[union-attr]
            )
    return rows


def _statistics(start: int, values: list[Value], baseline: list[Value]) -> dict[str, Any]:
    now, base = _sums(values), _sums(baseline)
    return {
        "n": now.n,
        "sum": now.total,
        "sum_sq": now.squares,
        "mean": now.mean,
        "sd": now.sd,
        "min": min(value.hundredths for value in values) / 100,
        "max": max(value.hundredths for value in values) / 100,
        "slope_per_h": _slope(start, values),
        "baseline_n": base.n,
        "baseline_mean": base.mean,
        "baseline_sd": base.sd,
        "z": _z(now, base),
    }


def _sums(values: list[Value]) -> Sums:
    numbers = [value.hundredths for value in values]
    return Sums(len(numbers), sum(numbers), sum(y * y for y in numbers))


def _slope(start: int, values: list[Value]) -> float | None:
    n = len(values)
    xs = [(value.instant - start) // 1000 for value in values]
    ys = [value.hundredths for value in values]
    above = n * sum(x * y for x, y in zip(xs, ys, strict=True)) - sum(xs) * sum(ys)
    below = n * sum(x * x for x in xs) - sum(xs) ** 2
    return above * 36_000 / below if below else None


def _z(now: Sums, base: Sums) -> float | None:
    if base.n < 5 or base.spread == 0:
        return None
    deviation = math.sqrt(base.spread / (base.n * (base.n - 1)))
    return (now.total * base.n - base.total * now.n) / (now.n * base.n) / deviation
