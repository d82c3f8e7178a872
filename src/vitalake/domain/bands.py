"""Points by band: how a score reads one charted value."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
import numpy.typing as npt

from vitalake.domain.vitals import BY_NAME

REST: Final = inf
"""The upper end of the last band."""

Points = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Bands:
    """The bands of one vital: (highest charted value of the band, its points), rising; the last ends at REST.

    >>> Bands("resp_rate", ((21, 0), (REST, 1))).points(22)
    1
    """

    vital: str
    bands: tuple[tuple[float, int], ...]

    def points(self, charted: float) -> int:
        """Yield the points of a charted value, in the vital's unit."""
        return next(points for highest, points in self.bands if charted <= highest)

    def by_step(self) -> Points:
        """Yield the points of each charted step (value / resolution) from 0 to the highest plausible one."""
        vital = BY_NAME[self.vital]
        steps = np.arange(round(vital.high / vital.resolution) + 1)
        ends = [round(highest / vital.resolution) for highest, _ in self.bands[:-1]]
        points = np.array([points for _, points in self.bands], np.int8)
        return points[np.searchsorted(ends, steps)]


def stack(tables: list[Points]) -> npt.NDArray[np.int8]:
    """Yield the tables as rows of one array, padded with 0."""
    rows = np.zeros((len(tables), max(len(table) for table in tables)), np.int8)
    for row, table in zip(rows, tables, strict=True):
        row[: len(table)] = table
    return rows
