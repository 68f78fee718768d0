"""Steps in the norm of a matrix: the nearest points, against quadratic programs, and what follows from that."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from banditlab.numerics import domains
from banditlab.numerics.domains import FORMS, make_domain
from banditlab.numerics.newton_steps import make_room, newton_step

each = pytest.mark.parametrize("form", FORMS)
seeds = st.integers(0, 10**6)


def some(seed, form, spread=2):
    """A domain, a point of it, one that may lie outside, and a matrix whose eigenvalues span 10^(2 spread)."""
    rng = np.random.default_rng(seed)
    dim, radius = int(rng.integers(2, 7)), rng.uniform(0.5, 2)
    domain, start = make_domain(form, radius, dim), np.zeros(dim)
    domains.draw_point(domain, rng, start)
    if seed % 3 == 0:
        domains.minimise(domain, 0.0, rng.normal(size=dim), start)  # on the edge
    turn = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    matrix = turn * 10 ** rng.uniform(-spread, spread, dim) @ turn.T
    return domain, start, radius * rng.normal(0, 1.5, dim), 0.5 * (matrix + matrix.T)


def nearest(domain, start, point, matrix, size=1.0):
    """The nearest point of the domain, by a step from `start`."""
    found = start.copy()
    newton_step(domain, found, size, matrix @ (start - point) / size, matrix, make_room(len(found)))
    return found


def shortfall(form, domain, found, slope):
    """How much less a linear function with that slope could be on the domain: 0 where the slope is against it."""
    least = np.zeros(len(found))
    domains.minimise(domain, 0.0, slope, least)
    return slope @ (found - least) / max(np.abs(slope).max(), 1e-300)


@each
@settings(max_examples=200, deadline=None, derandomize=True)
@given(seeds)
def test_a_step_ends_in_the_nearest_point(form, seed):
    """That the slope of the distance points against the domain is enough: both are convex."""
    domain, start, point, matrix = some(seed, form)
    found = nearest(domain, start, point, matrix, size=1.0 + seed % 5)
    assert domains.contains(domain, found)
    slope = matrix @ (found - point)
    if np.abs(found - point).max() > 1e-9:
        assert shortfall(form, domain, found, slope) < 1e-8
    other = nearest(domain, domains.centre(domain), point, matrix)  # wherever the step begins
    assert_allclose(found, other, atol=1e-9)
    assert_allclose(nearest(domain, found, found, matrix), found, atol=1e-13)


@each
@settings(max_examples=20, deadline=None, derandomize=True)
@given(seeds)
def test_a_quadratic_program_by_other_means(form, seed):
    domain, start, point, matrix = some(seed, form, spread=0.5)
    radius, dim = domain.radii[0], len(start)
    constraints = {
        "ball": [{"type": "ineq", "fun": lambda y: radius**2 - y @ y, "jac": lambda y: -2 * y}],
        "simplex": [{"type": "eq", "fun": lambda y: y.sum() - radius, "jac": np.ones_like}],
    }
    wanted = minimize(
        lambda y: (y - point) @ matrix @ (y - point), start, jac=lambda y: 2 * matrix @ (y - point), method="SLSQP",
        bounds=[(0 if form == "simplex" else -radius, radius)] * dim, constraints=constraints.get(form, ()),
        options={"ftol": 1e-15, "maxiter": 500},
    )  # fmt: skip
    found = nearest(domain, start, point, matrix)
    assert_allclose(found, wanted.x, atol=2e-5)
    assert (found - point) @ matrix @ (found - point) <= wanted.fun * (1 + 1e-9) + 1e-12


@each
@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds)
def test_points_come_closer_in_the_norm(form, seed):
    domain, start, point, matrix = some(seed, form)
    other = point + np.random.default_rng(seed).normal(size=len(point))
    one, two = (nearest(domain, start, x, matrix) for x in (point, other))
    assert (one - two) @ matrix @ (one - two) <= (point - other) @ matrix @ (point - other) * (1 + 1e-9)


@each
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds)
def test_a_diagonal_matrix_weights_coordinates(form, seed):
    domain, start, point, _ = some(seed, form)
    weights = np.random.default_rng(seed).uniform(0.2, 3, len(point))
    found, wanted = nearest(domain, start, point, np.diag(weights)), point.copy()
    domains.project_weighted(domain, wanted, weights)
    assert_allclose(found, wanted, atol=1e-10)


@each
def test_no_step_changes_nothing(form):
    domain, start, _, matrix = some(3, form)
    found = start.copy()
    newton_step(domain, found, 1.0, np.zeros(len(start)), matrix, make_room(len(start)))
    assert_allclose(found, start, rtol=1e-15)


@each
def test_many_steps_on_the_edge_stay_inside(form):
    """Rounding does not add up; steps of very different sizes, and a matrix that grows."""
    rng, dim = np.random.default_rng(5), 4
    domain, room = make_domain(form, 1.3, dim), make_room(dim)
    x, matrix = domains.centre(domain), 1e-3 * np.eye(dim)
    for k in range(3000):
        gradient = rng.normal(size=dim) + np.array([3.0, -1.0, 0.0, 1.0])
        matrix += np.outer(gradient, gradient)
        newton_step(domain, x, 10.0 ** (k % 9 - 2), gradient, matrix, room)
        assert domains.contains(domain, x)
    if form == "simplex":
        assert_allclose(x.sum(), 1.3, rtol=1e-14)


def test_steps_that_run_along_an_edge_by_hand():
    """On the square [-1, 1]^2 with A = [[2, 1], [1, 2]]: at x_1 = 1 the other coordinate gives way by half of it."""
    domain, matrix = make_domain("box", 1.0, 2), np.array([[2.0, 1.0], [1.0, 2.0]])
    assert_allclose(nearest(domain, np.zeros(2), np.array([1.5, 0.0]), matrix), [1, 0.25])
    assert_array_equal(nearest(domain, np.zeros(2), np.array([3.0, 3.0]), matrix), [1, 1])
    assert_allclose(nearest(domain, np.ones(2), np.array([1 - 1e-7, 1.5]), matrix), [1, 1])
    assert_allclose(nearest(domain, np.ones(2), np.array([1 - 1e-7, 1.0]), matrix), [1 - 1e-7, 1], rtol=1e-12)
    simplex = make_domain("simplex", 1.0, 2)
    assert_allclose(nearest(simplex, np.array([0.5, 0.5]), np.array([0.9, 0.3]), matrix), [0.8, 0.2])
    assert_array_equal(nearest(simplex, np.array([0.5, 0.5]), np.array([3.0, 0.3]), matrix), [1, 0])
