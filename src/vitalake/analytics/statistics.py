"""Statistics of counted and summed readings: quantiles, means, correlations.

Readings come as counts of equal values, or as exact sums, so that a lake of any size fits, and so that no float
order can show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = Sequence[float] | npt.NDArray[np.float64]


def mean_of(values: Numbers, counts: Sequence[int] | npt.NDArray[np.int64]) -> float:
    """Yield the mean of values that were counted.

    >>> mean_of([60, 90], [2, 1])
    70.0
    """
    return float(np.average(np.asarray(values, float), weights=np.asarray(counts, float)))


def quantile(values: Numbers, counts: Sequence[int] | npt.NDArray[np.int64], share: float) -> float:
    """Yield the least value that at least ``share`` of the counted readings do not exceed.

    >>> quantile([90, 60, 70], [1, 1, 2], 0.5)
    70.0
    """
    order = np.argsort(np.asarray(values, float), kind="stable")
    running = np.cumsum(np.asarray(counts)[order])
    place = int(np.searchsorted(running, share * running[-1], side="left"))
    return float(np.asarray(values, float)[order][place])


def pearson(n: int, x: int, y: int, xx: int, yy: int, xy: int) -> float | None:
    """Yield Pearson's correlation from exact sums: of x, y, their squares and products; None without spread.

    >>> pearson(3, 6, 12, 14, 56, 28)
    1.0
    """
    spread_x, spread_y = n * xx - x * x, n * yy - y * y
    if n < 2 or spread_x <= 0 or spread_y <= 0:  # noqa: PLR2004 - one point has no line
        return None
    return (n * xy - x * y) / math.sqrt(spread_x * spread_y)


def spearman(values: Numbers, others: Numbers, counts: Sequence[int]) -> float | None:
    """Yield Spearman's rank correlation of counted pairs; ties share their mean rank.

    >>> spearman([60, 90, 120], [0, 3, 9], [5, 1, 1])
    1.0
    """
    weights = np.asarray(counts, np.int64)
    ranks = [_doubled_ranks(np.asarray(each, float), weights) for each in (values, others)]
    a, b = ([int(rank) for rank in each] for each in ranks)
    counted = [int(weight) for weight in weights]
    return pearson(
        sum(counted),
        sum(w * p for w, p in zip(counted, a, strict=True)),
        sum(w * q for w, q in zip(counted, b, strict=True)),
        sum(w * p * p for w, p in zip(counted, a, strict=True)),
        sum(w * q * q for w, q in zip(counted, b, strict=True)),
        sum(w * p * q for w, p, q in zip(counted, a, b, strict=True)),
    )


def _doubled_ranks(values: npt.NDArray[np.float64], weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Yield twice the mean rank of each value: whole numbers."""
    distinct, place = np.unique(values, return_inverse=True)
    per_value = np.zeros(len(distinct), np.int64)
    np.add.at(per_value, place, weights)
    last = np.cumsum(per_value)
    ranks: npt.NDArray[np.int64] = (2 * last - per_value + 1)[place]
    return ranks
