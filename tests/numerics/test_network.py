"""Networks: outputs and gradients against dense ones and differences; blocks; initial weights and their kernels."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from banditlab.numerics.activations import ACTIVATIONS
from banditlab.numerics.network import (
    add_gradient,
    backward,
    forward,
    forward_arms,
    gaussian_weights,
    start_network,
    symmetric_weights,
    uniform_weights,
)
from tests.reference import networks

ALARM = 1e-6  #: false-alarm rate of each statistical test here, on fixed seeds
DIM, BLOCKS = 3, 2
HIDDEN = [(), (4,), (4, 3)]


def start(hidden, activation="tanh", *, dim=DIM, blocks=BLOCKS, biased=True, scale=1.0, seed=0):
    network = start_network(dim, blocks, hidden, ACTIVATIONS[activation], biased, scale)
    rng = np.random.default_rng(seed)
    return network, rng.standard_normal(network.layers[-1]), rng.standard_normal((blocks, dim))


def dense(network, hidden, activation):
    size = len(network.input) * (network.tail // network.first)
    return networks.Network(size, hidden, activation, network.biased, network.scale)


def gradient(network, weights):
    """The whole gradient of the last output."""
    whole = np.zeros(len(weights))
    backward(network, weights)
    add_gradient(network, 1.0, whole)
    return whole


def differences(function, weights, step=1e-5):
    """Central differences."""
    found = np.zeros(len(weights))
    for j in range(len(weights)):
        up, down = weights.copy(), weights.copy()
        up[j] += step
        down[j] -= step
        found[j] = (function(up) - function(down)) / (2 * step)
    return found


def telling_input(network, weights, block):
    """An input for which no unit is near its kink, nor all of a layer are silent."""
    rng = np.random.default_rng(block)
    for _ in range(100):
        x = rng.standard_normal(DIM)
        forward(network, weights, x, block)
        layers = [network.sums, network.sums2][: network.depth]
        if all(abs(sums).min() > 1e-3 and sums.max() > 0.0 for sums in layers):
            return x
    raise AssertionError("no such input")


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_those_of_the_output(activation, hidden, biased):
    network, weights, _ = start(hidden, activation, biased=biased, scale=1.5)
    for block in range(BLOCKS):
        x = telling_input(network, weights, block)
        forward(network, weights, x, block)
        found = gradient(network, weights)
        expected = differences(lambda w, x=x, b=block: forward(network, w, x, b), weights)
        assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
        assert np.count_nonzero(found) >= DIM


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("activation", ["relu", "sigma-2", "tanh", "silu"])
def test_blocks_are_the_dense_network_on_x_times_e(activation, hidden, biased):
    network, weights, x = start(hidden, activation, biased=biased, scale=0.7, blocks=3, seed=1)
    reference, outputs = dense(network, hidden, activation), np.zeros(3)
    wide = [np.kron(np.eye(3)[b], x[b]) for b in range(3)]
    values = [reference.value(weights, v) for v in wide]
    forward_arms(network, weights, x, True, outputs)
    assert_allclose(outputs, values, rtol=1e-12)
    for b in (2, 0, 1):  # what one block leaves behind is not for another
        assert_allclose(forward(network, weights, x[b], b), values[b], rtol=1e-12)
        found, expected = gradient(network, weights), reference.gradient(weights, wide[b])
        assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
        assert_array_equal(found[: network.tail].reshape(3, -1)[np.arange(3) != b], 0.0)


def test_arms_share_the_first_block():
    network, weights, _ = start((4,), blocks=1)
    x, outputs = np.random.default_rng(2).standard_normal((5, DIM)), np.zeros(5)
    forward_arms(network, weights, x, False, outputs)
    assert_array_equal(outputs, [forward(network, weights, x[k], 0) for k in range(5)])


@pytest.mark.parametrize("hidden", HIDDEN)
def test_inputs_of_zero(hidden):
    """Rows are added four at a time, without those of inputs that are 0: any number of them is left."""
    network, weights, _ = start(hidden, "relu", dim=9)
    reference, rng = dense(network, hidden, "relu"), np.random.default_rng(3)
    for count in range(10):
        x = np.zeros(9)
        x[rng.choice(9, count, replace=False)] = rng.standard_normal(count)
        wide = np.kron([0.0, 1.0], x)
        assert_allclose(forward(network, weights, x, 1), reference.value(weights, wide), rtol=1e-12, atol=1e-13)
        assert_allclose(gradient(network, weights), reference.gradient(weights, wide), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_is_not_a_number_is_not_lost(hidden):
    for activation in ACTIVATIONS:
        network, weights, x = start(hidden, activation)
        assert math.isnan(forward(network, weights, x[0] * [1.0, math.nan, 1.0], 0))
        for j in range(network.first):
            broken = weights.copy()
            broken[j] = math.nan
            assert math.isnan(forward(network, broken, x[0], 0))


def test_gradients_add_up():
    network, weights, x = start((4, 3))
    forward(network, weights, x[1], 1)
    found, begin = gradient(network, weights), np.arange(len(weights), dtype=float)
    total = begin.copy()
    add_gradient(network, -2.0, total)
    assert_allclose(total, begin - 2.0 * found, rtol=1e-14)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_inputs_twice(hidden):
    """A network of 2 d inputs sees (x, x) / sqrt(2)."""
    network, weights, _ = start(hidden, dim=2 * DIM)
    x = np.random.default_rng(4).standard_normal(DIM)
    twice = np.concatenate([x, x]) / math.sqrt(2)
    value, found = forward(network, weights, x, 1), gradient(network, weights)
    assert_allclose(value, forward(network, weights, twice, 1), rtol=1e-14)
    assert_allclose(found, gradient(network, weights), rtol=1e-14)


# --- weights to start from ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [(), (8,), (10, 8)])
@pytest.mark.parametrize("activation", ["relu", "sigma-2", "tanh", "softplus"])
def test_symmetric_weights_give_0(activation, hidden):
    network, _, _ = start(hidden, activation, dim=2 * DIM, blocks=3, biased=False, scale=2.0)
    rng = np.random.default_rng(5)
    weights = symmetric_weights(network, rng)
    assert len(weights) == network.layers[-1]
    x, outputs = rng.standard_normal((3, DIM)), np.ones(3)
    forward_arms(network, weights, x, True, outputs)
    assert_allclose(outputs, 0.0, atol=1e-14)
    forward(network, weights, x[0], 0)
    if hidden:
        assert abs(gradient(network, weights)).max() > 1e-6  # but it learns,
        apart = np.concatenate([x[0], -x[0]])
        assert abs(forward(network, weights, apart, 0)) > 1e-6  # and is not 0 for other inputs


def test_symmetric_weights_lie_in_blocks():
    network, _, _ = start((6, 4), dim=2 * DIM, blocks=2, biased=False)
    weights = symmetric_weights(network, np.random.default_rng(6))
    first, second, last = np.split(weights, network.layers[1:-1])
    matrices = [*first.reshape(2, 2 * DIM, 6), second.reshape(6, 4)]
    for matrix in matrices:
        (a, b), (c, d) = [np.split(half, 2, axis=1) for half in np.split(matrix, 2)]
        assert_array_equal(a, d)
        assert_array_equal(b, 0.0)
        assert_array_equal(c, 0.0)
        assert np.count_nonzero(a) == a.size
    assert (matrices[0] != matrices[1]).any()
    assert_array_equal(last[:2], -last[2:])


@pytest.mark.claims
@pytest.mark.parametrize("hidden", [(), (40,), (40, 30)])
def test_laws_of_weights(hidden):
    """Uniform on +- 1 / sqrt(inputs); normal of variance 1 / m; symmetric 4 / m and 2 / m: by Kolmogorov's test."""
    widths = [*hidden, 1]
    network, _, _ = start(hidden, dim=50, blocks=2)
    weights = np.array([uniform_weights(network, np.random.default_rng([7, n])) for n in range(20)])
    for inputs, layer in zip([100, *hidden], np.split(weights, network.layers[1:-1], axis=1), strict=True):
        bound = inputs**-0.5
        assert stats.kstest(layer.ravel(), stats.uniform(-bound, 2 * bound).cdf).pvalue > ALARM
    weights = np.array([gaussian_weights(network, np.random.default_rng([8, n])) for n in range(20)])
    layers = np.split(weights, network.layers[1:-1], axis=1)
    for k, layer in enumerate(layers):
        shift = layer.shape[1] - widths[k]
        assert_array_equal(layer[:, shift:], 0.0)
        nearest = hidden[-1] if hidden and k == len(hidden) else widths[k]
        assert stats.kstest(layer[:, :shift].ravel(), stats.norm(0, nearest**-0.5).cdf).pvalue > ALARM
    if hidden:
        network, _, _ = start(hidden, dim=50, blocks=2, biased=False)
        weights = np.array([symmetric_weights(network, np.random.default_rng([9, n])) for n in range(20)])
        layers = np.split(weights, network.layers[1:-1], axis=1)
        for layer, square in zip(layers, [*(4 / m for m in hidden), 2 / hidden[-1]], strict=True):
            # each value stands twice
            values = np.unique(np.abs(layer[layer != 0.0]))
            assert stats.kstest(values, stats.halfnorm(0, square**0.5).cdf).pvalue > ALARM


def arccosine(u):
    """2 E[phi'(g) phi'(h)] and 2 E[phi(g) phi(h)], phi = max(0, .), for standard normals of correlation u."""
    angle = math.pi - math.acos(u)
    return angle / math.pi, (math.sqrt(1 - u * u) + u * angle) / math.pi


def tangent_kernel(u, depth):
    """For phi(z) = sqrt(2) max(0, z) and unit vectors of inner product u: S_0 = u, and with (k', k) = arccosine(S),
    kernel <- k' kernel + k, S <- k (Jacot, Gabriel and Hongler 2018)."""
    kernel = signal = u
    for _ in range(depth):
        slope, signal = arccosine(signal)
        kernel = slope * kernel + signal
    return kernel


@pytest.mark.claims
@pytest.mark.parametrize("u", [-0.5, 0.3, 1.0])
@pytest.mark.parametrize(
    ("activation", "hidden", "initial"),
    [
        ("sigma-1", (256,), gaussian_weights),
        ("sigma-1", (256, 256), gaussian_weights),
        ("relu", (256,), symmetric_weights),
        ("relu", (256, 256), symmetric_weights),
    ],
)
def test_tangent_kernels_of_wide_networks(activation, hidden, initial, u):
    """Mean inner product of gradients over draws of weights, by a t-test.

    Units of variances 1 / m, each of weight 1 / m, are as 1 / sqrt(m) times units and weights of variance 1: phi is
    homogeneous, and the kernel is that of phi = sqrt(2) max(0, .). For symmetric weights and an output times sqrt(m),
    variances 4 / m in halves of m / 2 units stand for the factor 2, and gradients over sqrt(m) have that kernel.
    """
    x, y = np.array([1.0, 0.0]), np.array([u, math.sqrt(1 - u * u)])
    symmetric = initial is symmetric_weights
    scale = math.sqrt(hidden[-1]) if symmetric else 1.0
    network, _, _ = start(hidden, activation, dim=4 if symmetric else 2, blocks=1, biased=False, scale=scale)
    found = []
    for n in range(60):
        weights = initial(network, np.random.default_rng([10, n]))
        forward(network, weights, x, 0)
        g = gradient(network, weights)
        forward(network, weights, y, 0)
        found.append(g @ gradient(network, weights) / scale**2)
    assert stats.ttest_1samp(found, tangent_kernel(u, len(hidden))).pvalue > ALARM
    assert stats.sem(found) < 0.1
