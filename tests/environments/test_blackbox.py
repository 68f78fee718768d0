"""Environments of the black-box game: known optima, noise, metrics by hand, the first observation, draws."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import banditlab
from banditlab import registry
from banditlab.checks import replay
from banditlab.environments.blackbox import williams_otto
from banditlab.environments.blackbox.gardner1 import Gardner1
from banditlab.environments.blackbox.gardner2 import Gardner2
from banditlab.environments.blackbox.gp_sample import GPSample
from banditlab.environments.blackbox.gramacy import Gramacy
from banditlab.environments.blackbox.sinus import Sinus
from banditlab.environments.blackbox.table import Table
from banditlab.environments.blackbox.williams_otto import WilliamsOtto
from banditlab.environments.domains import grid
from banditlab.errors import UserError
from banditlab.games.blackbox import BEST, FIRST, GAME, POSITIVE, REGRET, SIMPLE, VIOLATION, metrics_of
from banditlab.numerics.kernels import cholesky, gram
from banditlab.policies.blackbox.config import CONFIG
from banditlab.policies.blackbox.uniform import Uniform
from banditlab.runs.reading import parse
from banditlab.validation import build

FILE = "tests/data/simulation.csv"


def start(instance, seed=0):
    return replay.start_env(instance, 1, seed)


def make(name, **given):
    """Return an environment as a grid makes it."""
    return build(registry.find("environment", name, "blackbox"), given, "grid")


# --- problems in closed form --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "instance, share, value, points",
    [
        (Sinus(), 0.4291, -1.957632, [(4.68, 6.00)]),
        (Gardner1(), 0.3322, -1.865836, [(4.56, 5.88)]),
        (Gardner1(limit=0.5), 0.6574, -1.997378, [(4.68, 0.00)]),
        (Gardner2(), 0.0169, 0.320524, [(4.68, 1.32)]),
        (Gramacy(), 0.4502, 0.62, [(0.20, 0.42), (0.22, 0.40)]),
        (WilliamsOtto(), 0.0131, -1.544616, [(4.0, 83.636)]),
        (WilliamsOtto(signs="classic"), 0.4629, -1.001039, [(4.4545, 80.909)]),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "start") else "",
)
def test_feasible_share_and_optimum(instance, share, value, points):
    state = start(instance)
    assert state.features.shape == (instance.points**2, 2)
    feasible = (state.truth[1:] <= 0).all(axis=0)
    assert_allclose(feasible.mean(), share, atol=5e-5)
    best = state.best[0]
    assert feasible[best] and state.truth[0, best] == state.truth[0, feasible].min()
    assert_allclose(state.truth[0, best], value, atol=5e-7)
    assert np.isclose(state.features[best], points, atol=5e-4).all(axis=1).any()
    near = feasible & (state.truth[0] < state.truth[0, best] + 1e-12)
    assert near.sum() == len(points)


def test_formulas():
    x, y = 1.3, 0.4
    wave, both = np.cos(2 * x) * np.cos(y) + np.sin(x), np.cos(x) * np.cos(y) - np.sin(x) * np.sin(y)
    assert_allclose(Sinus().formulas(x, y), (wave, both + 0.2))
    assert_allclose(Gardner1().formulas(x, y), (wave, both + 0.5))
    assert_allclose(Gardner1(limit=0.5).formulas(x, y), (wave, both - 0.5))
    assert_allclose(Gardner2().formulas(x, y), (np.sin(x) + y, np.sin(x) * np.sin(y) + 0.95))
    rim = 3 / 2 - x - 2 * y - np.sin(2 * np.pi * (x * x - 2 * y)) / 2
    assert_allclose(Gramacy().formulas(x, y), (x + y, rim, x * x + y * y - 3 / 2))


def test_the_optimum_of_gramacy_is_that_of_the_literature():
    state = start(Gramacy(points=301))
    best = state.best[0]
    assert_allclose(state.features[best], [0.1954, 0.4044], atol=0.01)
    assert 0.5998 <= state.truth[0, best] <= 0.5998 + 0.005


def test_the_point_where_published_code_begins():
    assert_allclose(start(Sinus()).features[676], np.pi / 2, atol=0.03)


def test_a_quarter_of_the_range_is_told():
    for instance, scale in ((Sinus(length_scale="quarter"), 1.5), (Gramacy(points=6, length_scale="quarter"), 0.25)):
        state = start(instance)
        assert_array_equal(state.length_scales, np.full((len(state.truth), 2), scale))
        assert_allclose(state.variances, np.mean(state.truth**2, axis=1) - state.truth.mean(axis=1) ** 2)


def test_length_scales_by_slopes():
    """Against integrals over the square: of a plane x + y, and of cos(x + y), whose slope is sin(x + y)."""
    assert_allclose(start(Gramacy(length_scale="slopes")).length_scales[0], np.sqrt((52 / 50) / 6), rtol=1e-9)
    state = start(Sinus(points=201, length_scale="slopes"))
    x, y = state.features.T
    slopes = {
        (0, 0): -2 * np.sin(2 * x) * np.cos(y) + np.cos(x),
        (0, 1): -np.cos(2 * x) * np.sin(y),
        (1, 0): -np.sin(x + y),
        (1, 1): -np.sin(x + y),
    }
    for (f, k), slope in slopes.items():
        assert_allclose(state.length_scales[f, k], state.truth[f].std() / np.sqrt((slope**2).mean()), rtol=0.01)


def test_what_is_told_changes_no_value():
    one, other = start(Sinus(points=9)), start(Sinus(points=9, length_scale="quarter"))
    assert not np.array_equal(one.length_scales, other.length_scales)
    assert_array_equal(one.truth, other.truth)
    assert_array_equal(one.initial, other.initial)


def test_a_limit_that_nothing_keeps():
    """Then the best point is that of the least violation."""
    state = start(Gardner1(limit=-2.0))
    assert state.truth[1].min() > 0
    assert state.truth[1, state.best[0]] == state.truth[1].min()


# --- the reactor --------------------------------------------------------------------------------------------------


def test_the_steady_state_balances():
    flow, temperature = np.array([4.0, 5.5, 7.0, 4.7836]), np.array([70.0, 100.0, 83.3, 89.647])
    fractions = williams_otto.steady_state(flow, temperature)
    a, b, c, e, p, g = fractions
    kelvin, total, mass = temperature + 273.15, 1.8275 + flow, 2105.2
    one = 1.6599e6 * np.exp(-6666.7 / kelvin) * a * b * mass
    two = 7.2117e8 * np.exp(-8333.3 / kelvin) * b * c * mass
    three = 2.6745e12 * np.exp(-11111 / kelvin) * c * p * mass
    balances = [
        1.8275 - one - total * a,
        flow - one - two - total * b,
        2 * one - 2 * two - three - total * c,
        2 * two - total * e,
        two - three / 2 - total * p,
        1.5 * three - total * g,
    ]
    assert_allclose(balances, 0, atol=1e-12)
    assert_allclose(fractions.sum(axis=0), 1)
    assert (fractions > 0).all()


def test_the_most_profit_is_where_the_literature_has_it():
    """With its prices, and without limits: 190.98 at (4.787, 89.70) (Marchetti et al. 2009)."""
    points = grid([(4.0, 7.0), (70.0, 100.0)], 101)
    flow, temperature = points.T
    _, _, _, e, p, _ = williams_otto.steady_state(flow, temperature)
    profit = (1143.38 * p + 25.92 * e) * (1.8275 + flow) - 76.23 * 1.8275 - 114.34 * flow
    assert_allclose(profit.max(), 190.98, atol=0.02)
    assert (np.abs(points[profit.argmax()] - [4.787, 89.70]) <= [0.03, 0.3]).all()


def test_the_derivatives_of_the_balances():
    rng = np.random.default_rng(1)
    flow, fractions, rates = rng.uniform(4, 7, 3), rng.uniform(0, 1, (6, 3)), rng.uniform(0, 99, (3, 3))
    found = williams_otto.slopes(fractions, flow, rates)
    for k in range(6):
        step = 1e-3 * np.eye(6)[:, [k]]
        ahead, behind = (williams_otto.balances(fractions + s, flow, rates) for s in (step, -step))
        assert_allclose(found[:, :, k].T, (ahead - behind) / 2e-3, atol=1e-8)


def test_signs_and_units_of_the_reactor():
    """The raw value of the classic optimum is -75.5514; the conventions differ in the sign of the constraints."""
    reference, classic = start(WilliamsOtto()), start(WilliamsOtto(signs="classic"))
    assert_array_equal(reference.truth[0], classic.truth[0])
    assert_array_equal(reference.truth[1:], -classic.truth[1:])
    loss, a, g = williams_otto.steady_values(100)
    assert_allclose(loss[classic.best[0]], -75.5514, atol=5e-5)
    assert_allclose(classic.truth[1:], [(a - 0.12) / 0.06, (g - 0.08) / 0.008])
    assert_allclose(classic.deviations, [0.5 / 22.763, 5e-4 / 0.06, 5e-4 / 0.008])
    assert_array_equal(classic.variances, np.ones(3))
    assert_array_equal(classic.length_scales, [[1, 10]] * 3)


def test_newtons_method_says_where_it_fails(monkeypatch):
    monkeypatch.setattr(williams_otto, "STEPS", 3)
    with pytest.raises(ArithmeticError, match="the reactor's steady state was not found: balances are off by 0.0"):
        williams_otto.steady_state(np.array([4.0, 7.0]), np.array([70.0, 100.0]))


def test_what_is_played_does_not_change_the_reactor():
    kept = start(WilliamsOtto(points=5)).truth.copy()
    start(WilliamsOtto(points=5)).truth[:] = 9
    assert_array_equal(start(WilliamsOtto(points=5)).truth, kept)


# --- noise --------------------------------------------------------------------------------------------------------


def test_noise_depends_on_round_point_and_function_alone():
    instance = Table(path=FILE, noise=[1.0, 2.0, 0.0])
    forward, backward = start(instance), start(instance)
    keys = [(t, point) for t in range(40) for point in range(6)]
    seen = {key: Table.query(forward, *key).copy() for key in keys}
    for key in reversed(keys):
        assert_array_equal(Table.query(backward, *key), seen[key])
    noise = np.array([seen[t, point] - forward.truth[:, point] for t, point in keys])
    assert len(np.unique(noise[:, :2])) == 2 * len(keys)
    assert (noise[:, 2] == 0).all()
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 5 / np.sqrt(len(keys))
    assert_allclose(noise[:, :2].std(axis=0), [1, 2], rtol=5 / np.sqrt(2 * len(keys)))
    assert not np.array_equal(Table.query(start(instance, 1), 0, 0), seen[0, 0])


# --- metrics by hand ----------------------------------------------------------------------------------------------


def totals_of(instance, points):
    """Return the running totals after each of some points."""
    state, totals, rows = start(instance), np.zeros(len(GAME.metrics)), []
    for t, point in enumerate(points):
        instance.score(state, t, point, totals)
        rows.append(totals.copy())
    return np.array(rows)


def test_metrics_of_a_table():
    """The best feasible point is 4, the worst 3; points 0, 2 and 5 are infeasible."""
    rows = totals_of(Table(path=FILE, noise=3.0), [2, 0, 3, 5, 1, 4])
    assert_allclose(rows[:, REGRET], [-8, 4, 12, 6, 8, 8])
    assert_allclose(rows[:, POSITIVE], [0, 12, 20, 20, 22, 22])
    assert_allclose(rows[:, VIOLATION], [0.4, 0.9, 0.9, 1.4, 1.4, 1.4])
    assert_allclose(rows[:, FIRST], [0.4, 0.4, 0.4, 0.6, 0.6, 0.6])
    assert_allclose(rows[:, FIRST + 1], [0, 0.5, 0.5, 0.8, 0.8, 0.8])
    assert_allclose(rows[:, SIMPLE], [0.4, 0.4, 0.4, 0.4, 0.4, 0])
    assert_allclose(rows[:, BEST], [8, 8, 8, 8, 2, 0], atol=1e-12)


def test_metrics_of_an_infeasible_table():
    """With these limits violations are 1.3, 1.1, 2.1, 1.1, 1.0, 2.3 in sum: point 4 is best, and stays the goal."""
    instance = Table(path=FILE, limits=[-1.0, -0.8])
    assert start(instance).best[0] == 4
    rows = totals_of(instance, [5, 3, 4])
    assert_allclose(rows[:, REGRET], [-6, 2, 2])
    assert_allclose(rows[:, POSITIVE], [0, 8, 8])
    assert_allclose(rows[:, VIOLATION], [2.3, 3.4, 4.4])
    assert_allclose(rows[:, SIMPLE], [2.3, 2.3, 1.0])
    assert_allclose(rows[:, BEST], [12, 12, 12])


def test_of_equal_violations_the_least_objective_is_best(csv):
    rows = "0,5,2\n1,3,1\n2,4,1\n3,1,3\n"
    assert start(Table(path=csv("x,objective,constraint\n" + rows))).best[0] == 1


# --- the observation before the first round -----------------------------------------------------------------------


def test_initial_observation():
    for seed in range(20):
        state = start(Table(path=FILE), seed)
        assert state.initial.shape == (1, 4)
        assert state.initial[0, 0] in (1, 3, 4)
        assert_array_equal(state.initial[0, 1:], state.truth[:, int(state.initial[0, 0])])
    assert len({start(Table(path=FILE), seed).initial[0, 0] for seed in range(20)}) == 3
    assert start(Table(path=FILE, initial="none")).initial.shape == (0, 4)
    assert start(Table(path=FILE, initial=5)).initial[0, 0] == 5
    infeasible = Table(path=FILE, limits=-9.0)
    assert {start(infeasible, seed).initial[0, 0] for seed in range(60)} == set(range(6))
    with pytest.raises(ValueError, match=r"initial: a point in 0 .. 5, got 6"):
        start(Table(path=FILE, initial=6))


def test_the_initial_observation_has_noise_of_its_own():
    state = start(Table(path=FILE, initial=2, noise=1.0))
    noise = state.initial[0, 1:] - state.truth[:, 2]
    assert len(np.unique(noise)) == 3 and (noise != 0).all()
    assert_array_equal(start(Table(path=FILE, initial=2, noise=1.0)).initial, state.initial)
    assert not np.isclose(Table.query(state, 0, 2) - state.truth[:, 2], noise).any()


def test_the_first_observation_counts_for_no_metric():
    for initial in ("none", 0):
        assert_allclose(totals_of(Table(path=FILE, initial=initial), [4])[0, [REGRET, VIOLATION, SIMPLE]], 0)


# --- draws of Gaussian processes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dim, points", [(1, 20), (2, 7), (2, 6), (3, 3)])
def test_feasible_draws(dim, points):
    """Constraints are below -margin at the centre, which is observed first."""
    instance = GPSample(dim=dim, points=points, constraints=2, margin=0.5)
    for seed in range(15):
        state = start(instance, seed)
        centre = int(state.initial[0, 0])
        distance = (state.features**2).sum(axis=1)
        assert distance[centre] == distance.min()
        assert (state.truth[1:, centre] < -0.5).all()


FEASIBLE = [
    GPSample(),
    GPSample(dim=2, constraints=3),
    Sinus(),
    Gardner1(points=21),
    Gramacy(),
    WilliamsOtto(points=50),
]


@pytest.mark.parametrize("instance", FEASIBLE, ids=repr)
def test_gives_a_feasible_point(instance):
    assert instance.gives() == {"domain", "feasible-point"}
    assert (start(instance, 1).truth[1:] <= 0).all(axis=0).any()


@pytest.mark.parametrize("instance", [GPSample(feasible=False), Gardner1(points=21, limit=-1.5)], ids=repr)
def test_gives_no_feasible_point_and_policies_that_need_one_are_refused(instance):
    assert instance.gives() == {"domain"}
    assert not (start(instance, 1).truth[1:] <= 0).all(axis=0).any()
    with pytest.raises(UserError, match="'constrained-ei' needs feasible-point, which environment '.*' does not"):
        banditlab.run(instance, ["constrained-ei", "config"], horizon=3, replications=1, progress=False)


def test_a_run_says_that_no_point_is_feasible(capsys):
    banditlab.run(GPSample(feasible=False, points=9), ["config"], horizon=2, replications=1, progress=False)
    assert (
        "note: gp-sample: no point is feasible; regret is to the point of the least violation"
        in capsys.readouterr().out
    )


def test_infeasible_draws():
    """The first constraint is the draw, shifted so that its least value is the margin."""
    one, other = (start(GPSample(points=25, constraints=2, feasible=False, margin=m)) for m in (0.3, 1.3))
    assert_allclose(one.truth[1].min(), 0.3, rtol=1e-12)
    assert_allclose(other.truth[1] - one.truth[1], 1.0)
    assert_array_equal(other.truth[0], one.truth[0])
    sums = np.maximum(one.truth[1:], 0).sum(axis=0)
    assert sums[one.best[0]] == sums.min() > 0


@pytest.mark.parametrize("dim, points", [(1, 9), (2, 5), (3, 3)])
def test_covariance_of_a_draw(dim, points):
    """A draw is a linear map of normal numbers; the map times its transpose is the kernel of the points."""
    instance = GPSample(dim=dim, points=points, bounds=[-2.0, 1.0], variance=3.0, length_scale=0.7)
    factor = cholesky(gram(np.linspace(-2.0, 1.0, points)[:, None], "rbf", 1.0, 0.7))
    maps = []
    for column in np.eye(points**dim):
        rng = SimpleNamespace(standard_normal=lambda shape, column=column: column.reshape(shape))
        maps.append(instance._sample(factor, rng))
    domain = start(instance).features
    squares = ((domain[:, None] - domain[None]) ** 2).sum(axis=2)
    assert_allclose(np.array(maps).T @ np.array(maps), 3.0 * np.exp(-squares / (2 * 0.7**2)), atol=1e-6)


def test_draws_have_the_covariance():
    """Of two neighbours in the plane and their mean, over 400 draws; a false alarm is rarer than one in a million."""
    instance = GPSample(dim=2, points=3, bounds=[-1.0, 1.0], variance=2.0, constraints=1)
    draws = np.array([start(instance, seed).truth[0] for seed in range(400)])
    found, expected = draws.T @ draws / 400, start(instance).features
    expected = 2.0 * np.exp(-((expected[:, None] - expected[None]) ** 2).sum(axis=2) / 2)
    error = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / 400)
    assert (np.abs(found - expected) < 5.5 * error).all()


def test_default_grids():
    for dim, points in ((1, 101), (2, 31), (3, 11)):
        assert GPSample(dim=dim).points == points


# --- parameters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, given, message",
    [
        ("gp-sample", {"bounds": [1.0, 1.0]}, "grid: bounds: two numbers, the lower one first; got [1.0, 1.0]"),
        ("gp-sample", {"bounds": [1.0]}, "grid: bounds: two numbers, the lower one first; got [1.0]"),
        ("gp-sample", {"dim": 2, "points": 400}, "grid: points: at most 100,000 in all, got 160,000"),
        ("gp-sample", {"dim": 4}, "grid.dim: should be less than or equal to 3, got 4"),
        ("sinus", {"points": 317}, "grid: points: at most 100,000 in all, got 100,489"),
        ("sinus", {"points": 1}, "grid.points: should be greater than or equal to 2, got 1"),
        ("gramacy", {"noise": -0.1}, "grid.noise: should be greater than or equal to 0, got -0.1"),
        ("gardner1", {"length_scale": "half"}, "grid.length_scale: should be 'slopes' or 'quarter', got 'half'"),
        ("williams-otto", {"signs": "mine"}, "grid.signs: should be 'reference' or 'classic', got 'mine'"),
        ("williams-otto", {"noise": [0.1, 0.2]}, "grid: noise: one number for all, or a list of 3; got [0.1, 0.2]"),
        ("williams-otto", {"points": 317}, "grid: points: at most 100,000 in all, got 100,489"),
        ("table", {}, "grid.path: missing"),
        ("table", {"path": "a.npy"}, "grid: path: should end in .csv or .npz, got 'a.npy'"),
    ],
)
def test_bad_parameters(name, given, message):
    with pytest.raises(UserError) as error:
        make(name, **given)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "given, message",
    [
        ({"limits": [1.0]}, "limits: one number for all, or a list of 2; got [1.0]"),
        ({"noise": [1.0, 1.0]}, "noise: one number for all, or a list of 3; got [1.0, 1.0]"),
        ({"variance": [1.0]}, "variance: one number for all, or a list of 3; got [1.0]"),
        (
            {"length_scale": [1.0, 2.0, 3.0]},
            "length_scale: one number, a list of 2 along the axes, or a list of 3 such lists, objective first; got "
            "[1.0, 2.0, 3.0]",
        ),
        (
            {"length_scale": [[1.0, 2.0], [1.0, 2.0], [1.0]]},
            "length_scale: one number, a list of 2 along the axes, or a list of 3 such lists, objective first; got "
            "[[1.0, 2.0], [1.0, 2.0], [1.0]]",
        ),
    ],
)
def test_lists_of_another_length(given, message):
    table = {"environment": [{"kind": "blackbox/table", "path": FILE, **given}], "policy": [{"kind": "config"}]}
    with pytest.raises(UserError) as error:
        parse(table, "grid.toml")
    assert str(error.value) == f"{FILE}: {message}"


def test_a_margin_that_no_draw_has():
    with pytest.raises(ValueError, match="margin: 10,000 draws were not below -50 at the centre; smaller, or a larger"):
        start(GPSample(points=5, margin=50.0))


@pytest.mark.parametrize("name", ["sinus", "gardner1", "gardner2", "gramacy", "williams-otto"])
def test_as_a_grid_makes_them(name):
    state = start(make(name, points=7, noise=0.1, initial=3))
    assert len(state.features) == 49 and state.initial[0, 0] == 3
    kind = registry.find("environment", name, "blackbox")
    assert kind.metrics == metrics_of(len(state.truth) - 1)


@pytest.mark.compiled
def test_a_policy_learns_here():
    """Told length scales that fit, CONFIG stops losing; uniform play does not."""
    instance = Gardner1(points=21, length_scale="slopes")
    late = [replay.run(instance, policy, 80).totals[40:] for policy in (CONFIG(), Uniform())]
    for metric in (POSITIVE, VIOLATION):
        lost, aimless = (rows[:, metric].sum() for rows in late)
        assert lost < 0.2 * aimless
