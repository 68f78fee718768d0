"""KernelUCB: the posterior by an explicit inverse, monotone variances, LinUCB as a special case, invariances, room."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.numerics.kernel_regression import predict_arms
from banditlab.numerics.kernels import KERNELS, gram
from banditlab.policies.bandit.kernel_ucb import KernelUCB
from banditlab.policies.bandit.linucb import LinUCB
from banditlab.policies.bandit.linucb_disjoint import LinUCBDisjoint
from banditlab.problem import Problem
from tests.reference.encodings import Encoding

ROUNDS, ARMS, DIM = 40, 4, 3
few = settings(max_examples=8, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)
kernels = st.sampled_from(KERNELS)
encodings = st.sampled_from(["shared", "disjoint"])


def problem(arms=ARMS, dim=DIM):
    return Problem("test", {"arms": arms, "dim": dim}, {"arm_features": True}, {"arm_features"})


def world(seed):
    """Features (T, K, d), and rewards (T, K) that depend on them."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((ROUNDS, ARMS, DIM))
    return features, np.sin(2 * features[:, :, 0]) + 0.1 * rng.standard_normal((ROUNDS, ARMS))


def play(policy, features, rewards):
    """Arms of a run on given features and rewards, and the last state."""
    state, arms = policy.start(problem(*features.shape[1:]), None), []
    for t in range(len(features)):
        arm = type(policy).choose(state, t, features[t], None)
        type(policy).learn(state, t, features[t], arm, rewards[t, arm])
        arms.append(int(arm))
    return np.array(arms), state


def predictions(state, features, disjoint):
    predict_arms(state.regression, features, disjoint)
    return state.regression.means.copy(), state.regression.variances.copy()


# --- the posterior ------------------------------------------------------------------------------------------------


@few
@given(seed=seeds, kernel=kernels, encoding=encodings, ridge=st.sampled_from([0.05, 1.0, 7.0]))
def test_means_and_variances_are_those_of_the_explicit_inverse(seed, kernel, encoding, ridge):
    policy = KernelUCB(kernel=kernel, encoding=encoding, ridge=ridge, length_scale=1.7, room=ROUNDS)
    (features, rewards), encode = world(seed), Encoding(policy, problem())
    arms, state = play(policy, features[:-1], rewards)
    played = np.array([encode(x)[arm] for x, arm in zip(features, arms, strict=False)])
    everything = gram(np.vstack([played, encode(features[-1])]), kernel, 1.0, 1.7)
    n = len(played)
    inverse = np.linalg.inv(everything[:n, :n] + ridge * np.eye(n))
    k = everything[n:, :n]
    means, variances = predictions(state, features[-1], encoding == "disjoint")
    assert_allclose(means, k @ inverse @ rewards[np.arange(n), arms], atol=1e-9)
    assert_allclose(variances, np.diag(everything)[n:] - np.einsum("ai,ij,aj->a", k, inverse, k), atol=1e-9)


@few
@given(seed=seeds, kernel=kernels, encoding=encodings)
def test_no_variance_grows(seed, kernel, encoding):
    features, rewards = world(seed)
    policy, probe = KernelUCB(kernel=kernel, encoding=encoding, room=ROUNDS), features[-1]
    state = policy.start(problem(), None)
    _, before = predictions(state, probe, state.disjoint)
    assert_allclose(before, (probe**2).sum(1) if kernel == "linear" else 1.0)
    for t in range(ROUNDS):
        arm = KernelUCB.choose(state, t, features[t], None)
        KernelUCB.learn(state, t, features[t], arm, rewards[t, arm])
        _, after = predictions(state, probe, state.disjoint)
        assert (after <= before + 1e-12).all()
        before = after
    assert (before > -1e-12).all()


# --- special cases ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "linear"), [("shared", LinUCB), ("disjoint", LinUCBDisjoint)])
@few
@given(seed=seeds)
def test_with_the_linear_kernel_it_is_linucb(encoding, linear, seed):
    """Of width ridge sqrt(nu): the same arms, and the same predictions."""
    features, rewards = world(seed)
    policy = KernelUCB(kernel="linear", encoding=encoding, ridge=0.5, nu=9.0, room=ROUNDS)
    arms, state = play(policy, features, rewards)
    expected, other = play(linear(width=1.5, ridge=0.5), features, rewards)
    assert_array_equal(arms, expected)
    means, _ = predictions(state, features[0], state.disjoint)
    thetas = other.thetas if linear is LinUCBDisjoint else np.tile(other.theta, (ARMS, 1))
    assert_allclose(means, (features[0] * thetas).sum(1), atol=1e-9)


@few
@given(seed=seeds, kernel=kernels)
def test_disjoint_is_shared_on_materialised_features(seed, kernel):
    features, rewards = world(seed)
    policy = KernelUCB(kernel=kernel, encoding="disjoint", room=ROUNDS)
    encode = Encoding(policy, problem())
    one, _ = play(policy, features, rewards)
    other, _ = play(KernelUCB(kernel=kernel, room=ROUNDS), np.array([encode(x) for x in features]), rewards)
    assert_array_equal(one, other)


def test_without_width_it_is_greedy():
    features, rewards = world(1)
    _, state = play(KernelUCB(nu=0.0, room=ROUNDS), features[:-1], rewards)
    arm = KernelUCB.choose(state, ROUNDS, features[-1], None)
    assert arm == state.regression.means.argmax()


# --- invariances --------------------------------------------------------------------------------------------------


@few
@given(seed=seeds, kernel=st.sampled_from([name for name in KERNELS if name != "linear"]))
def test_moving_all_features_changes_no_decision(seed, kernel):
    """Turned and shifted; and in other units, with the length scale in the same."""
    features, rewards = world(seed)
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((DIM, DIM)))[0]
    one, _ = play(KernelUCB(kernel=kernel, room=ROUNDS), features, rewards)
    moved = 3.0 * features @ rotation + rng.standard_normal(DIM)
    other, _ = play(KernelUCB(kernel=kernel, length_scale=3.0, room=ROUNDS), moved, rewards)
    assert_array_equal(one, other)


@few
@given(seed=seeds, encoding=encodings)
def test_relabelling_the_arms_relabels_the_decisions(seed, encoding):
    """From the second round on: in the first, all indices are equal."""
    features, rewards = world(seed)
    features[0] = features[0, 0]
    rewards[0] = rewards[0, 0]
    order = np.array([0, 3, 1, 2])
    policy = KernelUCB(encoding=encoding, room=ROUNDS)
    one, _ = play(policy, features, rewards)
    other, _ = play(policy, features[:, order], rewards[:, order])
    assert_array_equal(order[other], one)


# --- room ---------------------------------------------------------------------------------------------------------


def test_after_its_room_it_plays_on_and_learns_nothing():
    features, rewards = world(2)
    policy = KernelUCB(room=25)
    arms, state = play(policy, features, rewards)
    assert state.regression.size[0] == 25
    _, early = play(policy, features[:25], rewards)
    for name in ("factor", "image", "points"):
        assert_array_equal(getattr(state.regression, name), getattr(early.regression, name))
    late = [KernelUCB.choose(early, t, features[t], None) for t in range(25, ROUNDS)]
    assert_array_equal(late, arms[25:])
    assert len(set(late)) > 1


def test_points_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"^room: 100,000 points for 4 arms need 74.5 GiB, more than 8 GiB$"):
        KernelUCB(room=100_000).start(problem(), None)


@pytest.mark.parametrize("kernel", ["rbf", "linear"])
def test_a_ridge_too_small_for_repetitions_is_an_error(kernel):
    x = np.tile([1.0, 0.0, 0.0], (3, ARMS, 1))
    with pytest.raises(ArithmeticError, match="the ridge is too small"):
        play(KernelUCB(kernel=kernel, ridge=1e-300), x, np.zeros((3, ARMS)))


def test_the_default_is_that_of_the_published_code():
    """k = exp(-|x - x'|), and one observation of 2 at distance 1 with ridge 1."""
    state = KernelUCB().start(problem(2, 1), None)
    points = np.array([[0.0], [1.0]])
    KernelUCB.choose(state, 0, points, None)
    KernelUCB.learn(state, 0, points, 0, 2.0)
    means, variances = predictions(state, points, False)
    assert_allclose(means, [1.0, math.exp(-1)])
    assert_allclose(variances, [0.5, 1 - math.exp(-2) / 2])
    assert state.width == pytest.approx(math.sqrt(0.1))
