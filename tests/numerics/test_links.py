"""Links: distribution functions of differences of noises; losses and derivatives that Newton's method uses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab import seeding
from banditlab.numerics import links
from tests.reference import likelihood

INDEX = {name: index for index, name in enumerate(links.LINKS)}
each_link = pytest.mark.parametrize("link", links.LINKS)
margins = st.floats(-30, 30)
few = settings(max_examples=100, deadline=None, derandomize=True)


@each_link
@few
@given(x=margins, step=st.floats(1e-6, 5))
def test_probability_is_a_comparison_function(link, x, step):
    def f(x):
        return links.probability(INDEX[link], x)

    assert f(0.0) == 0.5
    assert abs(f(x) + f(-x) - 1) <= 2.3e-16
    assert 0 <= f(x) <= 1 and f(x) <= f(x + step)
    if abs(x) < 5:
        assert f(x) < f(x + step)


@each_link
def test_chances_of_arrays_are_those_of_numbers(link):
    """Also far out, and of views of any shape."""
    table = np.concatenate([np.linspace(-8, 8, 41), [-800, -40, 40, 800]]).reshape(3, 15)
    for margins in (table, table.T, table[:, ::2], table[0]):
        given = margins.copy()
        found = links.chances(link, margins)
        assert_array_equal(margins, given)
        assert_array_equal(found, np.vectorize(lambda x: links.probability(INDEX[link], x))(margins))


@each_link
@few
@given(x=st.floats(-36, 30))
def test_functions_agree_with_scipy(link, x):
    index, rtol = INDEX[link], 2e-13
    assert_allclose(links.probability(index, x), likelihood.cdf(link, x), rtol=rtol)
    if not (link == "probit" and x <= -35):  # where the asymptotic form takes over
        # terms of sums over duels: those of sure wins count nothing beside the others, so an ulp of 1 is precise enough
        assert_allclose(links.loss(index, x), -likelihood.log_cdf(link, x), rtol=rtol, atol=2.3e-16)
        assert_allclose(links.slope(index, x), likelihood.score(link, x), rtol=rtol)
        # m (m + x) cancels as the score m approaches -x: x^4 digits of the score, twice
        rtol *= max(1, -x) ** 4
        assert_allclose(links.curvature(index, x), likelihood.weight(link, x), rtol=rtol, atol=2.3e-16)


@each_link
@few
@given(x=st.floats(-20, 20).filter(lambda x: abs(x) > 1e-3))
def test_slope_is_the_derivative_of_the_loss(link, x):
    index, h = INDEX[link], 1e-5
    numeric = (links.loss(index, x - h) - links.loss(index, x + h)) / (2 * h)
    assert_allclose(links.slope(index, x), numeric, rtol=1e-6, atol=1e-9)
    if link != "exponential":
        numeric = (links.slope(index, x - h) - links.slope(index, x + h)) / (2 * h)
        assert_allclose(links.curvature(index, x), numeric, rtol=1e-6, atol=1e-8)


@each_link
def test_curvature_is_the_expected_one_on_average(link):
    """E[curvature of the outcome] = F'^2 / (F (1 - F)), for a win with probability F(x)."""
    index = INDEX[link]
    for x in np.linspace(-4, 4, 9):
        p = links.probability(index, x)
        fisher = likelihood.score(link, x) ** 2 * p / (1 - p)
        mean = p * links.curvature(index, x) + (1 - p) * links.curvature(index, -x)
        assert_allclose(mean, fisher, rtol=1e-10)


def test_probit_is_continuous_where_the_asymptotic_form_takes_over():
    index, inside, outside = INDEX["probit"], np.nextafter(-35.0, 0), -35.0
    assert_allclose(links.loss(index, inside), links.loss(index, outside), rtol=2e-6)
    assert_allclose(links.slope(index, inside), links.slope(index, outside), rtol=1e-3)


@each_link
@pytest.mark.parametrize("x", [-2.0, 0.0, 1.0])
def test_noises_make_the_link(link, x):
    """P(x + noise > noise') = F(x): 40 000 duels, |z| < 5, false alarm 6e-7; the same for a policy's perturbations."""
    index, size = INDEX[link], 40_000
    key, rng = seeding.key(0, "noise", link), np.random.default_rng(0)
    p = links.probability(index, x)
    bound = 5 * np.sqrt(p * (1 - p) / size)
    hashed = [x + links.noise(index, key, 0, n) > links.noise(index, key, 1, n) for n in range(size)]
    drawn = [x + links.perturbation(index, rng) > links.perturbation(index, rng) for _ in range(size)]
    assert abs(np.mean(hashed) - p) < bound
    assert abs(np.mean(drawn) - p) < bound
