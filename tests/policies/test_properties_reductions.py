"""NeuSquareCB and NeuFastCB: what the perturbation may change, laws of draws, limits of training, divergence."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special, stats

from banditlab.errors import Diverged
from banditlab.numerics.inverse_gap import inverse_gaps, reweighted_inverse_gaps
from banditlab.numerics.network import forward_arms
from banditlab.numerics.perturbation import redraw
from banditlab.policies.bandit.neufastcb import NeuFastCB
from banditlab.policies.bandit.neusquarecb import NeuSquareCB
from banditlab.problem import Problem

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
HORIZON, ARMS, DIM = 1000, 4, 3
few = settings(max_examples=15, deadline=None, derandomize=True)
KINDS = [NeuSquareCB, NeuFastCB]


def begin(policy, seed=0):
    facts = {"horizon": HORIZON, "rounds": HORIZON, "arm_features": True}
    problem = Problem("test", {"arms": ARMS, "dim": DIM}, facts, facts)
    return policy.start(problem, np.random.default_rng(seed))


def play(policy, state, rounds, seed=0):
    """Play rounds on random features and rewards in [0, 1]; return the last features."""
    rng = np.random.default_rng([seed, 1])
    for t in range(rounds):
        features = rng.standard_normal((ARMS, DIM))
        arm = policy.choose(state, t, features, rng)
        policy.learn(state, t, features, arm, rng.random())
    return features


def outputs(state, features):
    """What the network says, without perturbation."""
    found = np.zeros(ARMS)
    forward_arms(state.oracle.network, state.oracle.weights, features, state.disjoint, found)
    return found


@few
@given(st.integers(0, 10**6), st.floats(0.05, 1), st.sampled_from(["never", "round"]))
def test_the_perturbation_cancels_in_gaps(seed, scale, redrawn):
    """All arms share the signs: p of NeuSquareCB is that of the network alone, whatever the signs are."""
    policy = NeuSquareCB(hidden=(5,), perturbation_scale=scale, redraw=redrawn, ensemble=3, gamma=5.0, rate=0.05)
    state, expected = begin(policy, seed), np.zeros(ARMS)
    features = play(policy, state, 20, seed)
    rng, gamma = np.random.default_rng(seed), 5.0 * math.sqrt(20)
    for _ in range(2):
        policy.choose(state, 20, features, rng)
        alone = outputs(state, features)
        assert_allclose(np.ptp(state.losses - alone), 0.0, atol=1e-10)
        inverse_gaps(alone, gamma, expected)
        assert_allclose(state.weights, expected, rtol=1e-7)
        redraw(state.oracle, rng)


def test_the_perturbation_moves_probabilities_of_losses():
    """NeuFastCB sees how far losses are from 0, and with it the shift."""
    policy = NeuFastCB(hidden=(5,), perturbation_scale=2.0, ensemble=3, gamma=5.0)
    state, expected = begin(policy), np.zeros(ARMS)
    features = play(policy, state, 20)
    policy.choose(state, 20, features, np.random.default_rng(0))
    members = [outputs(state, features) + shift.sum() for shift in state.oracle.shifts]
    assert_allclose(state.losses, special.expit(members).mean(0), rtol=1e-12)
    reweighted_inverse_gaps(special.expit(outputs(state, features)), 5.0 * math.sqrt(20), expected)
    assert abs(expected - state.weights).max() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_without_scale_a_perturbation_is_none(kind):
    losses = []
    for mode in ("off", "sample", "expected"):
        policy = kind(hidden=(5,), perturbation=mode, perturbation_scale=0.0)
        state, rng = begin(policy), np.random.default_rng(2)
        for t in range(30):
            policy.learn(state, t, rng.standard_normal((ARMS, DIM)), t % ARMS, rng.random())
        policy.choose(state, 30, rng.standard_normal((ARMS, DIM)), rng)
        losses.append(state.losses)
    assert_allclose(losses[1], losses[0], rtol=1e-12)
    assert_allclose(losses[2], losses[0], rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_round_is_uniform(kind):
    policy = kind(hidden=(5,))
    state, rng = begin(policy), np.random.default_rng(3)
    policy.choose(state, 0, rng.standard_normal((ARMS, DIM)), rng)
    assert_allclose(state.weights, 1 / ARMS, rtol=1e-14)
    policy = kind(hidden=(5,), exponent=0.0)  # gamma 0^0 = gamma
    state = begin(policy)
    policy.choose(state, 0, rng.standard_normal((ARMS, DIM)), rng)
    assert np.ptp(state.weights) > 1e-3


@pytest.mark.claims
@pytest.mark.parametrize("kind", KINDS)
def test_arms_are_drawn_by_their_weights(kind):
    policy, rng = kind(hidden=(5,), gamma=2.0), np.random.default_rng(4)
    state = begin(policy)
    features = play(policy, state, 30)
    counts = np.zeros(ARMS)
    for _ in range(5000):
        counts[policy.choose(state, 30, features, rng)] += 1
    assert state.weights.min() > 5 / 5000
    assert stats.chisquare(counts, 5000 * state.weights / state.weights.sum()).pvalue > ALARM


def test_losses_keep_off_their_ends():
    """However sure NeuFastCB is, no arm is given up, and losses of 1 are no surprise."""
    policy = NeuFastCB(hidden=(), bias=False)
    for size in (1e3, -1e3):
        state = begin(policy)
        state.oracle.weights[:] = size
        policy.choose(state, 30, np.arange(float(ARMS * DIM)).reshape(ARMS, DIM), np.random.default_rng(5))
        assert (state.losses >= 1e-6).all() and (state.losses <= 1 - 1e-6).all()
        assert (state.weights > 0).all()
        assert_allclose(state.weights.sum(), 1.0, rtol=1e-12)


# --- where training goes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "scale"), [("off", 0.0), ("expected", 0.0), ("expected", 0.8)])
@pytest.mark.parametrize("kind", KINDS)
def test_where_one_observation_leads(kind, mode, scale):
    """Without hidden layers: square loss ends at f_0 + |x|^2 (l - f_0) / (|x|^2 + c^2), logarithmic at sigmoid(f) = l.

    With a pull, the logarithmic loss ends nearer the initial prediction.
    """
    policy = kind(hidden=(), perturbation=mode, perturbation_scale=scale, rate=0.3)
    features, loss = np.array([[0.5, -1.0, 0.3]] * ARMS), 0.8
    state = begin(policy)
    start = outputs(state, features)[0]
    for t in range(400):
        policy.learn(state, t, features, 1, 1.0 - loss)
    end, square = outputs(state, features)[0], np.sum(features[0] ** 2)
    if kind is NeuSquareCB:
        assert_allclose(end, start + square * (loss - start) / (square + scale**2), rtol=1e-10)
    elif scale == 0.0:
        assert_allclose(end, special.logit(loss), rtol=1e-6)
    else:
        assert start < end < special.logit(loss) - 0.01


def test_arms_of_their_own_learn_apart():
    """Without hidden layers, biases and perturbation an arm's outcome says nothing of the others."""
    policy = NeuSquareCB(hidden=(), encoding="disjoint", perturbation="off")
    state, rng = begin(policy), np.random.default_rng(6)
    features = rng.standard_normal((ARMS, DIM))
    before = outputs(state, features)
    policy.learn(state, 0, features, 2, 0.3)
    assert_array_equal(outputs(state, features) != before, np.arange(ARMS) == 2)


# --- parameters ---------------------------------------------------------------------------------------------------


def test_learning_rates_of_the_horizon():
    assert_allclose(
        begin(NeuSquareCB(gamma="horizon", delta=0.1)).gamma,
        math.sqrt(ARMS * HORIZON / (math.log(1 + HORIZON) + math.log(20))),
    )
    regret = 3 * math.log(1 + HORIZON)
    for level, expected in [(1.0, max(math.sqrt(ARMS * HORIZON / regret), 10 * ARMS)), (0.0, 10 * ARMS)]:
        assert_allclose(begin(NeuFastCB(gamma="horizon", level=level)).gamma, expected)


@pytest.mark.parametrize(("kind", "bend"), [(NeuSquareCB, 1.0), (NeuFastCB, 0.25)])
def test_signs_that_overshoot_by_themselves_are_refused(kind, bend):
    """rate c^2 p / S < 2, with c^2 = c_p^2 / sqrt(m), and a quarter of it for the logarithmic loss."""
    weights = len(begin(kind(hidden=(4,))).oracle.weights)
    most = 2.0 * 10 * math.sqrt(4) / (bend * 0.1**2 * weights)
    begin(kind(hidden=(4,), rate=0.99 * most))
    with pytest.raises(ValueError, match=f"rate: at most .* with random signs of {weights} weights"):
        begin(kind(hidden=(4,), rate=1.01 * most))
    begin(kind(hidden=(4,), rate=1.01 * most, perturbation="expected"))


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_that_mean_nothing_together(kind):
    with pytest.raises(ValueError, match="exponent: only for gamma a number"):
        kind(gamma="horizon", exponent=0.5)
    with pytest.raises(ValueError, match="redraw"):
        kind(perturbation="expected", redraw="round")
    with pytest.raises(ValueError, match="output_radius: only beside radius"):
        kind(output_radius=1.0)


@pytest.mark.parametrize("mode", ["off", "sample", "expected"])
def test_divergence_names_its_round(mode):
    """Steps so long that predictions grow without bound, but for NeuFastCB's, which are probabilities."""
    policy = NeuSquareCB(hidden=(5, 4), perturbation=mode, perturbation_scale=1e-60, rate=1e80, activation="sigma-3")
    state, rng = begin(policy), np.random.default_rng(7)
    with np.errstate(all="ignore"), pytest.raises(Diverged) as caught:
        for t in range(20):  # noqa: B007
            features = rng.standard_normal((ARMS, DIM))
            policy.learn(state, t, features, policy.choose(state, t, features, rng), 0.5)
    assert caught.value.args == Diverged(t + 1).args
    assert 0 < t < 10
