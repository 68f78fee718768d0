"""Losses of one number <a_t, x>: regression and portfolios. Best points, what is told, files, and every mistake."""

import math
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar

from banditlab.checks import check_environment, replay
from banditlab.environments import hindsight
from banditlab.environments.convex.portfolio import Portfolio
from banditlab.environments.convex.regression import Regression
from banditlab.games.convex import DYNAMIC, STATIC
from banditlab.numerics import domains
from banditlab.policies.convex.uniform import Uniform

T = 80
WORLDS = {
    "squared": Regression(dim=3),
    "squared, box": Regression(dim=4, domain="box", radius=0.2, noise=1.0),
    "squared, simplex": Regression(dim=4, domain="simplex"),
    "logistic": Regression(dim=3, loss="logistic", radius=4.0),
    "logistic, product": Regression(domain=["ball:2", "simplex:3:0.5"], loss="logistic", radius=4.0),
    "portfolio": Portfolio(),
    "portfolio, wild": Portfolio(assets=3, volatility=1.0, drift=0.5),
}
each = pytest.mark.parametrize("name", WORLDS)


def values(env, x):
    """The losses of all rounds at points (..., d), as (..., T), and their derivatives in <a, x>."""
    return of_numbers(env, x @ env.rows[env.order].T)


def of_numbers(env, z):
    y = env.targets[env.order]
    if env.loss == 0:
        return 0.5 * (z - y) ** 2, z - y
    if env.loss == 1:
        return np.log1p(np.exp(-y * z)), -y / (1 + np.exp(y * z))
    return -np.log(z), -1 / z


def points_of(env, count=400):
    """Points of the domain, corners and edges among them."""
    rng = np.random.default_rng(0)
    points = np.zeros((count, len(env.point)))
    for k, point in enumerate(points):
        domains.draw_point(env.domain, rng, point)
        if k % 2:
            domains.minimise(env.domain, 0.0, rng.normal(size=len(point)), point)
    return points


# --- best points --------------------------------------------------------------------------------------------------


@each
def test_no_point_is_better_than_the_optimum(name):
    """By f(x) - min f <= max over u of <gradient, x - u>, which is attained at a corner, or on the surface."""
    env = replay.start_env(WORLDS[name], T, 0)
    assert domains.contains(env.domain, env.optimum)
    slope = values(env, env.optimum)[1] @ env.rows[env.order] / T
    corner = np.zeros(len(slope))
    domains.minimise(env.domain, 0.0, slope, corner)
    assert slope @ (env.optimum - corner) < 1e-9
    means = values(env, points_of(env))[0].mean(axis=1)
    assert values(env, env.optimum)[0].mean() <= means.min()


def test_least_squares_where_the_ball_does_not_bind():
    env = replay.start_env(Regression(dim=4, radius=30.0, noise=3.0), T, 0)
    assert_allclose(env.optimum, np.linalg.lstsq(env.rows, env.targets, rcond=None)[0], atol=1e-6)


def test_least_squares_on_a_ball_that_binds():
    """The points (A'A + nu)^{-1} A'y of ridge regression, at the nu where the length is the radius."""
    env = replay.start_env(Regression(dim=4, radius=0.3, noise=2.0), T, 1)
    a, y = env.rows, env.targets
    lows, highs = 0.0, 1e6
    for _ in range(200):
        nu = 0.5 * (lows + highs)
        x = np.linalg.solve(a.T @ a + nu * np.eye(4), a.T @ y)
        lows, highs = (nu, highs) if np.linalg.norm(x) > 0.3 else (lows, nu)
    assert_allclose(env.optimum, x, atol=1e-7)


@pytest.mark.parametrize(("radius", "noise"), [(1e4, 0.1), (1e6, 0.1), (1.0, 1e3), (1e5, 1e6)])
def test_least_squares_of_any_size(radius, noise):
    """By the distance to the minimum without a ball, or by the angle of the gradient on the surface of the ball."""
    env = replay.start_env(Regression(radius=radius, noise=noise), 400, 0)
    free = np.linalg.lstsq(env.rows, env.targets, rcond=None)[0]
    if np.linalg.norm(free) < radius:
        errors = env.rows @ (env.optimum - free)
        assert 0.5 * np.mean(errors**2) < 1e-9
    else:
        slope = (env.rows @ env.optimum - env.targets) @ env.rows
        assert_allclose(-slope @ env.optimum, np.linalg.norm(slope) * radius, rtol=1e-8)


@pytest.mark.parametrize("volatility", [1e-6, 0.5, 2.0, 3.0, 20.0])
def test_portfolios_of_any_volatility(volatility):
    """log(max_i mean r_i / <r, x>) is a bound on the excess, and 0 at the best portfolio alone."""
    env = replay.start_env(Portfolio(assets=6, volatility=volatility), 200, 0)
    assert domains.contains(env.domain, env.optimum)
    assert (env.rows / (env.rows @ env.optimum)[:, None]).mean(axis=0).max() < 1 + 1.1e-9


def test_two_assets_by_a_search():
    env = replay.start_env(Portfolio(assets=2, drift=0.01), 300, 3)
    found = minimize_scalar(
        lambda s: values(env, np.array([s, 1 - s]))[0].mean(), bounds=(0, 1), method="bounded", options={"xatol": 1e-10}
    )
    assert_allclose(env.optimum[0], found.x, atol=1e-5)
    assert values(env, env.optimum)[0].mean() <= found.fun + 1e-12


def test_a_minimum_that_cannot_be_found_is_refused(monkeypatch):
    monkeypatch.setattr(hindsight, "STEPS", 1)
    monkeypatch.setattr(hindsight, "PRECISION", 1e-300)
    with pytest.raises(ValueError, match="radius: the best point in hindsight .* to 1e-300 where it is 0.7: take"):
        replay.start_env(Regression(radius=0.7, noise=2.0), T, 0)
    with pytest.raises(
        ValueError, match="volatility, data: the best portfolio in hindsight could not be found to 1e-300"
    ):
        replay.start_env(Portfolio(), T, 0)


@pytest.mark.parametrize("size", [1e-3, 1e3])
def test_minima_of_rows_of_any_size(size, tmp_path):
    rng = np.random.default_rng(5)
    path = save(tmp_path, rng.normal(size=(50, 3)) * size, rng.normal(size=50))
    env = replay.start_env(Regression(data=path, normalise="none", radius=1 / size), 50, 0)
    slope, corner = values(env, env.optimum)[1] @ env.rows[env.order] / 50, np.zeros(3)
    domains.minimise(env.domain, 0.0, slope, corner)
    assert slope @ (env.optimum - corner) < 1e-9


@each
def test_metrics_by_other_means(name):
    done = replay.run(WORLDS[name], Uniform(), T)
    env = done.env
    paid = np.array([values(env, x)[0][t] for t, x in enumerate(done.actions)])
    assert_allclose(done.totals[:, STATIC], paid - values(env, env.optimum)[0], atol=1e-12)
    found = paid - values(env, points_of(env, 4000))[0].min(axis=0)
    assert np.all(done.totals[:, DYNAMIC] >= found - 1e-12)
    assert_allclose(done.totals[:, DYNAMIC], found, atol=0.02 * np.abs(paid).max())
    for t in (0, T - 1):
        assert_allclose(
            done.outcomes[t, : env.rows.shape[1]], values(env, done.actions[t])[1][t] * env.rows[env.order[t]]
        )


# --- what is told -------------------------------------------------------------------------------------------------


@each
def test_bounds_hold_and_are_reached(name):
    env = replay.start_env(WORLDS[name], T, 0)
    told = WORLDS[name].facts(env)
    slopes, sizes = values(env, points_of(env, 3000))[1], np.linalg.norm(env.rows[env.order], axis=1)
    largest = (np.abs(slopes) * sizes).max()
    assert 0.9 * told["gradient_bound"] < largest <= told["gradient_bound"] * (1 + 1e-12)
    z, step = points_of(env, 3000) @ env.rows[env.order].T, 1e-6
    curved = ((of_numbers(env, z + step)[1] - of_numbers(env, z)[1]) / step * sizes**2).max()
    assert 0.9 * told["smoothness"] < curved <= told["smoothness"] * (1 + 1e-3)


@each
def test_losses_are_as_exp_concave_as_told_and_no_more(name):
    """exp(-alpha f) lies above its chords; with a larger alpha, by a fifth, there is a chord above."""
    env, world = replay.start_env(WORLDS[name], T, 0), WORLDS[name]
    alpha, points = world.facts(env)["exp_concavity"], points_of(env, 1500)

    def worst(alpha):
        near, far = points, 0.9 * points + 0.1 * points[::-1]
        middle = 0.5 * (near + far)
        one, other, half = (np.exp(-alpha * values(env, x)[0]) for x in (near, far, middle))
        return (0.5 * (one + other) - half).max()

    assert "exp-concave" in replay.registry.kind_of(world).gives | getattr(world, "gives", frozenset)()
    assert worst(alpha) < 1e-12
    assert worst(1.2 * alpha) > 0


# --- instances and files ------------------------------------------------------------------------------------------


def test_rows_that_are_drawn():
    env = replay.start_env(Regression(dim=4, noise=0.5), 4000, 0)
    assert_allclose(np.linalg.norm(env.rows, axis=1), 1)
    residuals = env.targets - env.rows @ np.linalg.lstsq(env.rows, env.targets, rcond=None)[0]
    assert abs(residuals.std() - 0.5) < 4.5 * 0.5 / math.sqrt(2 * 4000)
    env = replay.start_env(Regression(dim=2, loss="logistic", radius=20.0), 20_000, 0)
    assert set(np.unique(env.targets)) == {-1.0, 1.0}
    chances = 1 / (1 + np.exp(-env.rows @ env.optimum))
    assert abs((env.targets > 0).mean() - chances.mean()) < 4.5 * 0.5 / math.sqrt(20_000)


def test_factors_that_are_drawn():
    env = replay.start_env(Portfolio(assets=3, volatility=0.2, drift=0.0), 4000, 0)
    logs = np.log(env.rows)
    assert np.abs(logs.mean(axis=0)).max() < 4.5 * 0.2 / math.sqrt(4000)
    assert np.abs(logs.std(axis=0) - 0.2).max() < 4.5 * 0.2 / math.sqrt(8000)
    assert np.ptp(np.log(replay.start_env(Portfolio(drift=0.5), 4000, 0).rows).mean(axis=0)) > 0.2


def test_the_means_of_logarithms_of_factors_have_the_drift_as_deviation():
    rows = replay.start_env(Portfolio(assets=300, volatility=1e-9, drift=0.1), 1, 0).rows
    assert abs(np.log(rows).std() - 0.1) < 4.5 * 0.1 / math.sqrt(2 * 300)


def save(folder, features, y, name="data.npz"):
    path = str(folder / name)
    np.savez(path, features=features, y=y)
    return path


def test_a_file_is_played_in_its_order_or_in_a_new_one_each_pass(tmp_path):
    rng = np.random.default_rng(0)
    features, y = rng.normal(size=(7, 2)), rng.normal(size=7)
    path = save(tmp_path, features, y)
    plain = Regression(data=path, order="file", normalise="none")
    assert plain.dim == 2
    env = replay.start_env(plain, 16, 0)
    assert_array_equal(env.order, np.arange(16) % 7)
    assert_array_equal(env.rows, features)
    assert plain.notes(16) == ["7 rows for 16 rounds: they come again"]
    assert plain.notes(7) == []
    orders = [replay.start_env(Regression(data=path), 16, seed).order for seed in (0, 1)]
    for order in orders:
        assert_array_equal(np.sort(order[:14].reshape(2, 7), axis=1), np.tile(np.arange(7), (2, 1)))
        assert np.any(order[:7] != order[7:14])
    assert np.any(orders[0] != orders[1])
    scaled = replay.start_env(Regression(data=path, normalise="columns"), 7, 0)
    assert_allclose(scaled.rows.std(axis=0), 1)
    assert_allclose(np.linalg.norm(replay.start_env(Regression(data=path), 7, 0).rows, axis=1), 1)


def test_a_csv_has_a_column_of_labels(tmp_path):
    (tmp_path / "a.csv").write_text("u,won,v\n1,0,2\n3,1,4\n5,1,6\n")
    world = Regression(data=str(tmp_path / "a.csv"), target="won", loss="logistic", order="file", normalise="none")
    env = replay.start_env(world, 3, 0)
    assert_array_equal(env.rows, [[1, 2], [3, 4], [5, 6]])
    assert_array_equal(env.targets, [-1, 1, 1])


def test_factors_of_a_file(tmp_path):
    factors = np.exp(np.random.default_rng(0).normal(0, 0.1, (30, 3)))
    np.save(tmp_path / "f.npy", factors)
    env = replay.start_env(Portfolio(data=str(tmp_path / "f.npy")), 20, 0)
    assert_array_equal(env.rows[env.order], factors[:20])


# --- mistakes -----------------------------------------------------------------------------------------------------

ROWS, LABELS = np.arange(1.0, 7.0).reshape(3, 2), np.array([0.0, 1.0, 1.0])
WRONG_FILES = {
    "no labels": ({"features": ROWS}, {}, "no array 'y'; there are 'features'"),
    "no features": ({"y": LABELS}, {}, "no array 'features'; there are 'y'"),
    "shapes": ({"features": ROWS[:2], "y": LABELS}, {}, "features (2, 2) and labels (3,) do not match; allowed"),
    "flat": ({"features": LABELS, "y": LABELS}, {}, "features (3,) and labels (3,) do not match"),
    "no rows": ({"features": ROWS[:0], "y": LABELS[:0]}, {}, "features (0, 2) and labels (0,) do not match"),
    "infinite": ({"features": ROWS + [0, np.inf], "y": LABELS}, {}, "column 'features': should hold finite"),
    "nan label": ({"features": ROWS, "y": LABELS * np.nan}, {}, "column 'y': should hold finite numbers only, got nan"),
    "words": ({"features": ROWS, "y": LABELS.astype(str)}, {"loss": "squared"}, None),
    "labels": ({"features": ROWS, "y": LABELS + 1}, {"loss": "logistic"}, "are 0 and 1, or -1 and 1; got 1, 2"),
    "three labels": ({"features": ROWS, "y": [-1.0, 0.0, 1.0]}, {"loss": "logistic"}, "or -1 and 1; got -1, 0, 1"),
    "zeros": ({"features": 0 * ROWS, "y": 0 * LABELS}, {}, "all features are 0, with normalise 'rows': all points"),
    "constant columns": ({"features": 0 * ROWS + 2, "y": LABELS}, {"normalise": "columns"}, "with normalise 'columns'"),
    "blocks": (
        {"features": ROWS, "y": LABELS}, {"domain": ["ball:3"]}, "dim: the blocks have 3 coordinates, got 2"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_FILES)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_mistakes_in_a_file_are_one_line(name, tmp_path):
    arrays, parameters, line = WRONG_FILES[name]
    path = str(tmp_path / "data.npz")
    np.savez(path, **arrays)
    if line is None:  # words that are numbers are numbers
        assert Regression(data=path, **parameters).dim == 2
        return
    with pytest.raises(ValueError, match=re.escape(line)) as error:
        Regression(data=path, **parameters)
    assert "\n" not in str(error.value)
    assert path in str(error.value) or name == "blocks"


FACTORS = np.full((5, 2), 1.1)


@pytest.mark.parametrize(
    ("factors", "line"),
    [
        (FACTORS - [[0.0, 1.1]], "factors should be above 0, got 0 at row 0, column 1"),
        (FACTORS * 1e-200, "factors should be from 7e-66 to 1e+65, got 1.1e-200 at row 0, column 0"),
        (FACTORS * 1e90, "factors should be from 7e-66 to 1e+65, got 1.1e+90 at row 0, column 0"),
        (FACTORS[:3], "3 rounds are fewer than the horizon 4"),
        (FACTORS[:, :1], "factors should have shape (T, d) with d >= 2, got (5, 1)"),
        (FACTORS[0], "factors should have shape (T, d) with d >= 2, got (2,)"),
        (FACTORS * np.nan, "should hold finite numbers only, got nan at row 0, 0"),
    ],
)
def test_mistakes_in_factors_are_one_line(factors, line, tmp_path):
    path = str(tmp_path / "f.npz")
    np.savez(path, factors=factors)
    with pytest.raises(ValueError, match=re.escape(line)) as error:
        replay.start_env(Portfolio(data=path), 4, 0)
    assert "\n" not in str(error.value)
    assert path in str(error.value)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: Regression(data="no.csv"), "no.csv: no such file"),
        (lambda: Regression(data="a.csv", noise=0.2), "data leaves nothing to noise"),
        (lambda: Regression(data="a.csv", dim=2), "data leaves nothing to dim"),
        (lambda: Regression(loss="logistic", noise=0.2), "noise: only of squared losses"),
        (lambda: Regression(domain="simplex", feedback="one-point"), "feedback: only 'gradient' on a simplex"),
        (lambda: Regression(radius=1e200), "radius: from 1e-100 to 1e.100, got 1e.200"),
        (
            lambda: replay.start_env(Portfolio(volatility=300.0), 100, 0),
            "volatility, drift: logarithms of factors should",
        ),
        (lambda: Portfolio(data="f.npy", assets=3), "data leaves nothing to assets"),
    ],
)
def test_mistakes_in_parameters_are_one_line(make, line):
    with pytest.raises(ValueError, match=line) as error:
        make()
    assert "\n" not in str(error.value)


def test_logistic_losses_that_rounding_makes_flat_are_not_exp_concave(tmp_path):
    assert "exp-concave" in Regression(loss="logistic", radius=700.0).gives()
    assert "exp-concave" not in Regression(loss="logistic", radius=701.0).gives()
    assert "exp-concave" in Regression(radius=701.0).gives()
    path = save(tmp_path, 100 * ROWS, LABELS)
    assert "exp-concave" not in Regression(data=path, loss="logistic", normalise="none").gives()
    env = replay.start_env(Regression(loss="logistic", radius=1e6), T, 0)
    assert set(np.unique(env.targets)) == {-1.0, 1.0}


@each
@pytest.mark.compiled
def test_contracts(name):
    check_environment(WORLDS[name])
