"""Step functions of time: disjoint pieces [start, end) in order, nothing between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

FOREVER = 1 << 62


class Piece(NamedTuple):
    """What holds from start to before end."""

    start: int
    end: int
    what: Any


def value_at(steps: Sequence[Piece], instant: int) -> Any:
    """Yield what holds at the instant, None where nothing does."""
    i = bisect_right(steps, instant, key=lambda piece: piece.start) - 1
    return steps[i].what if i >= 0 and instant < steps[i].end else None


def side_by_side(functions: Sequence[Sequence[Piece]], until: int) -> list[Piece]:
    """Yield pieces that meet, each with the list of what the functions hold in it (None where nothing).

    They begin with the first start; changes after ``until`` have not happened: the last piece never ends.
    """
    changes = {instant for steps in functions for piece in steps for instant in piece[:2]}
    starts = sorted(instant for instant in changes if instant <= until)
    held = zip(*(_values_at(steps, starts) for steps in functions), strict=True)
    ends = [*starts[1:], FOREVER]
    return [Piece(start, end, list(values)) for start, end, values in zip(starts, ends, held, strict=False)]


def _values_at(steps: Sequence[Piece], rising: Sequence[int]) -> Iterator[Any]:
    """Yield what holds at each of the instants, which rise."""
    i = 0
    for instant in rising:
        while i < len(steps) and steps[i].end <= instant:
            i += 1
        yield steps[i].what if i < len(steps) and steps[i].start <= instant else None
