"""Small neural networks: none, one or two hidden layers, one output, and the gradient of the output in all weights.

All weights stand in one vector: the first layer, by block, input and unit; its biases; the second layer likewise, if
there is one; the output weights and the output's bias. The vector is the caller's, so that one network serves several
sets of weights.

A network of several blocks is the dense one on x (x) e_b, of which only the weights of block b matter: one block an arm
for the disjoint encoding, one block in all where arms have features of their own. The gradient is kept for the weights
that can be other than 0, those of the block and all behind the blocks, without the zeros between.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.activations import Activation, activate, multiply_by_slopes
from banditlab.numerics.linear import dot
from banditlab.types import Counts, Vector

_ROOT_HALF = math.sqrt(0.5)


class Network(NamedTuple):
    """A network's form, and what its last forward and backward pass left."""

    input: Vector  #: (D,)
    sums: Vector  #: (m,) of the first layer, before its activation
    units: Vector  #: (m,)
    slopes: Vector  #: (m,) derivatives of the output in the sums
    sums2: Vector  #: (m2,) of the second layer; (0,) without one
    units2: Vector  #: (m2,)
    slopes2: Vector  #: (m2,)
    gradient: Vector  #: (q,) of the output in the weights of the block and those behind the blocks
    scratch: Counts
    layers: Counts  #: (L + 1,) where each layer starts in the weights; the last entry is their number p
    block: Counts  #: (1,) the block of the last pass
    activation: Activation
    depth: int  #: hidden layers
    first: int  #: weights of a block
    tail: int  #: where the weights behind the blocks start
    biased: bool
    scale: float  #: factor of the output


def start_network(
    dim: int, blocks: int, hidden: tuple[int, ...], activation: Activation, biased: bool, scale: float = 1.0
) -> Network:
    """Return a network for inputs of length D = dim; hidden layers of these widths, at most two."""
    widths = (*hidden, 1)
    sizes = [blocks * dim * widths[0] + biased * widths[0]]
    sizes += [wide * (narrow + biased) for narrow, wide in zip(hidden, widths[1:], strict=True)][: len(hidden)]
    layers = np.concatenate([[0], np.cumsum(sizes)])
    m, m2 = widths[0], widths[1] if len(hidden) == 2 else 0
    first, tail = dim * m, blocks * dim * m
    return Network(
        np.zeros(dim), np.zeros(m), np.zeros(m), np.zeros(m), np.zeros(m2), np.zeros(m2), np.zeros(m2),
        np.zeros(first + layers[-1] - tail), np.zeros(max(dim, m, m2), int), layers, np.zeros(1, int),
        activation, len(hidden), first, tail, biased, scale,
    )  # fmt: skip


@kernel(inline=False)
def forward(network, weights, x, block):
    """Return the output for x (d,) in a block.

    Where the network has twice as many inputs as x has entries, it sees (x, x) / sqrt(2), of the same norm.
    """
    _read(network.input, x)
    network.block[0] = block
    return _pass(network, weights, block * network.first)


@kernel(inline=False)
def forward_arms(network, weights, features, disjoint, outputs):
    """Write the outputs (K,) for the features (K, d) of all arms, each in its own block or all in the first."""
    for k in range(features.shape[0]):
        _read(network.input, features[k])
        outputs[k] = _pass(network, weights, k * network.first if disjoint else 0)


@kernel
def _read(into, x):
    size = x.shape[0]
    if into.shape[0] == size:
        for i in range(size):
            into[i] = x[i]
    else:
        for i in range(size):
            into[i] = _ROOT_HALF * x[i]
            into[size + i] = _ROOT_HALF * x[i]


@kernel
def _pass(network, weights, start):
    biased, layers, m = network.biased, network.layers, network.sums.shape[0]
    _begin(network.sums, weights[layers[1] - m : layers[1]], biased)
    _add_up(network.input, weights[start : start + network.first], network.sums, network.scratch)
    if network.depth == 0:
        return network.scale * network.sums[0]
    activate(network.activation, network.sums, network.units, network.scratch)
    last = network.units
    if network.depth == 2:
        m = network.sums2.shape[0]
        _begin(network.sums2, weights[layers[2] - m : layers[2]], biased)
        _add_up(network.units, weights[layers[1] : layers[2]], network.sums2, network.scratch)
        activate(network.activation, network.sums2, network.units2, network.scratch)
        last = network.units2
    output = dot(last, weights[layers[-2] :])
    if biased:
        output += weights[layers[-1] - 1]
    return network.scale * output


@kernel
def _begin(sums, biases, biased):
    for j in range(sums.shape[0]):
        sums[j] = biases[j] if biased else 0.0


@kernel
def _add_up(inputs, rows, sums, places):
    """Add the rows (n, m), one behind the other, times the inputs (n,) to the sums (m,), but for inputs of 0.

    places : int64, scratch of at least n
    """
    _add_rows(inputs, rows, sums, places, _find(inputs, places))


@kernel
def _find(inputs, places):
    """Write where the inputs are not 0; return how many there are."""
    count = 0
    for i in range(inputs.shape[0]):
        if inputs[i] != 0.0:
            places[count] = i
            count += 1
    return count


@kernel(reassociate=True)
def _add_rows(inputs, rows, sums, places, count):
    """Add four rows at a time, so that sums are read and written a quarter as often."""
    m, i = sums.shape[0], 0
    while i + 4 <= count:
        i0, i1, i2, i3 = places[i], places[i + 1], places[i + 2], places[i + 3]
        x0, x1, x2, x3 = inputs[i0], inputs[i1], inputs[i2], inputs[i3]
        row0, row1 = rows[i0 * m : (i0 + 1) * m], rows[i1 * m : (i1 + 1) * m]
        row2, row3 = rows[i2 * m : (i2 + 1) * m], rows[i3 * m : (i3 + 1) * m]
        for j in range(m):
            sums[j] = (((sums[j] + x0 * row0[j]) + x1 * row1[j]) + x2 * row2[j]) + x3 * row3[j]
        i += 4
    while i < count:
        at = places[i]
        x, row = inputs[at], rows[at * m : (at + 1) * m]
        for j in range(m):
            sums[j] += x * row[j]
        i += 1


@kernel(inline=False)
def backward(network, weights):
    """Write the gradient of the last output in the weights, for the weights it was computed with."""
    layers, gradient = network.layers, network.gradient
    behind, slopes, m = gradient[network.first :], network.slopes, network.slopes.shape[0]
    if network.depth == 0:
        slopes[0] = network.scale
    elif network.depth == 1:
        _end(network, weights, network.units, slopes)
    else:
        width, rows = network.slopes2.shape[0], layers[1] - network.tail
        _end(network, weights, network.units2, network.slopes2)
        multiply_by_slopes(network.activation, network.sums2, network.units2, network.slopes2)
        _outer(network.units, network.slopes2, behind[rows:])
        if network.biased:
            copy(network.slopes2, behind[rows + m * width :])
        for i in range(m):
            row = layers[1] + i * width
            slopes[i] = dot(network.slopes2, weights[row : row + width])
    if network.depth > 0:
        multiply_by_slopes(network.activation, network.sums, network.units, slopes)
    _outer(network.input, slopes, gradient)
    if network.biased:
        copy(slopes, behind)


@kernel
def _end(network, weights, units, slopes):
    """Write the gradient of the output weights, and the derivatives of the output in the last units."""
    start = network.layers[-2]
    behind, row = network.gradient[network.first + start - network.tail :], weights[start:]
    for j in range(units.shape[0]):
        behind[j] = network.scale * units[j]
        slopes[j] = network.scale * row[j]
    if network.biased:
        behind[units.shape[0]] = network.scale


@kernel
def copy(x, out):
    """Write x (n,) into the first n entries of out."""
    for j in range(x.shape[0]):
        out[j] = x[j]


@kernel
def clear(x):
    """Put 0 into all entries (n,)."""
    for j in range(x.shape[0]):
        x[j] = 0


@kernel(inline=False)
def _outer(inputs, slopes, rows):
    """Write inputs (n,) times slopes (m,) into rows (n, m), one behind the other."""
    m = slopes.shape[0]
    for i in range(inputs.shape[0]):
        x, row = inputs[i], rows[i * m : (i + 1) * m]
        for j in range(m):
            row[j] = x * slopes[j]


@kernel
def add_gradient(network, factor, out):
    """Add factor times the last gradient to out (p,), laid out as the weights."""
    first = network.first
    add_scaled(factor, network.gradient[:first], out[network.block[0] * first :])
    add_scaled(factor, network.gradient[first:], out[network.tail :])


@kernel(inline=False)
def add_scaled(factor, x, out):
    """Add factor times x (n,) to the first n entries of out."""
    for j in range(x.shape[0]):
        out[j] += factor * x[j]


# --- weights to start from ----------------------------------------------------------------------------------------


def uniform_weights(network: Network, rng: np.random.Generator) -> np.ndarray:
    """Return weights (p,) and biases uniform on +- 1 / sqrt(n) for a layer with n inputs (PyTorch's for linear layers).

    Where the network has blocks, n counts the inputs of all.
    """
    return np.concatenate([rng.uniform(-1.0, 1.0, size) / math.sqrt(inputs) for inputs, size in _sizes(network)])


def gaussian_weights(network: Network, rng: np.random.Generator) -> np.ndarray:
    """Return weights (p,) of which each is normal with variance 1 / m, for m the number of units nearest the output.

    That is the width of the layer, or, for the output weights, of the last hidden layer. Biases are 0.
    """
    weights = []
    for layer, (inputs, size) in enumerate(_sizes(network)):
        units = _units(network, layer)
        width = inputs if layer == network.depth > 0 else units
        weights += [rng.standard_normal(inputs * units) / math.sqrt(width), np.zeros(size - inputs * units)]
    return np.concatenate(weights)


def symmetric_weights(network: Network, rng: np.random.Generator) -> np.ndarray:
    """Return weights (p,) for which the output is 0 where both halves of the input are equal (Zhou, Li and Gu 2020).

    Hidden layers are [[W, 0], [0, W]] with normal entries of variance 4 / m, the output weights (w, -w) with variance
    2 / m. Without hidden layers all are 0. There are no biases. Inputs of a block and widths are even.
    """
    weights = []
    for layer, (inputs, _) in enumerate(_sizes(network)):
        units = _units(network, layer)
        if network.depth == 0:
            return np.zeros(network.layers[-1])
        if layer == network.depth:
            half = rng.standard_normal(inputs // 2) * math.sqrt(2.0 / inputs)
            weights.append(np.concatenate([half, -half]))
            break
        blocks = inputs // len(network.input) if layer == 0 else 1
        halves = rng.standard_normal((blocks, inputs // blocks // 2, units // 2)) * math.sqrt(4.0 / units)
        whole = np.zeros((blocks, inputs // blocks, units))
        whole[:, : inputs // blocks // 2, : units // 2] = halves
        whole[:, inputs // blocks // 2 :, units // 2 :] = halves
        weights.append(whole.ravel())
    return np.concatenate(weights)


def _units(network: Network, layer: int) -> int:
    widths = [network.sums.shape[0], network.sums2.shape[0]][: network.depth]
    return [*widths, 1][layer]


def _sizes(network: Network) -> list[tuple[int, int]]:
    """Return of each layer how many inputs it has, in all blocks, and how many weights and biases."""
    sizes = np.diff(network.layers)
    return [(int(size) // _units(network, k) - network.biased, int(size)) for k, size in enumerate(sizes)]
