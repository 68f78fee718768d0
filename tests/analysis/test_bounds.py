"""Lower bounds: against closed forms, another solver and a paper's example; averaged over the instances played."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

import banditlab
from banditlab import bounds
from banditlab.analysis.lower_bounds import bounds_of
from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.gaussian import Gaussian
from banditlab.environments.bandit.linear import Linear
from banditlab.environments.dueling.matrix import Matrix
from banditlab.runs import reading
from banditlab.runs.pair import begin

ROUNDS = np.array([1, 10, 1000])
#: Where ln t is 1, so that the value is the constant.
E = np.array([math.e])
few = settings(max_examples=40, deadline=None)


def state_of(environment, seed=0):
    return environment.start(np.random.default_rng(seed), np.uint64(1), 100)


# Arms without features


def test_lai_robbins_of_bernoulli_arms_by_hand():
    """0.2 / d(0.3, 0.5) + 0.1 / d(0.4, 0.5)."""
    world = Bernoulli(means=[0.5, 0.3, 0.4, 0.5])
    [found] = world.bounds(state_of(world), ROUNDS)
    first = 0.3 * math.log(0.3 / 0.5) + 0.7 * math.log(0.7 / 0.5)
    second = 0.4 * math.log(0.4 / 0.5) + 0.6 * math.log(0.6 / 0.5)
    assert found.values == pytest.approx((0.2 / first + 0.1 / second) * np.log(ROUNDS))
    assert (found.metric, found.name, found.asymptotic) == ("regret", "Lai-Robbins", True)


def test_an_arm_that_never_fails_costs_nothing_to_find():
    assert bounds.bernoulli(np.array([1.0, 0.5, 0.0]), ROUNDS).values == pytest.approx(0)
    assert bounds.bernoulli(np.array([0.5, 0.5]), ROUNDS).values == pytest.approx(0)


def test_lai_robbins_of_gaussian_arms_by_hand():
    world = Gaussian(means=[1.0, 0.5, 0.8], std=2.0)
    found, _ = world.bounds(state_of(world), ROUNDS)
    assert found.values == pytest.approx((8 / 0.5 + 8 / 0.2) * np.log(ROUNDS))


@few
@given(st.floats(0.05, 0.6), st.floats(0.005, 0.3))
def test_bernoulli_arms_are_no_harder_than_gaussian_ones_of_their_scale(low, gap):
    """Pinsker: d(p, q) >= 2 (p - q)^2, the divergence of Gaussians with standard deviation 1/2."""
    means = np.array([low, low + gap])
    assert bounds.bernoulli(means, E).values[0] <= bounds.gaussian(means, 0.5, E).values[0] * (1 + 1e-9)


def test_minimax_by_hand():
    found = bounds.minimax(4, np.array([1, 4, 100]))
    assert found.values == pytest.approx([1 / 20, 4 / 20, 20 / 20])
    assert (found.metric, found.asymptotic) == ("static-regret", False)


# Duels


def test_the_bound_of_komiyama_et_al_by_hand():
    """Arm 1 loses only to the winner; arm 2 is told apart more cheaply by arm 1 than by the winner, or not."""
    matrix = np.array([[0.5, 0.6, 0.55], [0.4, 0.5, 0.9], [0.45, 0.1, 0.5]])

    def d(p):
        return p * math.log(2 * p) + (1 - p) * math.log(2 * (1 - p))

    winner, rival = (0.05 + 0.0) / (2 * d(0.45)), (0.05 + 0.1) / (2 * d(0.1))
    assert rival < winner
    world = Matrix(matrix=matrix.tolist())
    [found] = world.bounds(state_of(world), ROUNDS)
    assert found.values == pytest.approx((0.1 / (2 * d(0.4)) + rival) * np.log(ROUNDS))
    assert found.metric == "average-preference"


def test_the_order_of_arms_does_not_change_the_bound_of_duels():
    matrix = np.array([[0.5, 0.7, 0.8, 0.6], [0.3, 0.5, 0.6, 0.4], [0.2, 0.4, 0.5, 0.7], [0.4, 0.6, 0.3, 0.5]])
    order = [2, 0, 3, 1]
    shuffled = matrix[np.ix_(order, order)]
    assert bounds.condorcet(shuffled, ROUNDS).values == pytest.approx(bounds.condorcet(matrix, ROUNDS).values)


# Linear arms


def linear(rng, arms, dim):
    features = rng.standard_normal((arms, dim))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    theta = rng.standard_normal(dim)
    return features, features @ theta / np.linalg.norm(theta)


def constant(features, means, std=1.0):
    return bounds.graves_lai(features, means, std, E).values[0]


def by_another_solver(features, means):
    """The program as the paper has it, in the logarithms of alpha, with a large weight on the best arm."""
    gaps, best = means.max() - means, int(means.argmax())
    rest = [k for k in range(len(means)) if k != best]

    def design(logs):
        alpha = np.full(len(means), 1e7)
        alpha[rest] = np.exp(logs)
        return np.linalg.inv((features.T * alpha) @ features)

    def slack(logs):
        inverse = design(logs)
        return [math.log(gaps[k] ** 2 / 2) - math.log(features[k] @ inverse @ features[k]) for k in rest]

    found = optimize.minimize(
        lambda logs: math.log(np.exp(logs) @ gaps[rest]),
        np.log(4 * features.shape[1] / gaps[rest] ** 2),
        method="SLSQP",
        bounds=[(-9, 14)] * len(rest),
        constraints={"type": "ineq", "fun": slack},
        options={"maxiter": 500, "ftol": 1e-11},
    )
    assert min(slack(found.x)) > -1e-6
    return math.exp(found.fun)


@pytest.mark.parametrize(("arms", "dim", "seed"), [(3, 2, 1), (5, 3, 2), (6, 4, 3), (5, 2, 4)])
def test_graves_lai_agrees_with_another_solver(arms, dim, seed):
    features, means = linear(np.random.default_rng(seed), arms, dim)
    other = by_another_solver(features, means)
    assert constant(features, means) <= other * (1 + 1e-4)  # the other may stop short of the least
    assert constant(features, means) == pytest.approx(other, rel=0.01)


@pytest.mark.parametrize("dim", [4, 9])
def test_independent_arms_have_the_bound_of_arms_without_features(dim):
    features, means = linear(np.random.default_rng(5), 4, dim)
    assert constant(features, means, 0.3) == pytest.approx(bounds.gaussian(means, 0.3, E).values[0], rel=1e-5)


def test_the_example_of_lattimore_and_szepesvari():
    """e1, e2 and (1 - epsilon, 8 alpha epsilon), theta = e1: c is 128 alpha^2 for a small epsilon, by playing e2."""
    features = np.array([[1, 0], [0, 1], [1 - 1e-4, 8 * 1.5 * 1e-4]])
    assert constant(features, features[:, 0]) == pytest.approx(128 * 1.5**2, rel=1e-5)


@few
@given(st.integers(0, 1000), st.floats(0.2, 5))
def test_graves_lai_scales_with_the_noise_and_the_gaps(seed, scale):
    features, means = linear(np.random.default_rng(seed), 5, 3)
    plain = constant(features, means)
    assert constant(features, means, scale) == pytest.approx(scale**2 * plain, rel=1e-5)
    assert constant(features, scale * means) == pytest.approx(plain / scale, rel=1e-5)
    assert constant(features @ np.linalg.qr(features.T @ features)[0], means) == pytest.approx(plain, rel=1e-5)
    assert plain <= bounds.gaussian(means, 1.0, E).values[0] * (1 + 1e-5)  # features can only help


@pytest.mark.parametrize("near", [1e-3, 1e-6, 1e-8])
def test_near_ties_and_equal_arms_are_solved(near):
    """A gap of next to nothing rules the sum; two equal arms share their weight."""
    rng = np.random.default_rng(6)
    features, _ = linear(rng, 7, 3)
    features[1] = features[0] + near * rng.standard_normal(3)
    features[3] = features[2]
    means = features @ features[0]
    found = constant(features, means)
    assert 0 < found <= bounds.gaussian(means, 1.0, E).values[0] * (1 + 1e-5)
    once = np.delete(np.arange(7), 3)
    assert constant(features[once], means[once]) == pytest.approx(found, rel=1e-5)


def test_arms_of_one_direction_need_no_learning():
    features = np.array([[1.0, 0.0], [0.5, 0.0], [-1.0, 0.0]])
    assert constant(features, features[:, 0]) == 0


def test_changing_features_have_no_bound():
    world = Linear(arms=4, dim=3)
    assert world.bounds(state_of(world), ROUNDS) == []
    fixed = Linear(arms=4, dim=3, fresh=False)
    assert fixed.bounds(state_of(fixed), ROUNDS)[0].name == "Graves-Lai"


# In results

RUN = {"horizon": 60, "replications": 3, "seed": 5, "jobs": 1, "progress": False}
DRAWN = {"kind": "bernoulli", "arms": 3, "prior": "uniform(0, 1)"}


def test_bounds_are_the_mean_over_the_instances_that_were_played():
    result = banditlab.run(DRAWN, "ucb1", **RUN)
    [cell] = result.cells
    [found] = bounds_of(cell, "regret")
    grid = reading.from_python(DRAWN, "ucb1", horizon=60, replications=3, seed=5)
    states = [begin(grid.cells[0], grid.settings, r).env for r in range(3)]
    each = [bounds.bernoulli(state.means, cell.x).values for state in states]
    assert np.ptp([values[-1] for values in each]) > 0
    np.testing.assert_allclose(found.values, np.mean(each, axis=0))
    [row] = result.bounds().itertuples()
    assert (row.environment, row.bound, row.x) == ("bernoulli", "Lai-Robbins", 60)
    assert row.value == pytest.approx(np.mean(each, axis=0)[-1])
    [record] = result.records()
    assert record["over_bound"] == pytest.approx(cell.final("regret").mean() / row.value)


def test_a_fixed_instance_has_one_bound():
    [cell] = banditlab.run({**DRAWN, "instance": "fixed"}, "ucb1", **RUN).cells
    grid = reading.from_python({**DRAWN, "instance": "fixed"}, "ucb1", horizon=60, replications=3, seed=5)
    state = begin(grid.cells[0], grid.settings, 2).env
    np.testing.assert_allclose(bounds_of(cell, "regret")[0].values, bounds.bernoulli(state.means, cell.x).values)


def test_where_no_bound_is_known_there_is_none(tmp_path):
    result = banditlab.run({"kind": "bandit/linear", "arms": 3, "dim": 2}, "ucb1", **RUN)
    assert result.bounds().empty
    assert math.isnan(result.records()[0]["over_bound"])
    bernoulli = banditlab.run({"kind": "bernoulli", "means": [0.5, 0.5]}, "ucb1", **RUN)
    assert math.isnan(bernoulli.records()[0]["over_bound"])  # a bound of zero bounds nothing
    assert bounds_of(bernoulli.cells[0], "realised-regret") == ()


def test_a_parameter_called_bounds_is_no_bound(monkeypatch):
    result = banditlab.run(DRAWN | {"label": "other"}, "ucb1", **RUN | {"seed": 6})
    monkeypatch.setattr(Bernoulli, "bounds", (0, 1))
    assert bounds_of(result.cells[0], "regret") == ()


def test_an_environment_that_is_not_loaded_has_no_bound():
    [cell] = banditlab.run(DRAWN, "ucb1", **RUN).cells
    cell.kinds["environment"] = "gone"
    assert bounds_of(cell, "regret") == ()


def test_bounds_are_told_without_playing():
    found = banditlab.bound({"kind": "gaussian", "means": [0.0, 1.0]}, horizon=1000)
    assert found["bound"].tolist() == ["Lai-Robbins", "Garivier-Kaufmann"]
    assert found["value"].tolist() == pytest.approx([2.0 * math.log(1000), 8.0])
    assert banditlab.bound("dueling/cyclic").empty
    assert banditlab.bound({"kind": "bernoulli", "arms": 2, "sweep": {"gap": [0.1, 0.2]}})["environment"].nunique() == 2
    [one, other] = (banditlab.bound(DRAWN, replication=r)["value"][0] for r in (0, 1))
    assert one != other


def test_rounds_until_the_best_arm_is_known_by_hand():
    """Two Gaussian arms: T* = 8 std^2 / gap^2; the policy's delta gives the factor kl(delta, 1 - delta)."""
    world = {"kind": "gaussian", "means": [0.0, 1.0], "std": 0.5}
    result = banditlab.run(world, [{"kind": "lucb", "delta": 0.1}, "uniform"], **RUN)
    confident = 0.1 * math.log(0.1 / 0.9) + 0.9 * math.log(0.9 / 0.1)
    rows = result.bounds("sample-complexity")
    assert rows["bound"].tolist() == ["Garivier-Kaufmann (delta = 0.1)"]
    assert rows["value"].tolist() == pytest.approx([2.0 * confident])
    assert result.bounds("regret")["bound"].unique().tolist() == ["Lai-Robbins"]


@pytest.mark.parametrize("world", [Gaussian(means=[0.0, 1.0, 1.0]), Gaussian(means=[0.0, 1.0], std=0.0)])
def test_where_the_best_arm_cannot_be_told_or_needs_no_telling_there_is_no_time(world):
    assert {bound.metric for bound in world.bounds(state_of(world), ROUNDS)} == {"regret"}
