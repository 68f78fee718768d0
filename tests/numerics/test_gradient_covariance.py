"""Covariances of gradients: both forms against dense matrices, and what more observations do to them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.numerics.activations import ACTIVATIONS
from banditlab.numerics.gradient_covariance import (
    absorb,
    absorb_dual,
    bytes_of,
    bytes_of_dual,
    spread,
    spread_dual,
    start_covariance,
    start_dual_covariance,
)
from banditlab.numerics.network import add_gradient, backward, forward, start_network

DIM, BLOCKS = 3, 2
HIDDEN = [(), (4,), (4, 3)]


def start(hidden, *, biased=False, rounds=30, seed=0):
    """A network, weights of it, inputs, and their blocks."""
    network = start_network(DIM, BLOCKS, hidden, ACTIVATIONS["tanh"], biased, 1.5)
    rng = np.random.default_rng(seed)
    inputs, blocks = rng.standard_normal((rounds, DIM)), rng.integers(BLOCKS, size=rounds)
    return network, rng.standard_normal(network.layers[-1]), inputs, blocks


def differentiate(network, weights, x, block):
    """Leave the gradient in the network, and return it whole."""
    forward(network, weights, x, block)
    backward(network, weights)
    whole = np.zeros(len(weights))
    add_gradient(network, 1.0, whole)
    return whole


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_inverse_and_determinant_are_those_of_the_dense_matrix(hidden, biased):
    network, weights, inputs, blocks = start(hidden, biased=biased)
    covariance, dense, logdet = start_covariance(len(weights), 0.5), 0.5 * np.eye(len(weights)), 0.0
    for x, block in zip(inputs, blocks, strict=True):
        gradient = differentiate(network, weights, x, block)
        square = gradient @ np.linalg.solve(dense, gradient)
        assert_allclose(spread(covariance, network), square, rtol=1e-9)
        gain = absorb(covariance, network, 0.3)
        assert_allclose(gain, 0.3 * square, rtol=1e-9)
        dense += 0.3 * np.outer(gradient, gradient)
        logdet += np.log1p(gain)
    assert_allclose(covariance.inverse @ dense, np.eye(len(weights)), atol=1e-9)
    assert_array_equal(covariance.inverse, covariance.inverse.T)
    assert_allclose(logdet, np.linalg.slogdet(2.0 * dense)[1], rtol=1e-9)


def test_inverse_after_a_thousand_observations():
    network, weights, inputs, blocks = start((4,), rounds=1000)
    covariance, dense = start_covariance(len(weights), 1e-3), 1e-3 * np.eye(len(weights))
    for x, block in zip(inputs, blocks, strict=True):
        gradient = differentiate(network, weights, x, block)
        absorb(covariance, network, 1.0)
        dense += np.outer(gradient, gradient)
    assert_allclose(covariance.inverse @ dense, np.eye(len(weights)), atol=1e-7)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_dual_form_is_the_primal_one_of_each_list(hidden):
    """Two lists whose observations come in turn, at random."""
    network, weights, inputs, blocks = start(hidden)
    rounds, rng = len(inputs), np.random.default_rng(1)
    dual = start_dual_covariance(network, rounds, 0.5)
    primal, lists, sizes = [start_covariance(len(weights), 0.5) for _ in range(2)], np.zeros((2, rounds), int), [0, 0]
    for t in range(rounds):
        differentiate(network, weights, inputs[t], blocks[t])
        squares = [spread_dual(dual, network, lists[s], sizes[s]) for s in range(2)]
        assert_allclose(squares, [spread(covariance, network) for covariance in primal], rtol=1e-9, atol=1e-12)
        s = rng.integers(2)
        gain = absorb_dual(dual, network, lists[s], sizes[s], t)
        assert_allclose(gain, absorb(primal[s], network, 1.0), rtol=1e-9, atol=1e-12)
        lists[s, sizes[s]] = t
        sizes[s] += 1
    assert min(sizes) > 5


def test_widths_only_shrink_and_begin_at_the_norm():
    network, weights, inputs, blocks = start((4,))
    covariance, dual = start_covariance(len(weights), 0.5), start_dual_covariance(network, len(inputs), 0.5)
    places, last = np.arange(len(inputs)), np.inf
    for t in range(len(inputs)):
        whole = differentiate(network, weights, inputs[0], 1)
        squares = np.array([spread(covariance, network), spread_dual(dual, network, places, t)])
        if t == 0:
            assert_allclose(squares, whole @ whole / 0.5, rtol=1e-12)
        assert (squares > 0.0).all() and (squares <= last * (1.0 + 1e-12)).all()
        last = squares
        differentiate(network, weights, inputs[t], blocks[t])
        absorb(covariance, network, 1.0)
        absorb_dual(dual, network, places, t, t)


def test_gradients_over_root_m_are_a_ridge_of_m():
    network, weights, inputs, blocks = start((4,))
    scaled, plain = start_covariance(len(weights), 0.5), start_covariance(len(weights), 2.0)
    for x, block in zip(inputs, blocks, strict=True):
        differentiate(network, weights, x, block)
        assert_allclose(spread(scaled, network) / 4, spread(plain, network), rtol=1e-9)
        absorb(scaled, network, 1 / 4)
        absorb(plain, network, 1.0)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_memory_is_that_of_the_largest_arrays(hidden):
    network, weights, _, _ = start(hidden)
    dual = start_dual_covariance(network, 21, 1.0)
    assert bytes_of(network, 3) == 3 * start_covariance(len(weights), 1.0).inverse.nbytes
    assert bytes_of_dual(network, 21) == dual.parts.nbytes + dual.factors.nbytes
