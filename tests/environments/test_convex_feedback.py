"""Losses that are seen at one or two points: what is played, what is paid, and that gradients are right on average."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.checks import check_environment, replay
from banditlab.checks.pairs import cell_of, finals, play
from banditlab.environments.convex.regression import Regression
from banditlab.environments.convex.sea import SEA
from banditlab.environments.feedback import estimate, make_probes
from banditlab.games.convex import DYNAMIC, REALISED, STATIC
from banditlab.numerics import domains
from banditlab.policies.convex.ogd import OGD
from banditlab.policies.convex.uniform import Uniform

T = 40
WORLDS = {
    "one, linear": SEA(dim=3, feedback="one-point"),
    "one, quadratic": SEA(dim=3, feedback="one-point", delta=0.3, losses="quadratic", curvature=2.0, domain="box"),
    "two, linear": SEA(feedback="two-point", domain=["ball:2", "box:2:0.5"], pattern="drift", turn=0.2),
    "two, quadratic": SEA(dim=3, feedback="two-point", losses="quadratic", pattern="label-shift", turn=0.2),
    "one, squared": Regression(dim=3, feedback="one-point", radius=2.0),
    "two, squared": Regression(dim=3, feedback="two-point", domain="box"),
    "one, logistic": Regression(dim=3, feedback="one-point", loss="logistic", domain="box", radius=3.0),
    "two, logistic": Regression(dim=3, feedback="two-point", loss="logistic", radius=3.0),
}
each = pytest.mark.parametrize("name", WORLDS)


def loss_of(env, t):
    """The loss of a round as it was drawn, a function of points (..., d), from the fields of the state."""
    if hasattr(env, "rows"):
        row, y = env.rows[env.order[t]], env.targets[env.order[t]]
        if env.loss == 0:
            return lambda x: 0.5 * (x @ row - y) ** 2
        return lambda x: np.log(1 + np.exp(-y * (x @ row)))
    slope = env.slope.copy()  # of the round that was revealed last
    if not env.curvature:
        return lambda x: x @ slope
    own = env.drawn[env.picks[t]]
    return lambda x: 0.5 * env.curvature * np.square(x + own / env.curvature).sum(axis=-1) + x @ (slope - own)


def rounds(name):
    """Rounds of uniform play: the state, the point, what was given as a gradient, and the direction."""
    world = WORLDS[name]
    env, rng = replay.start_env(world, T, 0), np.random.default_rng(0)
    point, gradient = np.zeros((2, len(env.point)))
    for t in range(T):
        domains.draw_point(env.domain, rng, point)
        world.reveal(env, t, point, gradient)
        yield env, t, point, gradient, env.probes.direction


@each
def test_what_is_played_and_what_is_seen(name):
    world, directions = WORLDS[name], []
    for env, t, point, gradient, u in rounds(name):
        inner = domains.inner_radius(env.domain)
        assert world.delta == (0.3 if name == "one, quadratic" else inner / 10)
        middle, loss = (1 - world.delta / inner) * point, loss_of(env, t)
        played = [middle + world.delta * u, middle - world.delta * u][: env.probes.count]
        for x, found in zip(played, env.probes.played, strict=False):
            assert_allclose(found, x, atol=1e-14)
            assert domains.contains(env.domain, x)
        values = [loss(x) for x in played]
        size = len(u) * (values[0] / world.delta if len(values) == 1 else (values[0] - values[1]) / (2 * world.delta))
        assert_allclose(gradient, size * u, rtol=1e-9, atol=1e-12)
        assert_allclose(np.linalg.norm(u), 1)
        directions.append(u.copy())
    again = np.array([u.copy() for *_, u in rounds(name)])
    assert_array_equal(again, directions)
    assert np.abs(np.mean(directions, axis=0)).max() < 4.5 / math.sqrt(len(u) * T)


def test_the_value_of_a_quadratic_loss_is_half_the_squared_distance():
    world = SEA(dim=2, losses="quadratic", size=5.0, sigma=0.0, feedback="one-point")
    env, gradient = replay.start_env(world, T, 0), np.zeros(2)
    world.reveal(env, 0, np.array([0.3, -0.4]), gradient)
    away = env.probes.played[0] + env.drawn[0]
    assert_allclose(np.linalg.norm(gradient) * world.delta / 2, 0.5 * away @ away)
    assert 0.5 * 4**2 < 0.5 * away @ away < 0.5 * 6**2


def test_directions_are_not_those_of_the_noise():
    env = replay.start_env(SEA(dim=3, feedback="one-point", domain="box"), 2000, 0)
    products = np.zeros(2000)
    for t in range(2000):
        SEA.reveal(env, t, np.zeros(3), np.zeros(3))
        products[t] = (env.slope - env.drawn[0]) @ env.probes.direction
    assert abs(products.mean()) < 4.5 * products.std() / math.sqrt(2000)


# --- unbiased -----------------------------------------------------------------------------------------------------


def mean_estimate(feedback, delta, loss, x, directions, weights):
    """The mean of what is given as a gradient, over directions (n, d) with weights."""
    dim = len(x)
    probes, out, total = (
        make_probes(feedback, delta, domains.make_domain("ball", 1.0, dim)),
        np.zeros(dim),
        np.zeros(dim),
    )
    for u, weight in zip(directions, weights, strict=True):
        probes.direction[:] = u
        other = loss(x - delta * u) if feedback == "two-point" else 0.0
        estimate(probes, loss(x + delta * u), other, out)
        total += weight * out
    return total


@pytest.mark.parametrize("feedback", ["one-point", "two-point"])
@pytest.mark.parametrize("curvature", [0.0, 1.7])
def test_of_linear_and_quadratic_losses_the_mean_is_the_gradient(feedback, curvature):
    """Over a design whose first three moments are those of the sphere: both directions of each axis."""
    rng = np.random.default_rng(1)
    slope, x = rng.normal(size=(2, 4))
    design = np.vstack([np.eye(4), -np.eye(4)])
    found = mean_estimate(
        feedback, 0.3, lambda y: slope @ y + 0.5 * curvature * y @ y, x, design, np.full(8, 1 / 8)
    )  # fmt: skip
    assert_allclose(found, slope + curvature * x, rtol=1e-12)


@pytest.mark.parametrize("feedback", ["one-point", "two-point"])
def test_of_other_losses_it_is_the_gradient_of_the_mean_over_a_disc(feedback):
    """Both by quadrature: over angles by equal steps, over the disc by Gauss and Legendre too."""
    row, x, delta = np.array([1.5, -2.0]), np.array([0.3, 0.4]), 0.4
    angles = 2 * np.pi * np.arange(200) / 200
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    nodes, weights = np.polynomial.legendre.leggauss(30)
    radii, weights = 0.5 * (nodes + 1), 0.5 * weights * (nodes + 1)  # of the density 2 r on [0, 1]
    disc = (delta * radii[:, None, None] * circle).reshape(-1, 2)
    over = np.repeat(weights / 200, 200)
    smooth = over @ (-1 / (1 + np.exp((x + disc) @ row)))[:, None] * row
    found = mean_estimate(feedback, delta, lambda y: np.log1p(np.exp(-(y @ row))), x, circle, np.full(200, 1 / 200))
    assert_allclose(found, smooth, rtol=1e-10)
    assert np.abs(found - -row / (1 + np.exp(x @ row))).max() > 1e-3


# --- what is paid, and told ---------------------------------------------------------------------------------------


@each
def test_regret_is_of_what_was_played(name):
    world = WORLDS[name]
    verbs = replay.registry.kind_of(world).cls
    env, rng = replay.start_env(world, T, 0), np.random.default_rng(0)
    for t in range(T):
        domains.draw_point(env.domain, rng, env.point)
        verbs.reveal(env, t, env.point, env.gradients[0])
        before = np.zeros(6)
        verbs.score(env, t, env.point, before)
        played = env.probes.played[: env.probes.count]
        drawn = loss_of(env, t)
        if hasattr(env, "rows"):
            mean, best = drawn, None
        else:
            slope = env.table[env.order[t]]
            mean = lambda x, slope=slope: x @ slope + 0.5 * env.curvature * np.square(x).sum(axis=-1)  # noqa: E731
            best = env.minimisers[env.order[t]]
            assert_allclose(before[REALISED], np.mean(drawn(played)) - drawn(env.realised), atol=1e-12)
        assert_allclose(before[STATIC], np.mean(mean(played)) - mean(env.optimum), atol=1e-12)
        if best is not None:
            assert_allclose(before[DYNAMIC], np.mean(mean(played)) - mean(best), atol=1e-12)


@each
def test_gradients_stay_below_the_bound_that_is_told(name):
    env = replay.start_env(WORLDS[name], T, 0)
    told = WORLDS[name].facts(env)
    largest = max(np.linalg.norm(gradient) for *_, gradient, _ in rounds(name))
    assert 0.05 * told["gradient_bound"] < largest <= told["gradient_bound"]
    assert "optimum" not in told  # playing it has regret too
    assert "best-point" not in WORLDS[name].gives()


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("one, linear", 3 * (1 + 1) / 0.1),  # dim times the largest value over delta
        ("two, linear", 4 * (1 + 1)),  # dim times the largest gradient
        ("two, quadratic", 3 * 1.5),
        # curvature / 2 times the largest squared distance, and noise along the longest way, to a corner
        ("one, quadratic", None),
    ],
)
def test_the_bound_is_the_published_one(name, bound):
    env = replay.start_env(WORLDS[name], T, 0)
    if bound is None:
        far = np.abs(env.drawn[0] / 2) + 1
        bound = 3 * (0.5 * 2 * far @ far + np.sqrt(3)) / 0.3
    assert_allclose(WORLDS[name].facts(env)["gradient_bound"], bound)


@pytest.mark.parametrize("feedback", ["one-point", "two-point"])
def test_what_is_made_of_values_has_no_sigma(feedback):
    for world in (SEA(feedback=feedback), Regression(feedback=feedback)):
        assert "sigma" not in world.facts(replay.start_env(world, T, 0))


def test_smoothness_of_rows_is_that_of_the_losses_as_they_are_played():
    for name, smoothness in (("one, squared", 0.9), ("two, logistic", 0.9 / 4)):
        assert_allclose(WORLDS[name].facts(replay.start_env(WORLDS[name], T, 0))["smoothness"], smoothness)


def test_what_is_told_of_curvature_is_that_of_the_losses_as_they_are_played():
    """At x' = keep x, so that the gradient changes by keep * curvature per distance of x."""
    world = WORLDS["one, quadratic"]
    told = world.facts(replay.start_env(world, T, 0))
    assert told["curvature"] == told["smoothness"] == pytest.approx(0.7 * 2.0)


@each
@pytest.mark.compiled
def test_contracts(name):
    check_environment(WORLDS[name])


@pytest.mark.compiled
def test_two_points_are_enough_to_learn_and_better_than_one():
    one, two = (SEA(dim=3, sigma=0.3, feedback=feedback) for feedback in ("one-point", "two-point"))
    means = [finals(play(cell_of(world, OGD(), 3000), 5)).mean() for world in (two, one)]
    uniform = finals(play(cell_of(two, Uniform(), 3000), 5)).mean()
    assert means[0] < 0.6 * means[1] < 0.6 * uniform
