"""Policies of the black-box game: special cases, what holds where bounds do, invariances, refusals."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import erfcx, log_ndtr

from banditlab import fuse, registry
from banditlab.errors import UserError
from banditlab.numerics.kernels import cholesky, gram
from banditlab.policies.blackbox.config import CONFIG
from banditlab.policies.blackbox.constrained_ei import ConstrainedEI, log_chance, log_improvement
from banditlab.policies.blackbox.epbo import EPBO
from banditlab.policies.blackbox.gp_lcb import GPLCB
from banditlab.policies.blackbox.primal_dual import PrimalDual
from banditlab.policies.blackbox.safe_lcb import SafeLCB
from banditlab.policies.blackbox.safeopt import SafeOpt
from banditlab.problem import Problem
from banditlab.validation import build

HORIZON, SIZE = 30, 21
few = settings(max_examples=6, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
SURROGATES = {
    "config": CONFIG, "gp-lcb": GPLCB, "constrained-ei": ConstrainedEI, "epbo": EPBO, "primal-dual": PrimalDual,
    "safe-lcb": SafeLCB, "safeopt": SafeOpt,
}  # fmt: skip
every = pytest.mark.parametrize("make", SURROGATES.values(), ids=SURROGATES)
cautious = pytest.mark.parametrize("make", [SafeLCB, SafeOpt])


class World(NamedTuple):
    """Functions (1 + N, G), their values with noise (T, 1 + N, G), and what policies are told of them."""

    truth: np.ndarray
    values: np.ndarray
    facts: dict


def world(seed, constraints=1, *, feasible=0.2, horizon=HORIZON, noise=0.05, stretch=1.0):
    """Draws of Gaussian processes on a line; each constraint below -feasible at its middle.

    Where `feasible` is negative, the least value of the first constraint is -feasible.
    """
    rng = np.random.default_rng(seed)
    points = np.linspace(-4.0, 4.0, SIZE)[:, None]
    points += 0.05 * points**2  # no two points are mirror images
    lengths = stretch * np.array([1.0, 1.0, 0.6, 1.5])[: 1 + constraints]
    truth = np.zeros((1 + constraints, SIZE))
    for i, length in enumerate(lengths):
        factor = math.sqrt(2.0) * cholesky(gram(points, "rbf", 1.0, length))
        truth[i] = factor @ rng.standard_normal(SIZE)
        while i > 0 and feasible > 0 and truth[i, SIZE // 2] > -feasible:
            truth[i] = factor @ rng.standard_normal(SIZE)
    if feasible < 0:
        truth[1] -= truth[1].min() + feasible
    values = truth + noise * rng.standard_normal((horizon, *truth.shape))
    first = truth[:, SIZE // 2] + noise * rng.standard_normal(len(truth))
    count = len(truth)
    facts = {
        "domain": points, "noise": np.full(count, noise), "variances": np.full(count, 2.0), "rounds": horizon,
        "length_scales": lengths[:, None], "initial": np.array([[SIZE // 2, *first]]),
    }  # fmt: skip
    return World(truth, values, facts)


def begin(policy, facts):
    shape = {"points": len(facts["domain"]), "dim": facts["domain"].shape[1], "constraints": len(facts["noise"]) - 1}
    return fuse.settle(policy.start(Problem("test", shape, facts, facts), None))


class Record(NamedTuple):
    """What was played until the policy stopped, and the bounds (T, 1 + N, G) that it had before."""

    points: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    state: NamedTuple


def play(policy, given):
    state, points, lower, upper = begin(policy, given.facts), [], [], []
    for t, values in enumerate(given.values):
        if hasattr(policy, "stop") and policy.stop(state, t):
            break
        point = policy.choose(state, t, None)
        if hasattr(state, "bands"):
            lower.append(state.bands.lower.copy())
            upper.append(2 * state.bands.processes.means - lower[-1])
        points.append(point)
        policy.learn(state, t, point, values[:, point].copy())
    return Record(np.array(points, int), np.array(lower), np.array(upper), state)


def points_of(policy, given):
    return play(policy, given).points


def bounds_hold(done, truth):
    """Tell whether all functions were between their bounds, at all points in all rounds."""
    return ((done.lower <= truth) & (truth <= done.upper)).all()


# --- special cases ------------------------------------------------------------------------------------------------


@few
@given(seed=seeds)
def test_an_inactive_constraint_makes_config_gp_lcb(seed):
    given = world(seed)
    given.values[:, 1] += -50.0 - given.truth[1]
    given.facts["initial"][0, 2] = -50.0
    assert_array_equal(points_of(CONFIG(), given), points_of(GPLCB(), given))


@pytest.mark.parametrize("policy", [CONFIG(), EPBO(), PrimalDual(), PrimalDual(form="optimistic"), SafeLCB()])
@few
@given(seed=seeds)
def test_without_constraints_all_that_are_optimistic_are_gp_lcb(policy, seed):
    given = world(seed, constraints=0)
    assert_array_equal(points_of(policy, given), points_of(GPLCB(), given))


@pytest.mark.parametrize("form", ["published", "optimistic"])
@few
@given(seed=seeds)
def test_without_penalty_or_prices_it_is_gp_lcb(form, seed):
    given = world(seed, constraints=2)
    expected = points_of(GPLCB(), given)
    assert_array_equal(points_of(EPBO(penalty=0.0), given), expected)
    assert_array_equal(points_of(PrimalDual(form=form, prices=0.0, step=0.0), given), expected)


@few
@given(seed=seeds)
def test_with_a_large_penalty_epbo_is_config(seed):
    given = world(seed, constraints=2)
    points = points_of(CONFIG(), given)
    assert len(points) == HORIZON
    assert_array_equal(points_of(EPBO(penalty=1e9), given), points)


@few
@given(seed=seeds)
def test_of_a_fixed_price_only_the_sum_of_the_bounds_counts(seed):
    given = world(seed)
    done = play(PrimalDual(prices=0.7, step=0.0), given)
    scores = done.lower[:, 0] + 0.7 * done.lower[:, 1]
    assert_array_equal(done.points, scores.argmin(axis=1))


# --- CONFIG -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [0.25, 1.0])
def test_config_declares_what_is_infeasible(margin):
    """Until then 2 b sd_1(x_t) >= L_1 + 2 b sd_1 >= g_1(x_t) >= margin, so that points run out: 8 for each unit."""
    held = 0
    for seed in range(20):
        given = world(seed, feasible=-margin, horizon=40)
        stopped, going = play(CONFIG(), given), play(CONFIG(on_infeasible="continue"), given)
        rounds = len(stopped.points)
        assert rounds <= 25
        assert stopped.state.declared[0]
        assert going.state.declared[0]
        assert CONFIG.declares(going.state, 40)
        assert not CONFIG.stop(going.state, 40)
        assert_array_equal(going.points[:rounds], stopped.points)
        assert len(going.points) == 40
        after = np.arange(rounds, 40)
        best = going.lower[after, 1].min(axis=1)
        nearest = going.lower[after, 1, going.points[after]]
        assert (nearest[best > 0] == best[best > 0]).all()
        if bounds_hold(stopped, given.truth):
            held += 1
            width = (stopped.upper - stopped.lower)[np.arange(rounds), 1, stopped.points]
            assert (width >= margin).all()
    assert held >= 3


def test_config_declares_nothing_that_is_feasible():
    for seed in range(20):
        done = play(CONFIG(), world(seed, constraints=1 + seed % 2))
        assert len(done.points) == HORIZON
        assert not done.state.declared[0]


def test_regret_and_violation_of_config_are_within_the_widths():
    """[f(x_t) - f*]^+ <= 2 b sd_0(x_t) and [g_i(x_t)]^+ <= 2 b sd_i(x_t), where all bounds hold."""
    held, rounds = 0, np.arange(HORIZON)
    for seed in range(20):
        given = world(seed, constraints=2)
        done = play(CONFIG(), given)
        if not bounds_hold(done, given.truth):
            continue
        held += 1
        truth = given.truth
        best = truth[0, (truth[1:] <= 0).all(axis=0)].min()
        widths = (done.upper - done.lower)[rounds, :, done.points]
        assert np.maximum(truth[0, done.points] - best, 0).sum() <= widths[:, 0].sum()
        assert (widths[:, 1:] >= np.maximum(truth[1:, done.points], 0).T).all()
    assert held >= 5


# --- prices -------------------------------------------------------------------------------------------------------


@few
@given(seed=seeds, form=st.sampled_from(["published", "optimistic"]), step=st.sampled_from([1.0, 50.0, "sqrt"]))
def test_prices_stay_in_their_range(seed, form, step):
    given = world(seed, constraints=2, horizon=12)
    policy = PrimalDual(form=form, step=step, prices=[0.0, 9.0], most=2.0)
    state = begin(policy, given.facts)
    assert_array_equal(state.prices, [0.0, 2.0])
    for t, values in enumerate(given.values):
        point = policy.choose(state, t, None)
        policy.learn(state, t, point, values[:, point].copy())
        assert (state.prices >= 0.0).all()
        assert (state.prices <= 2.0).all()


def test_prices_start_as_their_form_has_them_and_follow_it():
    given = world(0)
    for form, first in (("published", 1.0), ("optimistic", 0.0)):
        policy = PrimalDual(form=form, step="sqrt")
        state = begin(policy, given.facts)
        assert_array_equal(state.prices, [first])
        for t, slope in enumerate((3.0, 3.0 / math.sqrt(2.0))):
            point, before = policy.choose(state, t, None), state.prices[0]
            lower = state.bands.lower[1, point]
            policy.learn(state, t, point, np.array([0.0, 0.4]))
            assert_allclose(state.prices[0], max(0.0, before + slope * (0.4 if first else lower)))


# --- constrained expected improvement -----------------------------------------------------------------------------


def test_logarithms_of_improvements_and_probabilities():
    """Against E[X]^+ = sd (phi(z) + z Phi(z)), for z < 0 with Mills' ratio m: sd phi(z) (1 - |z| m(|z|))."""
    for z in np.concatenate([np.linspace(-24.0, 10.0, 200), [-29.99, -30.0, -30.01]]):
        mills = math.sqrt(0.5 * math.pi) * erfcx(-z / math.sqrt(2.0))
        rest = 1.0 + z * mills if z < 0 else 1.0 + z * math.exp(log_ndtr(z) + 0.5 * z * z + 0.5 * math.log(2 * math.pi))
        expected = math.log(3.0) - 0.5 * z * z - 0.5 * math.log(2 * math.pi) + math.log(rest)
        assert_allclose(log_improvement(3.0 * z, 3.0), expected, rtol=1e-9, atol=1e-6 if z > -25 else 1e-4)
        assert_allclose(log_chance(3.0 * z, 3.0), log_ndtr(z), rtol=1e-9, atol=1e-12)
    assert_allclose(log_chance(-200.0, 1.0), log_ndtr(-200.0), rtol=1e-6)
    assert log_improvement(0.7, 0.0) == math.log(0.7)
    assert log_improvement(-0.7, 0.0) == -math.inf
    assert (log_chance(0.0, 0.0), log_chance(-0.1, 0.0)) == (0.0, -math.inf)
    assert (np.diff([log_improvement(z, 1.0) for z in np.linspace(-500.0, 50.0, 4000)]) > 0).all()


def test_only_what_was_feasible_can_be_the_incumbent():
    given = world(1, constraints=2)
    for values, expected in (([5.0, -1.0, -1.0], 5.0), ([-5.0, -1.0, 1e-9], math.inf), ([-5.0, 0.0, -2.0], -5.0)):
        given.facts["initial"][0, 1:] = values
        state = begin(ConstrainedEI(), given.facts)
        assert state.incumbent[0] == expected
        ConstrainedEI.learn(state, 0, 3, np.array([1.0, 1.0, -1.0]))
        assert state.incumbent[0] == expected
        ConstrainedEI.learn(state, 1, 3, np.array([2.0, -1.0, -1.0]))
        assert state.incumbent[0] == min(expected, 2.0)


def test_before_a_feasible_value_the_most_probable_point_is_played():
    given = world(2, constraints=2)
    given.facts["initial"][0, 1:] = [-9.0, 1.0, -2.0]
    state = begin(ConstrainedEI(), given.facts)
    means, deviations = state.processes.means, np.sqrt(state.processes.variances[state.processes.group])
    scores = log_ndtr(-means[1:] / deviations[1:]).sum(axis=0)
    assert ConstrainedEI.choose(state, 0, None) == scores.argmax()


def test_no_point_is_lost_to_rounding():
    """Points far apart, each observed once: the least of them, though an improvement has probability 1e-1000."""
    given = world(3, constraints=0, noise=0.5)
    given.facts["length_scales"][:] = 1e-3
    given.facts["initial"] = np.column_stack([np.arange(SIZE), given.values[0, 0]])
    state = begin(ConstrainedEI(), given.facts)
    state.incumbent[0] = -40.0
    assert ConstrainedEI.choose(state, 0, None) == given.values[0, 0].argmin()


# --- policies that are safe ---------------------------------------------------------------------------------------


@cautious
def test_what_is_not_safe_is_never_played_where_the_bounds_hold(make):
    held, moved = 0, 0
    for seed in range(20):
        given = world(seed, constraints=2, feasible=1.0, stretch=3.0)
        done = play(make(multiplier=3.0), given)
        if bounds_hold(done, given.truth):
            held += 1
            moved += (done.points != SIZE // 2).any()
            assert (given.truth[1:, done.points] <= 0).all()
    assert held >= 5
    assert moved >= 5


@cautious
def test_without_a_point_to_start_from_it_is_refused(make):
    given = world(0)
    given.facts["initial"] = np.zeros((0, 3))
    with pytest.raises(ValueError, match="^initial: the policy starts from a point that is safe, observed before"):
        begin(make(), given.facts)


def test_the_safe_set_of_safeopt_never_shrinks():
    given, policy = world(4, feasible=1.0), SafeOpt(multiplier=0.7)
    state, before, shrunk = begin(policy, given.facts), np.zeros(SIZE, bool), False
    for t, values in enumerate(given.values):
        point = policy.choose(state, t, None)
        assert state.safe[point]
        assert (state.safe >= before).all()
        upper = 2 * state.bands.processes.means[1] - state.bands.lower[1]
        shrunk |= (upper[state.safe] > 0).any()
        before = state.safe.copy()
        policy.learn(state, t, point, values[:, point].copy())
    assert shrunk  # else the test would tell nothing
    assert 1 < before.sum() < SIZE


@few
@given(seed=seeds)
def test_without_constraints_safeopt_plays_the_widest_minimiser(seed):
    given = world(seed, constraints=0)
    done = play(SafeOpt(), given)
    for point, lower, upper in zip(done.points, done.lower[:, 0], done.upper[:, 0], strict=True):
        minimisers = lower <= upper.min()
        assert point == np.where(minimisers, upper - lower, -1.0).argmax()


# --- invariances --------------------------------------------------------------------------------------------------


@every
@few
@given(seed=seeds)
def test_order_of_constraints_does_not_matter(make, seed):
    given = world(seed, constraints=3)
    order = [0, 3, 1, 2]
    facts = {**given.facts, "initial": given.facts["initial"][:, [0, *(1 + i for i in order)]]}
    for name in ("noise", "variances", "length_scales"):
        facts[name] = facts[name][order]
    other = World(given.truth[order], given.values[:, order], facts)
    assert_array_equal(points_of(make(), given), points_of(make(), other))


@every
@few
@given(seed=seeds, scale=st.sampled_from([0.25, 64.0]))
def test_units_of_all_values_change_no_decision(make, seed, scale):
    """Nor of each function alone, where bounds on it are compared with 0 only."""
    given = world(seed, constraints=2)
    scales = np.array([scale, 1.0, 16.0]) if make in (CONFIG, GPLCB, ConstrainedEI, SafeLCB) else np.full(3, scale)
    factors = np.array([1.0, *scales])
    facts = {
        **given.facts, "initial": given.facts["initial"] * factors, "noise": given.facts["noise"] * scales,
        "variances": given.facts["variances"] * scales**2,
    }  # fmt: skip
    other = World(given.truth * scales[:, None], given.values * scales[:, None], facts)
    changed = {PrimalDual: {"step": 1.0 / scale}, SafeOpt: {"threshold": 0.1 * scale}}.get(make, {})
    assert_array_equal(points_of(make(), given), points_of(make(**changed), other))


@every
@few
@given(seed=seeds)
def test_a_parameter_is_one_for_all_functions_or_one_each(make, seed):
    given = world(seed, constraints=2)
    one = points_of(make(kernel="matern-5/2", variance=1.5, length_scale=0.8, noise=0.1), given)
    lists = {"kernel": ["matern-5/2"] * 3, "variance": [1.5] * 3, "length_scale": [0.8] * 3, "noise": [0.1] * 3}
    assert_array_equal(points_of(make(**lists), given), one)


# --- bad input ----------------------------------------------------------------------------------------------------


@every
@pytest.mark.parametrize(
    ("parameter", "value"),
    [("kernel", ["rbf"]), ("variance", [1.0, 2.0, 3.0]), ("length_scale", [1.0]), ("noise", [0.1] * 5)],
)
def test_lists_of_another_length_are_refused(make, parameter, value):
    with pytest.raises(ValueError, match=f"^{parameter}: one for all functions, or a list of 2, objective first; got"):
        begin(make(**{parameter: value}), world(0).facts)


def test_other_lists_of_another_length_are_refused():
    facts = world(0).facts
    with pytest.raises(ValueError, match="^norm: one for all functions, or a list of 2, objective first; got"):
        begin(CONFIG(width="rkhs", norm=[1.0]), facts)
    with pytest.raises(ValueError, match=r"^prices: one for all constraints, or a list of 1; got \[1\.0, 2\.0\]"):
        begin(PrimalDual(prices=[1.0, 2.0]), facts)
    with pytest.raises(ValueError, match="^variances: one for all functions, or a list of 2, objective first; got"):
        begin(CONFIG(), facts | {"variances": np.ones(3)})


@every
def test_points_and_rounds_that_do_not_fit_into_memory_are_refused(make):
    facts = world(0, horizon=1).facts | {"domain": np.arange(40_000.0)[:, None], "rounds": 50_000}
    said = (
        r"^points: 40,000 of them over 50,001 rounds need 11\.9 GiB, more than 8 GiB; "
        "use fewer points, or a shorter horizon$"
    )
    with pytest.raises(ValueError, match=said):
        begin(make(), facts)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("epbo", {"penalty": -1.0}), ("primal-dual", {"step": -0.1}), ("primal-dual", {"prices": [-1.0]}),
        ("primal-dual", {"most": 0.0}), ("primal-dual", {"form": "dual"}), ("safeopt", {"threshold": -1.0}),
        ("safe-lcb", {"multiplier": -1.0}), ("constrained-ei", {"noise": -0.1}),
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(kind, parameters):
    with pytest.raises(UserError, match=next(iter(parameters))):
        build(registry.find("policy", kind, "blackbox"), parameters, "here")
