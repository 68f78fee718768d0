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
    twin: Vector  #: (D,) input of a second arm, which goes through the first layer beside the other
    twin_sums: Vector  #: (m,)
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
        np.zeros(first + layers[-1] - tail), np.zeros(dim), np.zeros(m), np.zeros(max(dim, m, m2), int), layers,
        np.zeros(1, int), activation, len(hidden), first, tail, biased, scale,
    )  # fmt: skip


@kernel(inline=False, counted=False)
def forward(network, weights, x, block):
    """Return the output for x (d,) in a block.

    Where the network has twice as many inputs as x has entries, it sees (x, x) / sqrt(2), of the same norm.
    """
    inputs, sums, places = network.input, network.sums, network.scratch
    network.block[0] = block
    _begin(network, weights, x, inputs, sums)
    add_rows(inputs, weights[block * network.first :], sums, places, _find(inputs, inputs, places))
    return _finish(network, weights, sums)


@kernel(inline=False, counted=False)
def forward_arms(network, weights, features, disjoint, outputs):
    """Write the outputs (K,) for the features (K, d) of all arms, each in its own block or all in the first.

    Arms of one block pass the first layer two by two. Outputs are those of `forward`; `backward` is for that alone.
    """
    arms, k = features.shape[0], 0
    x, y, sums, sums_of_y, places = network.input, network.twin, network.sums, network.twin_sums, network.scratch
    while not disjoint and k + 2 <= arms:
        _begin(network, weights, features[k], x, sums)
        _begin(network, weights, features[k + 1], y, sums_of_y)
        _add_rows_to_two(x, y, weights, sums, sums_of_y, places, _find(x, y, places))
        outputs[k] = _finish(network, weights, sums)
        outputs[k + 1] = _finish(network, weights, sums_of_y)
        k += 2
    while k < arms:
        outputs[k] = forward(network, weights, features[k], k if disjoint else 0)
        k += 1


@kernel(inline=False, counted=False)
def _begin(network, weights, x, inputs, sums):
    """Write what the network sees of x, and the biases of the first layer."""
    size = x.shape[0]
    if inputs.shape[0] == size:
        copy(x, inputs)
    else:
        for i in range(size):
            inputs[i] = inputs[size + i] = _ROOT_HALF * x[i]
    _copy_biases(network, weights, 1, sums)


@kernel(inline=False, counted=False)
def _copy_biases(network, weights, layer, sums):
    """Write the biases of layer 1 or 2, or 0 where there are none."""
    m = sums.shape[0]
    if network.biased:
        copy(weights[network.layers[layer] - m :], sums)
    else:
        clear(sums)


@kernel(inline=False, counted=False)
def _find(x, y, places):
    """Write where x (n,) or y (n,) is not 0; return at how many places."""
    count = 0
    for i in range(x.shape[0]):
        places[count] = i
        count += x[i] != 0.0 or y[i] != 0.0
    return count


@kernel(reassociate=True, counted=False)
def add_rows(inputs, rows, sums, places, count):
    """Add inputs (n,) times rows (n, m), one behind the other, to sums (m,): four at a time, but for inputs of 0.

    places : int64 (n,), where inputs are not 0, of which the first `count` matter
    """
    m, i = sums.shape[0], 0
    while i + 4 <= count:
        i0, i1, i2, i3 = places[i], places[i + 1], places[i + 2], places[i + 3]
        x0, x1, x2, x3 = inputs[i0], inputs[i1], inputs[i2], inputs[i3]
        row0, row1, row2, row3 = rows[i0 * m :], rows[i1 * m :], rows[i2 * m :], rows[i3 * m :]
        for j in range(m):
            sums[j] = (((sums[j] + x0 * row0[j]) + x1 * row1[j]) + x2 * row2[j]) + x3 * row3[j]
        i += 4
    while i < count:
        x, row = inputs[places[i]], rows[places[i] * m :]
        for j in range(m):
            sums[j] += x * row[j]
        i += 1


@kernel(reassociate=True, counted=False)
def _add_rows_to_two(x, y, rows, sums, sums_of_y, places, count):
    """Do so for inputs x and y at once, so that rows are read half as often."""
    m, i = sums.shape[0], 0
    while i + 4 <= count:
        i0, i1, i2, i3 = places[i], places[i + 1], places[i + 2], places[i + 3]
        x0, x1, x2, x3 = x[i0], x[i1], x[i2], x[i3]
        y0, y1, y2, y3 = y[i0], y[i1], y[i2], y[i3]
        row0, row1, row2, row3 = rows[i0 * m :], rows[i1 * m :], rows[i2 * m :], rows[i3 * m :]
        for j in range(m):
            w0, w1, w2, w3 = row0[j], row1[j], row2[j], row3[j]
            sums[j] = (((sums[j] + x0 * w0) + x1 * w1) + x2 * w2) + x3 * w3
            sums_of_y[j] = (((sums_of_y[j] + y0 * w0) + y1 * w1) + y2 * w2) + y3 * w3
        i += 4
    while i < count:
        x0, y0, row0 = x[places[i]], y[places[i]], rows[places[i] * m :]
        for j in range(m):
            w0 = row0[j]
            sums[j] += x0 * w0
            sums_of_y[j] += y0 * w0
        i += 1


@kernel(inline=False, counted=False)
def _finish(network, weights, sums):
    """Return the output for sums (m,) of the first layer."""
    layers, units, places = network.layers, network.units, network.scratch
    if network.depth == 0:
        return network.scale * sums[0]
    activate(network.activation, sums, units, places)
    if network.depth == 2:
        _copy_biases(network, weights, 2, network.sums2)
        add_rows(units, weights[layers[1] :], network.sums2, places, _find(units, units, places))
        units = network.units2
        activate(network.activation, network.sums2, units, places)
    last = weights[layers[network.depth] :]
    output = dot(units, last)
    if network.biased:
        output += last[units.shape[0]]
    return network.scale * output


@kernel(inline=False, counted=False)
def backward(network, weights):
    """Write the gradient of the last output in the weights, for the weights it was computed with."""
    find_slopes(network, weights)
    _put(network, 1.0, network.gradient, network.gradient[network.first :], True)


@kernel(inline=False, counted=False)
def find_slopes(network, weights):
    """Write the derivatives of the last output in the sums of each layer alone, all that `add_gradient` needs."""
    if network.depth == 0:
        network.slopes[0] = network.scale
    elif network.depth == 1:
        _find_last_slopes(network, weights, network.sums, network.units, network.slopes)
    else:
        _find_last_slopes(network, weights, network.sums2, network.units2, network.slopes2)
        _find_first_slopes(network, weights[network.layers[1] :])


@kernel(inline=False, counted=False)
def _find_last_slopes(network, weights, sums, units, slopes):
    row = weights[network.layers[network.depth] :]
    for j in range(slopes.shape[0]):
        slopes[j] = network.scale * row[j]
    multiply_by_slopes(network.activation, sums, units, slopes)


@kernel(inline=False, counted=False)
def _find_first_slopes(network, rows):
    """Find those of the first of two layers through the rows (m, m2) of the second, but for units without a slope."""
    slopes, slopes2 = network.slopes, network.slopes2
    m2 = slopes2.shape[0]
    for i in range(slopes.shape[0]):
        slopes[i] = 1.0
    multiply_by_slopes(network.activation, network.sums, network.units, slopes)
    for i in range(slopes.shape[0]):
        if slopes[i] != 0.0:
            slopes[i] *= dot(slopes2, rows[i * m2 :])


@kernel(inline=False, counted=False)
def add_gradient(network, factor, out):
    """Add factor times the gradient of the last output to out (p,), laid out as the weights; it may be the weights."""
    _put(network, factor, out[network.block[0] * network.first :], out[network.tail :], False)


@kernel(inline=False, counted=False)
def _put(network, factor, block, behind, fresh):
    """Put factor times the gradient into what is for the block and for all behind the blocks, or add it to them."""
    units, layers, tail = network.units, network.layers, network.tail
    _put_product(factor, network.input, network.slopes, block, fresh)
    if network.biased:
        _put_scaled(factor, network.slopes, behind, fresh)
    if network.depth == 2:
        rows, m2 = behind[layers[1] - tail :], network.slopes2.shape[0]
        _put_product(factor, units, network.slopes2, rows, fresh)
        if network.biased:
            _put_scaled(factor, network.slopes2, rows[units.shape[0] * m2 :], fresh)
        units = network.units2
    if network.depth > 0:
        last, step = behind[layers[network.depth] - tail :], factor * network.scale
        _put_scaled(step, units, last, fresh)
        if network.biased:
            at = units.shape[0]
            last[at] = step if fresh else last[at] + step


@kernel(inline=False, counted=False)
def _put_product(factor, inputs, slopes, rows, fresh):
    """Put factor times inputs (n,) times slopes (m,) into rows (n, m), one behind the other, or add it to them."""
    m = slopes.shape[0]
    for i in range(inputs.shape[0]):
        x = factor * inputs[i]
        if fresh or x != 0.0:
            _put_scaled(x, slopes, rows[i * m :], fresh)


@kernel(inline=False, counted=False)
def _put_scaled(factor, x, out, fresh):
    """Put factor times x (n,) into the first n entries of out, or add it to them."""
    if fresh:
        for j in range(x.shape[0]):
            out[j] = factor * x[j]
    else:
        add_scaled(factor, x, out)


@kernel(inline=False, counted=False)
def add_scaled(factor, x, out):
    """Add factor times x (n,) to the first n entries of out."""
    for j in range(x.shape[0]):
        out[j] += factor * x[j]


@kernel(inline=False, counted=False)
def copy(x, out):
    """Write into out (n,) the first n entries of x."""
    for j in range(out.shape[0]):
        out[j] = x[j]


@kernel(inline=False, counted=False)
def clear(x):
    """Put 0 into all entries (n,)."""
    for j in range(x.shape[0]):
        x[j] = 0


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
    2 / m. Without hidden layers all are 0. For networks without biases, whose inputs and widths are even.
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
