"""Utilities on finite domains: functions, draws for a kernel, files; in duels and by rewards; and every mistake."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar

from banditlab import registry
from banditlab.checks import check_environment, replay
from banditlab.environments.bandit.kernelized import Kernelized as Arms
from banditlab.environments.domains import MOST, grid, read_utilities, scale_to
from banditlab.environments.dueling.kernelized import Kernelized as Duels
from banditlab.environments.dueling.rkhs import RKHS, draw_combination, draw_process
from banditlab.environments.functions import FUNCTIONS
from banditlab.errors import UserError
from banditlab.numerics.kernels import gram
from banditlab.numerics.links import LINKS, probability
from banditlab.policies.bandit.uniform import Uniform
from banditlab.validation import build

FILE = "tests/data/utilities.csv"
POINTS = np.array([[0.0, 0.0], [1.0, 0.5], [0.5, 2.0]])
each_function = pytest.mark.parametrize("name", FUNCTIONS)
each_link = pytest.mark.parametrize("link", LINKS)


def start(instance, seed=0):
    return replay.start_env(instance, 1, seed)


def parameters(name, game, **given):
    """Return an environment as a grid makes it."""
    return build(registry.find("environment", name, game), given, "grid")


@pytest.fixture
def save(tmp_path, npz):
    """Write an NPZ file; an NPY file of `rows` alone."""

    def write(**fields):
        if list(fields) != ["rows"]:
            return npz(**fields)
        np.save(tmp_path / "data.npy", fields["rows"])
        return str(tmp_path / "data.npy")

    return write


# --- functions ----------------------------------------------------------------------------------------------------


def ackley(x, y):
    rings = -20 * math.exp(-0.2 * math.hypot(x, y) / math.sqrt(2))
    return -(rings - math.exp((math.cos(2 * math.pi * x) + math.cos(2 * math.pi * y)) / 2) + math.e + 20)


def branin(x, y):
    a, b, c, r, s, t = 1, 5.1 / (4 * math.pi**2), 5 / math.pi, 6, 10, 1 / (8 * math.pi)
    return -(a * (y - b * x**2 + c * x - r) ** 2 + s * (1 - t) * math.cos(x) + s)


def bukin(x, y):
    return -(100 * math.sqrt(abs(y - x * x / 100)) + abs(x + 10) / 100)


def eggholder(x, y):
    return -(-(y + 47) * math.sin(math.sqrt(abs(x / 2 + y + 47))) - x * math.sin(math.sqrt(abs(x - (y + 47)))))


def hoelder(x, y):
    return abs(math.sin(x) * math.cos(y)) * math.exp(abs(1 - math.hypot(x, y) / math.pi))


def matyas(x, y):
    return 0.48 * x * y - 0.26 * x * x - 0.26 * y * y


def michalewicz(x, y):
    return sum(math.sin(z) * math.sin((i + 1) * z * z / math.pi) ** 10 for i, z in enumerate((x, y)))


def rosenbrock(x, y):
    return -100 * (y - x * x) ** 2 - (x - 1) ** 2


PLAIN = {f.__name__: f for f in (ackley, branin, bukin, eggholder, hoelder, matyas, michalewicz, rosenbrock)}


@each_function
def test_formulas(name):
    function = FUNCTIONS[name]
    points = np.random.default_rng(3).uniform(*np.transpose([function.x, function.y]), (200, 2))
    assert_allclose(function.formula(*points.T), [PLAIN[name](*point) for point in points.tolist()], rtol=1e-9)


@pytest.mark.parametrize(
    "name, optimum, value",
    [
        ("ackley", (0, 0), 0),
        ("branin", (math.pi, 2.275), -0.397887),
        ("branin", (-math.pi, 12.275), -0.397887),
        ("branin", (9.42478, 2.475), -0.397887),
        ("bukin", (-10, 1), 0),
        ("hoelder", (8.05502, 9.66459), 19.2085),
        ("hoelder", (-8.05502, 9.66459), 19.2085),
        ("matyas", (0, 0), 0),
        ("rosenbrock", (1, 1), 0),
    ],
)
def test_known_optima(name, optimum, value):
    """The optima of the literature are attained, and no point of a fine grid exceeds them."""
    function = FUNCTIONS[name]
    assert_allclose(function.formula(*np.array(optimum, float)), value, atol=1e-4)
    x, y = grid((function.x, function.y), 101).T
    assert function.formula(x, y).max() <= value + 1e-4


def test_michalewicz_has_its_optimum_where_the_ridges_cross():
    """The second summand is 1, its largest value, at pi/2; the first one's best place depends on the exponent."""
    found = minimize_scalar(lambda x: -michalewicz(x, math.pi / 2), (2.0, 2.2, 2.4))
    assert -found.fun < 2
    x, y = grid([(0.0, 3.14)] * 2, 315).T
    assert_allclose(FUNCTIONS["michalewicz"].formula(found.x, math.pi / 2), -found.fun)
    assert_allclose(FUNCTIONS["michalewicz"].formula(x, y).max(), -found.fun, atol=1e-3)


#: Best cells of the grid of 10 x 10, arms within 0.3 of the best utility in [-3, 3], mean regret of a random arm.
PUBLISHED_GRIDS = {
    "ackley": ({(a, b) for a in (-0.56, 0.56) for b in (-0.56, 0.56)}, 4, 0.4527),
    "branin": ({(3.33, 1.67)}, 25, 0.2128),
    "eggholder": ({(100, 100)}, 2, 0.4346),
    "hoelder": ({(a, b) for a in (-7.78, 7.78) for b in (-10, 10)}, 4, 0.4599),
    "matyas": ({(1.11, 1.11), (-1.11, -1.11)}, 32, 0.2093),
    "michalewicz": ({(2.09, 1.40)}, 1, 0.4726),
    "rosenbrock": ({(0, 0)}, 62, 0.1313),
}


@pytest.mark.parametrize("name", PUBLISHED_GRIDS)
def test_grids_of_the_paper(name):
    cells, near, regret = PUBLISHED_GRIDS[name]
    state = start(Duels(function=name))
    assert {tuple(cell.tolist()) for cell in state.features[state.utility == 0].round(2)} == cells
    assert (state.utility < 0.3).sum() == near
    assert round(state.preference.mean(), 4) == regret
    assert_allclose([state.utility.min(), state.utility.max()], [0, 6])
    rewards = start(Arms(function=name))
    assert_allclose([rewards.means.min(), rewards.means.max()], [1 / (1 + math.exp(3)), 1 / (1 + math.exp(-3))])


def test_bukin_on_a_grid_that_has_its_optimum():
    state = start(Duels(function="bukin", points=7))
    assert_allclose(state.features[state.best[0]], [-10, 1])


def test_grid_order():
    assert_allclose(grid([(0, 1), (5, 9)], 3)[:4], [[0, 5], [0.5, 5], [1, 5], [0, 7]])
    assert_allclose(grid([(0, 1)] * 3, 2)[[1, 2, 4]], np.eye(3))


# --- scale and links ----------------------------------------------------------------------------------------------


@given(arrays(float, st.integers(2, 20), elements=st.floats(-1e6, 1e6)), st.floats(0.1, 50))
@settings(deadline=None)
def test_scale(values, bound):
    scaled = scale_to(values, bound)
    if values.min() == values.max():
        assert (scaled == 0).all()
    else:
        assert scaled.min() == -bound and scaled.max() == bound
        assert (np.diff(scaled[np.argsort(values)]) >= 0).all()
        below = (values.max() - values) / (values.max() - values.min())
        assert_allclose(scaled, bound * (1 - 2 * below), atol=1e-11 * bound)


def test_rounding_errors_make_no_order():
    scaled = scale_to(np.array([0.1 + 0.2, 0.3, 0.0, 1e-6]), 2.0)
    assert scaled[0] == scaled[1] == 2 and scaled[2] == -2 < scaled[3]


@each_link
def test_preferences_and_means(link):
    state, rewards = (start(kind(data=FILE, link=link, scale=2.0)) for kind in (Duels, Arms))
    raw = np.genfromtxt(FILE, delimiter=",", skip_header=1)
    utilities = -2 + 4 * (raw[:, 2] - 0.8) / (4.7 - 0.8)
    law = LINKS.index(link)
    assert_allclose(state.matrix, [[probability(law, u - v) for v in utilities] for u in utilities])
    assert_allclose(state.matrix + state.matrix.T, 1, rtol=0, atol=1e-15)
    assert_allclose(state.utility, utilities.max() - utilities, atol=1e-12)
    assert_allclose(rewards.means, [probability(law, u) for u in utilities])
    for env in (state, rewards):
        assert_array_equal(env.features, raw[:, :2])
        assert env.best[0] == 3


# --- what policies are told, and the contracts --------------------------------------------------------------------


@pytest.mark.parametrize(
    "instance, length_scale",
    [
        (Duels(function="branin"), 3.0),
        (Arms(function="eggholder", link="probit"), 40.0),
        (Duels(data=FILE), 0.6),
        (Arms(length_scale=0.7), 0.7),
        (RKHS(), 0.2),
        (RKHS(length_scale=0.5, link="exponential"), 0.5),
        (RKHS(data=FILE), 0.6),
    ],
)
def test_facts(instance, length_scale):
    state = start(instance)
    facts = instance.facts(state)
    assert facts["domain"] is state.features and facts["best"] is state.best and facts["link"] == instance.link
    assert_allclose(facts["length_scale"], length_scale)


def test_the_length_scale_changes_no_duel():
    for kind in (Duels, Arms):
        one, other = start(kind()), start(kind(length_scale=7.0))
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.compiled
@pytest.mark.parametrize(
    "instance",
    [
        Duels(function="hoelder"),
        Duels(data=FILE, link="probit"),
        Duels(function="bukin", points=4, scale=300.0),
        Arms(function="matyas", link="exponential"),
        Arms(data=FILE, scale=300.0),
        RKHS(kernel="matern-3/2", points=5),
        RKHS(data=FILE, draw="rkhs", centres=3, norm=2.0),
    ],
    ids=lambda instance: f"{type(instance).__name__}-{instance.data or instance.points}",
)
def test_contracts(instance):
    check_environment(instance)


def test_rewards_have_the_means():
    done = replay.run(Arms(data=FILE), Uniform(), 8000, compiled=False)
    arms, means = done.actions[:, 0], done.env.means
    plays = np.bincount(arms)
    share = np.bincount(arms, done.outcomes) / plays
    assert_allclose(share, means, atol=4.5 * np.sqrt(0.25 / plays.min()))
    assert_allclose(done.totals[:, 0], means.max() - means[arms])
    assert [Arms.shortfall(done.env, 0, k) for k in range(8)] == (means.max() - means).tolist()


def test_an_equal_utility_costs_nothing(save):
    flat = save(points=POINTS, utilities=np.ones(3))
    assert not start(Duels(data=flat)).utility.any() and not start(Duels(data=flat)).preference.any()
    assert_array_equal(start(Arms(data=flat)).means, np.full(3, 0.5))


def test_there_is_no_bound_where_arms_have_features():
    assert Duels("michalewicz").bounds(start(Duels("michalewicz")), np.array([10, 1000])) == []
    assert not hasattr(Arms, "bounds")


# --- files --------------------------------------------------------------------------------------------------------


def test_files_agree(save, tmp_path):
    raw = np.genfromtxt(FILE, delimiter=",", skip_header=1)
    expected = start(Duels(data=FILE))
    for file in (save(rows=raw), save(points=raw[:, :2], utilities=raw[:, 2])):
        found = start(Duels(data=file))
        assert_array_equal(found.features, expected.features)
        assert_array_equal(found.matrix, expected.matrix)
    swapped = tmp_path / "swapped.csv"
    swapped.write_text("utility,x\n" + "\n".join(f"{u},{x}" for x, _, u in raw[[0, 2, 4]]))
    points, utilities = read_utilities(str(swapped))
    assert_array_equal(points, raw[[0, 2, 4], :1])
    assert_array_equal(utilities, raw[None, [0, 2, 4], 2])


def test_every_user_is_drawn_and_scaled_by_themselves(save):
    users = np.array([[1.0, 2.0, 3.0], [5.0, 1.0, 4.0], [0.0, 900.0, 300.0]])
    instance = Duels(data=save(points=POINTS, utilities=users))
    gaps = {tuple(start(instance, seed).utility.round(9).tolist()) for seed in range(60)}
    assert gaps == {(6, 3, 0), (0, 6, 1.5), (6, 0, 4)}


def test_what_is_played_does_not_change_the_file(save):
    file = save(points=POINTS, utilities=np.arange(3.0))
    start(Duels(data=file)).features[:] = 9
    assert_array_equal(start(Duels(data=file)).features, POINTS)


BAD_CSV = {
    "x,y\n1,2\n3,4\n": "{}: no column 'utility'; there are 'x', 'y'",
    "utility\n1\n3\n": "{}: points should have shape (N, d) with N >= 2 and d >= 1, got (0,)",
    "x,utility\n1,2\n": "{}: points should have shape (N, d) with N >= 2 and d >= 1, got (1, 1)",
    "x,utility\n1,2\n3,\n": "{}: column 'utility': should hold finite numbers only, got nan at row 1",
    "x,utility\n1,2\ninf,3\n": "{}: column 'x': should hold finite numbers only, got inf at row 1",
    "name,x,utility\nSushi,1,2\nTaco,3,4\n": "{}: column 'name': should hold numbers only, got object",
    "x,y,utility\n1,2,0\n3,4,0\n1,2,1\n": "{}: points: should differ from each other, but 0 and 2 are both [1. 2.]",
}


@pytest.mark.parametrize("text", BAD_CSV)
def test_bad_csv(text, csv):
    file = csv(text)
    for kind in (Duels, Arms):
        with pytest.raises(UserError) as error:
            start(kind(data=file))
        assert str(error.value) == BAD_CSV[text].format(file)


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"points": POINTS}, "no array 'utilities'; there are 'points'"),
        ({"utilities": np.ones(3)}, "no array 'points'; there are 'utilities'"),
        (
            {"points": POINTS, "utilities": np.ones(2)},
            "points (3, 2) and utilities (1, 2) do not match; allowed: (N, d) and (N,) or (users, N)",
        ),
        (
            {"points": POINTS, "utilities": np.ones((3, 2))},
            "points (3, 2) and utilities (3, 2) do not match; allowed: (N, d) and (N,) or (users, N)",
        ),
        (
            {"points": POINTS, "utilities": np.ones((0, 3))},
            "points (3, 2) and utilities (0, 3) do not match; allowed: (N, d) and (N,) or (users, N)",
        ),
        (
            {"points": POINTS[0], "utilities": np.ones(2)},
            "points should have shape (N, d) with N >= 2 and d >= 1, got (2,)",
        ),
        (
            {"points": POINTS, "utilities": np.array([[1, 2, 3], [4, np.nan, 6]])},
            "column 'utilities': should hold finite numbers only, got nan at row 1, 1",
        ),
        ({"rows": np.ones(3)}, "should have shape (N, d + 1), utilities in the last column; got (3,)"),
        ({"rows": np.ones((3, 1))}, "points should have shape (N, d) with N >= 2 and d >= 1, got (3, 0)"),
        (
            {"points": np.arange(MOST + 1.0)[:, None], "utilities": np.ones(MOST + 1)},
            "10,001 points, of which a table of all pairs takes 0.7 GiB; allowed: 10,000",
        ),
    ],
)
def test_bad_arrays(fields, message, save):
    file = save(**fields)
    with pytest.raises(UserError) as error:
        start(Duels(data=file))
    assert str(error.value) == f"{file}: {message}"


def test_missing_file():
    with pytest.raises(UserError, match="nowhere.csv: no such file"):
        start(Duels(data="nowhere.csv"))
    with pytest.raises(UserError, match=r"a.txt: a data file ends in .csv, .parquet, .npz or .npy"):
        start(RKHS(data="a.txt"))


# --- parameters ---------------------------------------------------------------------------------------------------

BOTH = ("kernelized/dueling", "kernelized/bandit")
BAD_PARAMETERS = [
    (BOTH, {"function": "akley"}, "grid: function: no 'akley'; did you mean 'ackley'?"),
    (BOTH, {"points": 1}, "grid.points: should be greater than or equal to 2, got 1"),
    (BOTH, {"scale": 0.0}, "grid.scale: should be greater than 0, got 0.0"),
    (
        BOTH,
        {"points": 1000},
        "grid: points: 1,000,000 points, of which a table of all pairs takes 7450.6 GiB; allowed: 10,000",
    ),
    (
        BOTH,
        {"data": FILE, "function": "ackley", "points": 9},
        "grid: data leaves nothing to function, points: drop one of them",
    ),
    ((*BOTH, "rkhs/dueling"), {"length_scale": 0}, "grid.length_scale: should be greater than 0, got 0"),
    (
        ("rkhs/dueling",),
        {"dim": 7},
        "grid: points: more than 1,000,000 points, of which a table of all pairs takes more than 7450.6 GiB; "
        "allowed: 10,000",
    ),
    (("rkhs/dueling",), {"norm": 1.0}, 'grid: norm: goes with draw = "rkhs", got draw = "gp"'),
    (("rkhs/dueling",), {"centres": 3}, 'grid: centres: goes with draw = "rkhs", got draw = "gp"'),
    (
        ("rkhs/dueling",),
        {"draw": "rkhs", "norm": 1.0, "scale": 2.0},
        "grid: norm leaves nothing to scale: drop one of them",
    ),
    (("rkhs/dueling",), {"data": FILE, "dim": 2}, "grid: data leaves nothing to dim: drop one of them"),
]


@pytest.mark.parametrize(
    "kind, given, message", [(kind, given, message) for kinds, given, message in BAD_PARAMETERS for kind in kinds]
)
def test_bad_parameters(kind, given, message):
    with pytest.raises(UserError) as error:
        parameters(*kind.split("/"), **given)
    assert str(error.value) == message


@pytest.mark.parametrize("dim", [400, 10**9])
def test_no_dimension_is_too_large_for_its_message(dim):
    with pytest.raises(UserError, match="points: more than 1,000,000 points, .*; allowed: 10,000$"):
        parameters("rkhs", "dueling", dim=dim)


def test_more_centres_than_points():
    with pytest.raises(ValueError, match="centres: at most one a point, of which there are 4; got 5"):
        start(RKHS(points=2, draw="rkhs", centres=5))


# --- draws for a kernel -------------------------------------------------------------------------------------------

LINE = grid([(0.0, 1.0)], 6)
each_kernel = pytest.mark.parametrize("kernel", ["rbf", "matern-1/2", "matern-3/2", "matern-5/2"])


@each_kernel
def test_the_covariance_of_draws_is_the_kernel(kernel):
    """Each entry within 5 of its standard errors, of which the normal law has (k_ii k_jj + k_ij^2) / n."""
    count, rng = 4000, np.random.default_rng(1)
    covariance = gram(LINE, kernel, 1.0, 0.3)
    draws = np.array([draw_process(covariance, rng) for _ in range(count)])
    errors = np.sqrt((1 + covariance**2) / count)
    assert (np.abs(draws.T @ draws / count - covariance) < 5 * errors).all()


@pytest.mark.parametrize("kernel", ["rbf", "matern-3/2", "matern-5/2"])
def test_utilities_are_draws_for_the_kernel(kernel):
    """Those of a Gaussian process on their scale, those of the RKHS with their norm."""
    points = grid([(0.0, 1.0)] * 2, 5)
    covariance = gram(points, kernel, 1.0, 0.3)
    values = draw_process(covariance, np.random.default_rng(5))
    found = RKHS(kernel=kernel, points=5, length_scale=0.3).start(np.random.default_rng(5), np.uint64(1), 10)
    assert_allclose(found.utility, 6 * (values.max() - values) / np.ptp(values), atol=1e-10)
    values = draw_combination(covariance, 20, np.random.default_rng(5))
    instance = RKHS(kernel=kernel, points=5, length_scale=0.3, draw="rkhs", norm=4.0)
    found = instance.start(np.random.default_rng(5), np.uint64(1), 10)
    assert_allclose(found.utility, 4 * (values.max() - values))


@pytest.mark.parametrize("dim", [1, 2])
def test_a_draw_that_would_be_rounding_is_refused(dim):
    """Ends that are r length scales apart differ with variance 2 (1 - exp(-r^2 / 2)), about r^2: by 0.01 or more."""
    longest = 100.0 * math.sqrt(dim)
    start(RKHS(dim=dim, points=4, length_scale=0.99 * longest))
    with pytest.raises(ValueError, match=r"^length_scale: at 10000 .* 0.0001 .*; allowed: .* 0\.01$"):
        start(RKHS(dim=1, points=4, length_scale=1e4))
    with pytest.raises(ValueError, match="^length_scale: at "):
        start(RKHS(dim=dim, points=4, length_scale=1.01 * longest))
    start(RKHS(dim=dim, points=4, length_scale=1e4, draw="rkhs"))


def test_longer_length_scales_are_smoother():
    rough = [
        np.mean([np.abs(np.diff(start(RKHS(dim=1, length_scale=scale), seed).utility)).mean() for seed in range(30)])
        for scale in (0.02, 0.1, 0.5)
    ]
    assert rough[0] > rough[1] > rough[2]


@pytest.mark.parametrize("count", [1, 5, 25])
def test_norm(count):
    """The least norm of a function with these values is 1, since all centres are among the points."""
    covariance = gram(grid([(0.0, 1.0)] * 2, 5), "matern-3/2", 1.0, 0.2)
    values = draw_combination(covariance, count, np.random.default_rng(0))
    weights = np.linalg.solve(covariance, values)
    assert_allclose(values @ weights, 1)
    assert (np.abs(weights) > 1e-9).sum() == count


@pytest.mark.parametrize("draw", ["gp", "rkhs"])
def test_draws_differ_and_span_the_scale(draw):
    states = [start(RKHS(points=4, draw=draw, scale=2.5), seed) for seed in range(3)]
    for state in states:
        assert_allclose([state.utility.min(), state.utility.max()], [0, 5])
        assert_array_equal(state.features, grid([(0.0, 1.0)] * 2, 4))
    assert len({state.utility.tobytes() for state in states}) == 3


def test_points_from_a_file_leave_out_utilities(save):
    raw = np.genfromtxt(FILE, delimiter=",", skip_header=1)
    assert_array_equal(start(RKHS(data=FILE)).features, raw[:, :2])
    assert_array_equal(start(RKHS(data=save(rows=raw))).features, raw)
    assert_array_equal(start(RKHS(data=save(points=raw, other=raw[0]))).features, raw)


def test_many_points():
    state = start(Duels(points=45))
    assert state.matrix.shape == (2025, 2025)
    assert_allclose(state.matrix[7, 100], probability(0, state.utility[100] - state.utility[7]))
