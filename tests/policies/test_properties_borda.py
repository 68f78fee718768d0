"""What must hold of the policies that regress Borda values, whatever the duels."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab.checks import replay
from banditlab.environments.active_dueling.circular import Circular
from banditlab.environments.active_dueling.rkhs import Rkhs
from banditlab.environments.context_preferences import borda_values
from banditlab.numerics import borda
from banditlab.policies.active_dueling.ae_borda import AEBorda
from banditlab.policies.active_dueling.ucb_borda import UCBBorda
from banditlab.policies.active_dueling.uniform_borda import UniformBorda
from banditlab.problem import Problem

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
CONTEXTS, ARMS = 3, 4
POLICIES = [AEBorda, UCBBorda, UniformBorda]
few = settings(max_examples=10, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
contexts = st.integers(0, CONTEXTS - 1)
arms = st.integers(0, ARMS - 1)
duels = st.lists(st.tuples(contexts, arms, st.booleans()), max_size=25)


def points(seed, contexts=CONTEXTS):
    """Points (C, K, 2) in general position."""
    return np.random.default_rng(seed).random((contexts, ARMS, 2))


def problem(domain):
    shape = dict(zip(("contexts", "arms", "dim"), domain.shape, strict=True))
    return Problem("test", shape, {"domain": domain}, ("domain",))


def belief(policy, domain, seen=()):
    """What a policy knows after duels (context, arm, won)."""
    known = policy.belief(problem(domain))
    for context, arm, won in seen:
        borda.bound_values(known)
        borda.learn_bit(known, context, arm, won)
    borda.bound_values(known)
    return known


class Played(NamedTuple):
    actions: np.ndarray  #: (T, 3)
    beliefs: list  #: copies of (mean, covariance, floor) before each choice
    recommended: np.ndarray  #: (T, C)


def play(policy, domain, rounds, seed, seen=(), context_names=None):
    """Play against coins that depend on the round and the names of context and arm alone."""
    state = policy.start(problem(domain), None)
    for duel in seen:
        borda.learn_bit(state.belief, *duel)
    names = range(len(domain)) if context_names is None else context_names
    coins = np.random.default_rng(seed).random((rounds, len(domain), ARMS)) < 0.5
    rng, done = np.random.default_rng(seed), Played([], [], [])
    for t in range(rounds):
        process = state.belief.process
        done.beliefs.append((process.mean.copy(), process.covariance.copy(), state.belief.floor.copy()))
        context, first, second = policy.choose(state, t, domain, rng)
        policy.learn(state, t, domain, context, first, second, coins[t, names[context], first])
        done.actions.append((context, first, second))
        done.recommended.append(policy.recommend(state, t + 1).copy())
    return Played(np.array(done.actions), done.beliefs, np.array(done.recommended))


def bounds(mean, covariance, width, shape):
    sigma = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    return (mean + width * sigma).reshape(shape), (mean - width * sigma).reshape(shape)


# --- the regression -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", ["shared", "separate"])
@few
@given(seed=seeds, seen=duels)
def test_updates_give_the_ridge_regression_on_all_duels(shared, seed, seen):
    policy, domain = AEBorda(sharing=shared), points(seed)
    prior, known = belief(policy, domain).process.covariance, belief(policy, domain, seen).process
    at = [context * ARMS + arm for context, arm, _ in seen]
    bits = np.array([won for _, _, won in seen], float)
    noisy = prior[np.ix_(at, at)] + policy.ridge * np.eye(len(at))
    assert_allclose(known.mean, 0.5 + prior[:, at] @ np.linalg.solve(noisy, bits - 0.5), rtol=0, atol=1e-10)
    assert_allclose(known.covariance, prior - prior[:, at] @ np.linalg.solve(noisy, prior[at]), rtol=0, atol=1e-10)
    assert_allclose(known.gain[0], np.linalg.slogdet(noisy / policy.ridge)[1] / 2, rtol=0, atol=1e-10)


@few
@given(seed=seeds, seen=duels, order=st.randoms(use_true_random=False))
def test_order_of_the_duels_does_not_matter(seed, seen, order):
    policy, domain = AEBorda(), points(seed)
    one, other = belief(policy, domain, seen), belief(policy, domain, order.sample(seen, len(seen)))
    assert_allclose(one.process.mean, other.process.mean, rtol=0, atol=1e-10)
    assert_allclose(one.process.covariance, other.process.covariance, rtol=0, atol=1e-10)
    assert_allclose(one.process.gain, other.process.gain, rtol=0, atol=1e-10)


@few
@given(seed=seeds, seen=duels)
def test_prior_covariance_is_that_of_points_and_never_joins_separate_contexts(seed, seen):
    domain = points(seed)
    shared = belief(AEBorda(), domain).process.covariance
    apart = belief(AEBorda(sharing="separate"), domain, seen).process
    flat = domain.reshape(-1, 2)
    distances = ((flat[:, None] - flat[None]) ** 2).sum(2)
    assert_allclose(shared, 0.0625 * np.exp(-distances / (2 * 0.2**2)), rtol=0, atol=1e-15)
    seen_contexts = {context for context, _, _ in seen}
    for context in set(range(CONTEXTS)) - seen_contexts:
        own = slice(context * ARMS, (context + 1) * ARMS)
        assert_array_equal(apart.mean[own], 0.5)
        assert_array_equal(apart.covariance[own, own], shared[own, own])


@pytest.mark.parametrize("policy", [AEBorda(), UCBBorda(width="theory"), UniformBorda()])
def test_variances_never_grow_and_lower_bounds_are_kept(policy):
    done = play(policy, points(1), 40, seed=2)
    variances = np.array([np.diag(covariance) for _, covariance, _ in done.beliefs])
    floors = np.array([floor for _, _, floor in done.beliefs])
    assert (np.diff(variances, axis=0) <= 0).all()
    assert (floors[1:] >= floors[:-1]).all()
    if policy.width != "theory":
        lower = [bounds(*known[:2], policy.width, floors[0].shape)[1] for known in done.beliefs]
        assert_allclose(floors[1:], np.maximum.accumulate(lower)[1:], rtol=0, atol=1e-12)


# --- decisions ----------------------------------------------------------------------------------------------------


@few
@given(seed=seeds, width=st.sampled_from([0.5, 2.0]), shared=st.sampled_from(["shared", "separate"]))
def test_ae_borda_goes_where_the_best_value_is_most_uncertain(seed, width, shared):
    done = play(AEBorda(width=width, sharing=shared), points(seed), 25, seed)
    for (context, first, _), (mean, covariance, _) in zip(done.actions, done.beliefs, strict=True):
        upper, lower = bounds(mean, covariance, width, (CONTEXTS, ARMS))
        gaps = upper.max(1) - lower.max(1)
        assert (gaps >= 0).all()
        assert gaps[context] >= gaps.max() - 1e-8
        assert upper[context, first] >= upper[context].max() - 1e-8


def test_without_width_all_contexts_tie_and_are_drawn_uniformly():
    done = play(AEBorda(width=0.0), points(3), 300, seed=4)
    assert stats.chisquare(np.bincount(done.actions[:, 0], minlength=CONTEXTS)).pvalue > ALARM


@pytest.mark.parametrize("policy", POLICIES)
def test_opponents_are_drawn_from_all_arms(policy):
    done = play(policy(), points(5), 300, seed=6)
    table = np.zeros((ARMS, ARMS))
    np.add.at(table, (done.actions[:, 1], done.actions[:, 2]), 1)
    played = table.sum(1)
    expected = played[:, None] / ARMS * np.ones(ARMS)
    kept = played > 0
    statistic = ((table - expected)[kept] ** 2 / expected[kept]).sum()
    assert stats.chi2.sf(statistic, kept.sum() * (ARMS - 1)) > ALARM
    assert table.trace() > 0


@few
@given(seed=seeds, exploration=st.sampled_from([0, 7]), recommendation=st.sampled_from(["lcb_max", "mean"]))
def test_with_one_context_ae_borda_and_ucb_borda_play_alike(seed, exploration, recommendation):
    settings = {"exploration": exploration, "recommendation": recommendation}
    one, other = (play(policy(**settings), points(seed, 1), 40, seed) for policy in (AEBorda, UCBBorda))
    assert_array_equal(one.actions, other.actions)
    assert_array_equal(one.recommended, other.recommended)


@pytest.mark.parametrize("shared", ["shared", "separate"])
@few
@given(seed=seeds, order=st.permutations(range(CONTEXTS)), recommendation=st.sampled_from(["lcb_max", "mean"]))
def test_renamed_contexts_are_chosen_under_their_new_names(shared, seed, order, recommendation):
    policy, domain = AEBorda(sharing=shared, recommendation=recommendation), points(seed)
    # a duel of every arm first: points without data tie, and a tie is drawn by index
    seen = [(context, arm, (context + arm) % 2 == 0) for context in range(CONTEXTS) for arm in range(ARMS)]
    renamed = [(order.index(context), arm, won) for context, arm, won in seen]
    one = play(policy, domain, 30, seed, seen)
    other = play(policy, domain[list(order)], 30, seed, renamed, context_names=order)
    assert_array_equal(one.actions[:, 0], np.array(order)[other.actions[:, 0]])
    assert_array_equal(one.actions[:, 1:], other.actions[:, 1:])
    assert_array_equal(one.recommended[:, list(order)], other.recommended)


@pytest.mark.parametrize("policy", POLICIES)
@few
@given(seed=seeds, factor=st.sampled_from([0.25, 3.0, 16.0]))
def test_the_unit_of_the_variance_changes_no_decision(policy, seed, factor):
    one = play(policy(), points(seed), 30, seed)
    scaled = policy(variance=0.0625 * factor, ridge=0.25 * factor, width=2.0 / math.sqrt(factor))
    other = play(scaled, points(seed), 30, seed)
    assert_array_equal(one.actions, other.actions)
    assert_array_equal(one.recommended, other.recommended)


def test_exploration_is_uniform_play():
    one, other = play(AEBorda(exploration=40), points(7), 40, 8), play(UniformBorda(), points(7), 40, 8)
    assert_array_equal(one.actions, other.actions)
    assert_array_equal(one.recommended, other.recommended)


# --- recommendations ----------------------------------------------------------------------------------------------


@few
@given(seed=seeds, seen=duels)
def test_recommends_the_largest_mean_or_the_largest_lower_bound_ever(seed, seen):
    domain = points(seed)
    by_mean = belief(AEBorda(recommendation="mean"), domain, seen)
    by_bound = belief(AEBorda(), domain, seen)
    own = np.arange(CONTEXTS)
    mean = by_mean.process.mean.reshape(CONTEXTS, ARMS)
    assert_allclose(mean[own, borda.recommend(by_mean)], mean.max(1), rtol=0, atol=1e-8)
    assert_allclose(by_bound.floor[own, borda.recommend(by_bound)], by_bound.floor.max(1), rtol=0, atol=1e-8)


@pytest.mark.parametrize("recommendation", ["lcb_max", "mean"])
def test_recommends_the_first_of_equal_arms(recommendation):
    known = belief(AEBorda(recommendation=recommendation), points(9))
    assert_array_equal(borda.recommend(known), 0)


@pytest.mark.parametrize("policy", POLICIES)
def test_asking_for_a_recommendation_changes_nothing(policy):
    domain, state = points(10), []
    for asks in (1, 3):
        state.append(policy().start(problem(domain), None))
        for context, arm, won in [(0, 1, True), (2, 3, False), (0, 1, True)]:
            policy.learn(state[-1], 0, domain, context, arm, 0, won)
            for _ in range(asks):
                policy.recommend(state[-1], 1)
    assert_array_equal(state[0].belief.floor, state[1].belief.floor)
    assert_array_equal(state[0].belief.arms, state[1].belief.arms)


# --- with the environments ----------------------------------------------------------------------------------------


@pytest.mark.compiled
@pytest.mark.parametrize("world", [Circular(contexts=2, actions=5), Rkhs(contexts=2, actions=5)])
def test_an_arm_wins_as_often_as_its_borda_value_says(world):
    done = replay.run(world, UniformBorda(), 20_000, seed=11)
    played, won = np.zeros((2, 5)), np.zeros((2, 5))
    np.add.at(played, tuple(done.actions[:, :2].T), 1.0)
    np.add.at(won, tuple(done.actions[:, :2].T), done.outcomes)
    values = borda_values(done.env.matrices)
    statistic = ((won - played * values) ** 2 / (played * values * (1 - values))).sum()
    assert stats.chi2.sf(statistic, values.size) > ALARM


@pytest.mark.compiled
@pytest.mark.parametrize("policy", POLICIES)
def test_unrelated_contexts_are_separate_by_their_points(policy):
    world = Rkhs(contexts=4, actions=6, structure="independent")
    one, other = (replay.run(world, policy(sharing=word), 150, seed=12) for word in ("shared", "separate"))
    assert_array_equal(one.actions, other.actions)
    assert_array_equal(one.recommended, other.recommended)
