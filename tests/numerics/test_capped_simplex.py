"""The capped simplex: entropic projections, and sets that are drawn with given probabilities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import rel_entr

from banditlab.numerics.capped_simplex import draw_systematic, project_entropic

many = settings(max_examples=150, deadline=None, derandomize=True)


@st.composite
def sizes(draw):
    """(n, m, generator), 1 <= m < n."""
    n = draw(st.integers(2, 9))
    return n, draw(st.integers(1, n - 1)), np.random.default_rng(draw(st.integers(0, 10**6)))


def projected(y, size):
    x = np.array(y, float)
    project_entropic(x, size)
    return x


def inner_point(n, size, rng):
    """A point of the capped simplex, some of whose coordinates may be 1."""
    return projected(10.0 ** rng.uniform(-3, 0, n), size)


# --- projections --------------------------------------------------------------------------------------------------


@many
@given(sizes(), st.sampled_from([0.1, 3.0, 12.0]))
def test_projections_meet_the_conditions_of_the_least_divergence(case, decades):
    """x = min(1, c y) for one c, and the sum m: the problem is convex, so that nothing else is needed."""
    n, size, rng = case
    y = 10.0 ** rng.uniform(-decades, 0.5, n)
    x = projected(y, size)
    assert_allclose(x.sum(), size, rtol=1e-14)
    assert x.min() >= 0 and x.max() <= 1
    shares = x / y
    capped = x == 1
    if not capped.all():
        assert_allclose(shares[~capped], shares[~capped][0], rtol=1e-13)
        assert (shares[capped] <= shares[~capped][0] * (1 + 1e-13)).all()
    assert_allclose(projected(x, size), x, rtol=1e-13)


@pytest.mark.parametrize("seed", range(15))
def test_projections_minimise_the_divergence(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    size, y = int(rng.integers(1, n)), 10.0 ** rng.uniform(-1.5, 0.3, n)
    found = minimize(
        lambda x: rel_entr(x, y).sum() - x.sum(), np.full(n, size / n), jac=lambda x: np.log(x / y), method="SLSQP",
        bounds=[(1e-9, 1)] * n, constraints={"type": "eq", "fun": lambda x: x.sum() - size},
        options={"ftol": 1e-14, "maxiter": 500},
    )  # fmt: skip
    assert found.success
    assert_allclose(projected(y, size), found.x, atol=1e-5)


def test_projections_by_hand():
    assert_allclose(projected([0.2, 0.2], 1), [0.5, 0.5])
    assert_allclose(projected([2.0, 0.1, 0.1], 2), [1, 0.5, 0.5])
    assert_allclose(projected([4.0, 3.0, 0.1, 0.1], 3), [1, 1, 0.5, 0.5])
    assert_allclose(projected([1.0, 0.5, 0.5], 1), [0.5, 0.25, 0.25])
    assert_allclose(projected([0.3, 0.0, 0.7, 0.0], 2), [1, 0, 1, 0])


# --- draws --------------------------------------------------------------------------------------------------------


def drawn(x, size, u):
    items = np.full(len(x), -1)
    assert draw_systematic(x, size, u, items) == size
    assert len(set(items[:size].tolist())) == size and (items[size:] == -1).all()
    return items[:size]


@many
@given(sizes())
def test_each_item_is_drawn_with_its_probability(case):
    """Exactly, over all u: the set changes only where a u + j meets the end of a stretch."""
    n, size, rng = case
    x = inner_point(n, size, rng)
    ends = np.unique(np.concatenate([[0, 1], np.cumsum(x) % 1]))
    chances = np.zeros(n)
    for low, high in zip(ends[:-1], ends[1:], strict=True):
        chances[drawn(x, size, (low + high) / 2)] += high - low
    assert_allclose(chances, x, atol=1e-13)


def test_the_certain_are_always_in_the_set_and_the_impossible_never():
    x = np.array([0.0, 1.0, 0.3, 0.0, 0.7, 1.0, 0.0])
    for u in [*np.linspace(0, 1, 50, endpoint=False), 1 - 2.0**-53]:
        assert set(drawn(x, 3, u)) == ({1, 2, 5} if u + 1 < 1.3 else {1, 4, 5})


@pytest.mark.parametrize("n", [3, 10, 49, 1000])
def test_rounding_takes_no_item_away(n):
    for size in {1, n // 3, n - 1} - {0}:
        x = np.full(n, size / n)
        for u in (0.0, 1 - 2.0**-53, 1 - 2.0**-40, 0.5):
            drawn(x, size, u)
    tenths = np.array([0.1] * 10)
    assert np.cumsum(tenths)[-1] <= 1 - 2.0**-53  # nothing of the line is beyond this u
    assert_array_equal(drawn(tenths, 1, 1 - 2.0**-53), [9])
    assert_array_equal(drawn(np.array([*tenths, 0.0]), 1, 1 - 2.0**-53), [9])
