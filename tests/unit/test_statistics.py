"""Statistics of counted readings agree with those of the readings written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalake.analytics.statistics import mean_of, pearson, quantile, spearman

COUNTED = st.lists(
    st.tuples(st.integers(-50, 50), st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=30
)


def written_out(counted: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Every reading by itself."""
    pairs = [(value, other) for value, other, n in counted for _ in range(n)]
    return np.array([value for value, _ in pairs]), np.array([other for _, other in pairs])


@given(COUNTED)
def test_pearson_is_numpys(counted: list[tuple[int, int, int]]) -> None:
    x, y = written_out(counted)
    found = pearson(len(x), int(x.sum()), int(y.sum()), int(x @ x), int(y @ y), int(x @ y))
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)


@given(COUNTED)
def test_spearman_is_pearson_of_mean_ranks(counted: list[tuple[int, int, int]]) -> None:
    x, y = written_out(counted)
    found = spearman(*([each[place] for each in counted] for place in range(3)))
    ranks = [np.array([(each < value).sum() + (each <= value).sum() for value in each]) for each in (x, y)]
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(*ranks)[0, 1], abs=1e-9)


@given(COUNTED, st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95, 1.0]))
def test_quantiles_are_those_of_the_sorted_readings(
    counted: list[tuple[int, int, int]], share: float
) -> None:
    values, counts = [each[0] for each in counted], [each[2] for each in counted]
    x, _ = written_out(counted)
    assert quantile(values, counts, share) == np.quantile(x, share, method="inverted_cdf")
    assert mean_of(values, counts) == pytest.approx(x.mean())
