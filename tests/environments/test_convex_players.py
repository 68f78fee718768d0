"""Zero-sum games against players that learn, and regression under drift: by other means, by numbers, mistakes."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import banditlab
from banditlab import api, registry
from banditlab.checks import check_environment, replay
from banditlab.checks.pairs import cell_of, finals, play
from banditlab.environments.convex.drifting_regression import DriftingRegression
from banditlab.environments.convex.matrix_game import MatrixGame
from banditlab.environments.convex.sea import SEA
from banditlab.errors import UserError
from banditlab.games.convex import STATIC
from banditlab.policies.convex.hedge import Hedge
from banditlab.policies.convex.ogd import OGD
from banditlab.policies.convex.optimistic_hedge import OptimisticHedge
from banditlab.policies.convex.optimistic_omd import OptimisticOMD
from banditlab.policies.convex.uniform import Uniform

PAYOFFS = np.random.default_rng(0).uniform(0, 1, (5, 5))

# --- matrix games -------------------------------------------------------------------------------------------------


def gap(horizon, world, policy):
    [curve] = play(cell_of(world, policy, horizon), 1)
    return curve.values[-1, 1]


#: Rounds, the gap of Hedge against itself at the rate sqrt(8 ln 5 / T), and of optimistic Hedge at 1/4, computed apart.
GAPS = [(100, 0.0556, 0.0925), (1000, 0.0193, 0.0082), (10_000, 0.0057, 0.00073)]


@pytest.mark.compiled
@pytest.mark.parametrize(("horizon", "hedge", "optimistic"), GAPS)
def test_the_gap_of_both_playing_hedge(horizon, hedge, optimistic):
    rate, spread = math.sqrt(8 * math.log(5) / horizon), np.ptp(PAYOFFS)
    world = MatrixGame(payoffs=PAYOFFS.tolist(), rate=rate * spread)
    assert_allclose(gap(horizon, world, Hedge(rate=rate)), hedge, rtol=0.01)
    world = MatrixGame(payoffs=PAYOFFS.tolist(), opponent="optimistic-hedge", rate=0.25 * spread)
    assert_allclose(gap(horizon, world, OptimisticHedge(rate=0.25)), optimistic, rtol=0.01)


@pytest.mark.parametrize("opponent", ["hedge", "optimistic-hedge", "best-response"])
def test_replies_regret_and_gap_by_other_means(opponent):
    a = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
    rates = {} if opponent == "best-response" else {"rate": 0.8}
    world, horizon = MatrixGame(payoffs=a.tolist(), opponent=opponent, **rates), 60
    done = replay.run(world, Uniform(), horizon)
    x, gains, last, replies = done.actions, np.zeros(3), np.zeros(3), []
    for t in range(horizon):
        if opponent == "best-response":
            replies.append(np.eye(3)[np.argmax(x[t] @ a)])
        else:
            weights = np.exp(0.8 / 5 * (gains + (opponent == "optimistic-hedge") * last))
            replies.append(weights / weights.sum())
        last = x[t] @ a
        gains += last
    y = np.array(replies)
    assert_allclose(done.outcomes[:, :2], y @ a.T, rtol=1e-12)
    paid = np.cumsum((x * (y @ a.T)).sum(axis=1))
    assert_allclose(np.cumsum(done.totals[:, STATIC]), paid - np.cumsum(y @ a.T, axis=0).min(axis=1), atol=1e-10)
    [curve] = play(cell_of(world, Uniform(), horizon), 1)
    assert curve.values.shape[1] == 2
    found = MatrixGame.duality_gap(done.env)
    assert_allclose(found, (x.mean(axis=0) @ a).max() - (a @ y.mean(axis=0)).min(), atol=1e-12)


def test_a_second_gradient_is_of_the_same_loss():
    world = MatrixGame(payoffs=PAYOFFS.tolist(), opponent="best-response")
    done = replay.run(world, OptimisticOMD(hint="middle"), 30)
    assert_array_equal(done.outcomes[:, :5], done.outcomes[:, 5:])
    assert done.env.rounds[0] == 30


def test_games_that_are_drawn():
    one, other = (replay.start_env(MatrixGame(rows=3, columns=4), 10, seed) for seed in (0, 1))
    assert one.payoffs.shape == (3, 4)
    assert 0 <= one.payoffs.min() < one.payoffs.max() <= 1
    assert np.abs(one.payoffs - other.payoffs).max() > 0.1
    told = MatrixGame().facts(one)
    assert_allclose(told["gradient_bound"], np.linalg.norm(one.payoffs, axis=0).max())
    assert_allclose(one.rate, math.sqrt(8 * math.log(4) / 10) / np.ptp(one.payoffs))
    optimistic = replay.start_env(MatrixGame(opponent="optimistic-hedge"), 10, 0)
    assert_allclose(optimistic.rate, 0.25 / np.ptp(optimistic.payoffs))


def test_the_gap_is_of_games_alone():
    assert "duality-gap" not in cell_of(SEA(), Uniform(), 10).metrics
    assert cell_of(MatrixGame(), Uniform(), 10).metrics == ("static-regret", "duality-gap")


# --- regression under drift ---------------------------------------------------------------------------------------

#: Sum over 400 rounds of half the expected squared error, for the optimal schedule, the best constant and the best c /
#: t^a, computed apart; the last by a search on a grid.
BEST = {
    "still": (DriftingRegression(drift=0.0), 15.166, 35.205, 18.26),
    "slow": (DriftingRegression(drift=0.05), 27.496, 39.849, 29.389),
    "fast": (DriftingRegression(drift=0.2), 88.121, 90.743, 91.322),
    "burst": (DriftingRegression(drift=0.0, burst=0.8), 49.429, 82.05, 83.4),
}
T = np.arange(1, 401)


def risk(world, rates):
    """The recursion for m = E||x - theta||^2, transcribed."""
    d, b, s2, m, total = world.dim, world.batch, world.noise**2, world.start_norm**2, 0.0
    for rate, move in zip(rates, world.moves(len(rates)), strict=True):
        total += 0.5 * m
        m = m * (1 - 2 * rate + rate**2 * (b + d + 1) / b) + rate**2 * d * s2 / b + move**2
    return total


@pytest.mark.parametrize("name", BEST)
def test_the_schedule_is_the_published_one_and_no_other_is_better(name):
    world, optimal, constant, power = BEST[name]
    rates = world.rates(400)
    assert_allclose(risk(world, rates), optimal, atol=6e-4)
    assert_allclose(rates[0], 4 / (4 * 15 / 4 + 10 / 4))  # 0.2286
    constants = [risk(world, np.full(400, c)) for c in np.geomspace(0.01, 0.3, 300)]
    assert_allclose(min(constants), constant, rtol=2e-3)
    powers = [
        risk(world, np.minimum(c * T**-a, 0.4)) for c in np.linspace(0.05, 1, 40) for a in np.linspace(0.05, 1, 39)
    ]
    assert optimal < min(powers) <= power * 1.01
    rng = np.random.default_rng(0)
    assert all(risk(world, rates * np.exp(rng.normal(0, 0.2, 400))) > optimal for _ in range(50))


def test_rates_by_hand():
    fast = DriftingRegression(drift=0.2).rates(400)
    assert_allclose(fast[-1], 0.1)  # m = 0.4 stays at 0.4
    burst = DriftingRegression(drift=0.0, burst=0.8).rates(400)
    m = 1.2 + math.sqrt(1.2**2 + 1.6)  # m^2 = 0.8^2 (15 / 4 m + 10 / 4), where it would stay in the burst
    assert_allclose(burst[[200, 219]], [0.0053, m / (15 / 4 * m + 10 / 4)], rtol=0.01)
    assert np.all(np.diff(burst[:201]) < 0)
    slow, still = DriftingRegression(drift=0.05).rates(400), DriftingRegression(drift=0.0).rates(400)
    assert np.all(fast[1:] > slow[1:])
    assert np.all(slow[1:] > still[1:])
    assert_array_equal(DriftingRegression(start_norm=0.0, drift=0.0).rates(5), 0.0)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["still", "burst"])
def test_the_environment_pays_what_the_recursion_says(name):
    world, optimal, *_ = BEST[name]
    cell = cell_of(world, OGD(steps="optimal"), 400)
    found = finals(play(cell, 400), cell.metrics.index("dynamic-regret"))
    assert abs(found.mean() - optimal) < 4.5 * found.std() / math.sqrt(400)
    constant = finals(play(cell_of(world, OGD(steps=0.08), 400), 200), cell.metrics.index("dynamic-regret"))
    assert abs(constant.mean() - risk(world, np.full(400, 0.08))) < 4.5 * constant.std() / math.sqrt(200)


def test_truth_moves_by_so_much():
    env = replay.start_env(DriftingRegression(drift=0.3, burst=0.7, burst_from=3, burst_rounds=2), 9, 0)
    lengths = np.linalg.norm(np.diff(-env.table, axis=0), axis=1)
    assert_allclose(lengths, [0.3, 0.3, 0.3, 0.7, 0.7, 0.3, 0.3, 0.3])
    assert_allclose(np.linalg.norm(env.table[0]), 2)


def test_gradients_have_the_mean_and_the_variance_that_are_declared():
    """At a point of the surface, where the variance is the largest."""
    world = DriftingRegression(dim=3, batch=2, noise=0.7, radius=3.0, drift=0.0)
    env = replay.start_env(world, 6000, 0)
    told, theta = world.facts(env), -env.table[0]
    assert "exp_concavity" not in told  # gradients have no bound
    point = -3.0 * theta / np.linalg.norm(theta)
    found = np.zeros((6000, 3))
    for t, row in enumerate(found):
        world.reveal(env, t, point, row)
    errors = found - (point - theta)
    assert np.abs(errors.mean(axis=0)).max() < 4.5 * told["sigma"] / math.sqrt(6000)
    squares = np.square(errors).sum(axis=1)
    assert abs(squares.mean() - told["sigma"] ** 2) < 4.5 * squares.std() / math.sqrt(6000)
    assert (np.linalg.norm(found, axis=1) > told["gradient_bound"]).mean() < 0.02
    again = np.zeros(3)
    world.reveal(env, 5, point, again)
    assert_array_equal(again, found[5])


def test_a_burst_that_never_comes_and_a_truth_that_leaves_the_ball_are_told():
    burst = DriftingRegression(burst=0.8, drift=0.0)
    assert burst.notes(201) == ["burst_from 200 for 201 rounds: no burst comes"]
    assert burst.notes(202) == []
    assert (
        np.ptp(-replay.start_env(burst, 202, 0).table, axis=0).max()
        > 0
        == np.ptp(replay.start_env(burst, 201, 0).table, axis=0).max()
    )
    far = DriftingRegression(drift=3.0, start_norm=4.0, radius=5.0)  # 4^2 + 3^2 = 5^2
    [line] = far.notes(2)
    assert line.startswith("after 1 rounds theta is as far away as the surface of the ball")
    assert far.notes(1) == []


# --- both ---------------------------------------------------------------------------------------------------------


@pytest.mark.compiled
@pytest.mark.parametrize("opponent", ["hedge", "optimistic-hedge", "best-response"])
def test_contracts_of_games(opponent):
    check_environment(MatrixGame(opponent=opponent))


@pytest.mark.compiled
def test_contracts_of_regression_under_drift():
    check_environment(DriftingRegression(dim=3, burst=0.5, burst_from=20))


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: MatrixGame(payoffs=[[1.0, 2.0], [3.0]]), "payoffs: at least 2 rows .* got rows of length 2, 1"),
        (lambda: MatrixGame(payoffs=[[1.0, 2.0]]), "got rows of length 2$"),
        (lambda: MatrixGame(payoffs=[[1.0], [2.0]]), "got rows of length 1, 1"),
        (lambda: MatrixGame(payoffs=[[1.0, 2.0], [3.0, 4.0]], rows=2), "payoffs leaves nothing to rows"),
        (lambda: MatrixGame(opponent="best-response", rate=0.1), "rate: not of the opponent 'best-response'"),
        (lambda: DriftingRegression(burst_from=3), "burst_from: only with a burst"),
        (lambda: DriftingRegression(start_norm=4.0, radius=4.0), "start_norm: below the radius 4, got 4"),
        (lambda: OGD(power=0.5), "power: only of steps that are a number, here they are 'anytime'"),
    ],
)
def test_mistakes_are_one_line(make, line):
    with pytest.raises(ValueError, match=line) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("environment", "policy", "line"),
    [
        ("matrix-game", "oracle", "best-point"),
        ({"kind": "sea", "feedback": "one-point"}, "oracle", "best-point"),
        ("sea", {"kind": "ogd", "steps": "optimal"}, "rates"),
        ({"kind": "sea", "domain": ["ball:2", "simplex:2"]}, "hedge", "simplex"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(environment, policy, line):
    with pytest.raises(UserError, match=f"needs.*{line}") as error:
        api.run(environment, policy, game="convex", horizon=10)
    assert "\n" not in str(error.value)


def test_rates_of_a_users_own():
    kind = registry.find("policy", "ogd", "convex")
    for rates in ([], [[0.1]], [-0.1], [math.nan], "fast"):
        problem = replay.Problem("ogd", {"dim": 2}, {"form": "ball", "radius": 1.0, "rates": rates}, kind.told)
        with pytest.raises(ValueError, match="rates: one or more finite numbers of at least 0"):
            OGD(steps="optimal").start(problem, None)


@pytest.mark.parametrize(
    ("policy", "form", "line"),
    [
        ("ogd", ["ball:3", "simplex:3"], "dim: the blocks have 6 coordinates, got 5"),
        ("ogd", 3, "form: a block is one of .* got '3'"),
        ("hedge", ["ball:3", "simplex:2"], "form: should be 'simplex', got "),
    ],
)
def test_products_of_a_users_own(policy, form, line):
    facts = {"form": form, "radius": 1.0, "gradient_bound": 1.0}
    with pytest.raises(UserError, match=line) as error:
        banditlab.agent(policy, game="convex", dim=5, told=facts)
    assert "\n" not in str(error.value)
    agent = banditlab.agent("ogd", game="convex", dim=5, told=facts | {"form": ["ball:3", "simplex:2:2"]})
    assert_array_equal(agent.ask(), [0, 0, 0, 1, 1])
