"""Perturbed networks: gradients of the loss, shifts that are kept up, expectations over signs, and projections."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special, stats

from banditlab.numerics.activations import ACTIVATIONS
from banditlab.numerics.network import forward, start_network, uniform_weights
from banditlab.numerics.perturbation import EXPECTED, OFF, SAMPLE, descend, predict, redraw, start_oracle

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
DIM, BLOCKS = 2, 2
few = settings(max_examples=25, deadline=None, derandomize=True)
MODES = [OFF, SAMPLE, EXPECTED]


def start(mode, logistic=False, *, hidden=(3,), scale=0.5, members=4, radii=None, seed=0, blocks=BLOCKS, biased=True):
    network = start_network(DIM, blocks, hidden, ACTIVATIONS["tanh"], biased)
    rng = np.random.default_rng(seed)
    weights = uniform_weights(network, rng)
    radii = np.full(len(hidden) + 1, math.inf) if radii is None else np.array(radii, float)
    options = {"mode": mode, "members": members, "scale": scale, "radii": radii, "logistic": logistic}
    return start_oracle(network, weights, rng, **options)


def wander(oracle, steps, rate=0.3, seed=1):
    """Leave the initial weights by steps on random data."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        descend(oracle, rng.standard_normal(DIM), int(rng.integers(BLOCKS)), rng.random(), rate)


def change(oracle):
    return oracle.weights - oracle.initial


def layers_of(oracle, x):
    return np.split(x, oracle.network.layers[1:-1])


def shifts(oracle):
    """c e'(w - w_0) by member and layer, computed anew."""
    parts = [layers_of(oracle, sign * change(oracle)) for sign in oracle.signs]
    return oracle.scale * np.array([[part.sum() for part in row] for row in parts]).reshape(oracle.shifts.shape)


def members(oracle, x, block, weights):
    """f~ of all members for any weights; of the network alone without any."""
    f = forward(oracle.network, weights, x, block)
    return f + oracle.scale * oracle.signs @ (weights - oracle.initial) if oracle.mode == SAMPLE else np.array([f])


def loss_of(oracle, x, block, loss, weights):
    """The mean loss of the members, or to second order in c its expectation over signs."""
    f = members(oracle, x, block, weights)
    if oracle.logistic:
        values = np.logaddexp(0, f) - loss * f  # -l ln sigmoid(f) - (1 - l) ln(1 - sigmoid(f))
        bend = special.expit(f) * special.expit(-f)
    else:
        values, bend = (f - loss) ** 2 / 2, np.ones(1)
    if oracle.mode == EXPECTED:
        values = values + oracle.scale**2 * bend * np.sum((weights - oracle.initial) ** 2) / 2
    return values.mean()


def gradient_of(oracle, x, block, loss):
    """What a step of rate 1 goes against."""
    before = oracle.weights.copy()
    descend(oracle, x, block, loss, 1.0)
    return before - oracle.weights


@pytest.mark.parametrize("hidden", [(), (3,), (3, 2)])
@pytest.mark.parametrize("logistic", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_steps_descend_the_loss(mode, logistic, hidden):
    """The gradient of a step is that of the whole loss in all weights, by central differences of the loss."""
    for seed, loss in [(0, 0.0), (1, 1.0), (2, 0.3)]:
        oracle = start(mode, logistic, hidden=hidden, scale=0.8, seed=seed)
        wander(oracle, 10)
        x, block, weights = np.array([0.7, -1.2]), seed % 2, oracle.weights.copy()
        expected, step = np.zeros(len(weights)), 1e-5
        for j in range(len(weights)):
            up, down = weights.copy(), weights.copy()
            up[j] += step
            down[j] -= step
            rise = loss_of(oracle, x, block, loss, up) - loss_of(oracle, x, block, loss, down)
            expected[j] = rise / (2 * step)
        assert_allclose(gradient_of(oracle, x, block, loss), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("logistic", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_predictions_are_means_of_members(mode, logistic):
    oracle = start(mode, logistic)
    wander(oracle, 10)
    features, found = np.random.default_rng(2).standard_normal((BLOCKS, DIM)), np.zeros(BLOCKS)
    for disjoint in (True, False):
        predict(oracle, features, disjoint, found)
        for k, x in enumerate(features):
            f = members(oracle, x, k if disjoint else 0, oracle.weights)
            p = special.expit(f)
            bend = p * (1 - p) * (1 - 2 * p)
            if mode == EXPECTED:
                p = p + oracle.scale**2 * np.sum(change(oracle) ** 2) * bend / 2
            assert_allclose(found[k], (p if logistic else f).mean(), rtol=1e-12)


@pytest.mark.parametrize("radii", [[math.inf, math.inf], [0.3, 0.1], [math.inf, 0.05]])
@pytest.mark.parametrize("logistic", [False, True])
def test_shifts_are_kept_up(logistic, radii):
    """After many steps they are what the weights say, with and without projection; and so is the norm."""
    oracle = start(SAMPLE, logistic, radii=radii)
    assert_array_equal(oracle.shifts, 0.0)
    wander(oracle, 500)
    assert np.abs(oracle.shifts).max() > 1e-3
    assert_allclose(oracle.shifts, shifts(oracle), rtol=1e-9, atol=1e-12)
    kept = oracle.shifts.copy()
    rng = np.random.default_rng(3)
    redraw(oracle, rng)
    assert_allclose(oracle.shifts, shifts(oracle), rtol=1e-12, atol=1e-15)
    assert (oracle.shifts != kept).any()
    oracle = start(EXPECTED, logistic, radii=radii)
    wander(oracle, 100)
    assert_allclose(oracle.norm[0], np.sum(change(oracle) ** 2), rtol=1e-12)


def test_signs():
    oracle = start(SAMPLE, members=400, hidden=(3, 2))
    assert_array_equal(np.abs(oracle.signs), 1.0)
    assert oracle.signs.shape == (400, oracle.network.layers[-1])
    assert stats.binomtest(int((oracle.signs > 0).sum()), oracle.signs.size).pvalue > ALARM
    for mode in (OFF, EXPECTED):
        assert start(mode).signs.shape[0] == 0


# --- all signs at once: expectations are exact --------------------------------------------------------------------


def both(logistic, scale, seed=0):
    """An oracle whose members are all 2^p vectors of signs, and one of expectations, at the same weights."""
    sampled = start(SAMPLE, logistic, hidden=(2,), members=2**6, scale=scale, blocks=1, biased=False)
    sampled.signs[:] = list(product([-1.0, 1.0], repeat=6))
    expected = start(EXPECTED, logistic, hidden=(2,), scale=scale, blocks=1, biased=False)
    moved = np.random.default_rng(seed).standard_normal(6)
    for oracle in (sampled, expected):
        oracle.weights[:] = oracle.initial + moved
        oracle.norm[0] = np.sum(moved**2)
    sampled.shifts[:] = shifts(sampled)
    return sampled, expected


def forecast(oracle, x):
    found = np.zeros(1)
    predict(oracle, x[None], False, found)
    return found[0]


@few
@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0.1, 3))
def test_the_mean_over_all_signs_is_the_expectation(seed, loss, scale):
    """E (l - f~)^2 / 2 = (l - f)^2 / 2 + c^2 |w - w_0|^2 / 2: the same prediction, loss and step."""
    x = np.random.default_rng([seed, 1]).standard_normal(DIM)
    sampled, expected = both(False, scale, seed)
    assert_allclose(forecast(sampled, x), forecast(expected, x), rtol=1e-10, atol=1e-10)
    losses = [loss_of(oracle, x, 0, loss, oracle.weights) for oracle in (sampled, expected)]
    assert_allclose(losses[0], losses[1], rtol=1e-10)
    steps = [gradient_of(oracle, x, 0, loss) for oracle in (sampled, expected)]
    assert_allclose(steps[0], steps[1], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_the_expectation_of_the_logarithmic_loss_is_to_second_order(seed):
    """What is left falls like c^4: by 16 where c is halved."""
    x, errors = np.array([0.4, -0.9]), []
    for scale in (0.1, 0.05):
        sampled, expected = both(True, scale, seed)
        gap = [forecast(sampled, x) - forecast(expected, x)]
        gap.append(loss_of(sampled, x, 0, 0.3, sampled.weights) - loss_of(expected, x, 0, 0.3, expected.weights))
        gap.extend(gradient_of(sampled, x, 0, 0.3) - gradient_of(expected, x, 0, 0.3))
        errors.append(np.linalg.norm(gap))
    assert 12 < errors[0] / errors[1] < 20


def test_without_scale_all_modes_are_one():
    for logistic in (False, True):
        weights = []
        for mode in MODES:
            oracle = start(mode, logistic, scale=0.0)
            wander(oracle, 20)
            weights.append(oracle.weights)
        assert_allclose(weights[1], weights[0], rtol=1e-12)
        assert_allclose(weights[2], weights[0], rtol=1e-12)


# --- projection ---------------------------------------------------------------------------------------------------


def project(oracle):
    """Project, by a step of rate 0."""
    descend(oracle, np.ones(DIM), 0, 0.5, 0.0)


def norms(oracle):
    return np.array([np.linalg.norm(part) for part in layers_of(oracle, change(oracle))])


@few
@given(
    st.integers(0, 10**6),
    st.floats(0.01, 10),
    st.sampled_from(MODES),
    st.floats(0.01, 5),
    st.sampled_from([1.0, math.inf]),
)
def test_projection(seed, size, mode, radius, other):
    """Each layer ends in its ball, along its own change; what was inside stays, and to do it twice is to do it once."""
    oracle = start(mode, radii=[radius, other], seed=seed)
    initial, moved = oracle.initial.copy(), size * np.random.default_rng(seed).standard_normal(len(oracle.weights))
    oracle.weights[:] += moved
    oracle.shifts[:] = shifts(oracle)
    before, far = oracle.weights.copy(), norms(oracle)
    project(oracle)
    once = oracle.weights.copy()
    assert_array_equal(oracle.initial, initial)
    assert_allclose(norms(oracle), np.minimum(far, oracle.radii), rtol=1e-12)
    parts = zip(*(layers_of(oracle, x) for x in (before - initial, once - initial)), far, oracle.radii, strict=True)
    for part, new, norm, bound in parts:
        assert_allclose(new, part * min(1.0, bound / norm), rtol=1e-9, atol=1e-12)
        if norm < bound:
            assert_array_equal(new, part)
    assert_allclose(oracle.shifts, shifts(oracle), rtol=1e-10, atol=1e-12)
    if mode == EXPECTED:
        assert_allclose(oracle.norm[0], np.sum(change(oracle) ** 2), rtol=1e-12)
    project(oracle)
    assert_allclose(oracle.weights, once, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_weights_never_leave_their_balls(mode):
    oracle, rng = start(mode, radii=[0.2, 0.1]), np.random.default_rng(4)
    met = np.zeros(2, int)
    for _ in range(100):
        descend(oracle, rng.standard_normal(DIM), int(rng.integers(BLOCKS)), rng.random(), 1.0)
        assert (norms(oracle) <= oracle.radii * (1 + 1e-12)).all()
        met += norms(oracle) > oracle.radii * (1 - 1e-9)
    assert (met > 0).all()


def test_what_an_observation_does_not_touch():
    """Without perturbation the other block stays as it is; with one it is pulled by its signs."""
    for mode in MODES:
        oracle = start(mode)
        wander(oracle, 5)
        before = oracle.weights.copy()
        descend(oracle, np.ones(DIM), 0, 0.5, 0.1)
        first = oracle.network.first
        moved = oracle.weights[first : 2 * first] != before[first : 2 * first]
        assert moved.any() == (mode != OFF)
