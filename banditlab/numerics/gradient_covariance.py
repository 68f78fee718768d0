"""Ridge covariances of a network's gradients: how far a gradient lies from those seen before.

For the matrix A = ridge I + sum of g g' over gradients g (p,) of observations, the squared width of a gradient g is
g'A^-1 g. Two forms give it, the same to rounding, always for the last gradient of a network.

`Covariance` keeps A^-1 (p, p). A width costs q^2 / 2 operations, for the q weights of a block and behind the blocks, an
observation 2 p^2. Gradients may be taken at any weights.

`DualCovariance` keeps the lower Cholesky factor L of K + ridge I, for the inner products K of the n gradients seen:
g'A^-1 g = (g'g - |L^-1 k|^2) / ridge, with k their products with g. A width and an observation cost n^2 / 2. It does
not keep gradients but what they are made of, the inputs of each layer and the derivatives in its sums: for inputs x of
one block, derivatives s and units u of one hidden layer, the product of two gradients is (x'y) (s'r) + u'v.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import dot, row_dot, subtract_square
from banditlab.numerics.network import Network
from banditlab.types import Counts, Matrix, Vector


class Covariance(NamedTuple):
    """The inverse of A."""

    inverse: Matrix  #: (p, p) A^-1
    image: Vector  #: (p,) scratch


def start_covariance(weights: int, ridge: float) -> Covariance:
    """Return that of a network with p weights before the first observation."""
    return Covariance(np.eye(weights) / ridge, np.zeros(weights))


@kernel(inline=False, counted=False)
def spread(covariance, network):
    """Return g'A^-1 g for the network's last gradient; rounding below zero counts as zero."""
    first, tail = network.first, network.tail
    block, behind, start = network.gradient[:first], network.gradient[first:], network.block[0] * first
    total = 0.0
    for i in range(first):
        if block[i] != 0.0:
            row = covariance.inverse[start + i][start:]
            total += block[i] * (2.0 * row_dot(row, block, i) + row[i] * block[i])
    for i in range(behind.shape[0]):
        if behind[i] != 0.0:
            row = covariance.inverse[tail + i]
            across = row_dot(row[start:], block, first) + row_dot(row[tail:], behind, i)
            total += behind[i] * (2.0 * across + row[tail + i] * behind[i])
    return max(0.0, total)


@kernel(inline=False, counted=False)
def absorb(covariance, network, weight):
    """Add weight g g' to A for the network's last gradient; return weight g'A^-1 g of before.

    The determinant of A grows by the factor of 1 + this. The inverse stays symmetric to the bit.
    """
    inverse, image, first, tail = covariance.inverse, covariance.image, network.first, network.tail
    block, behind, start = network.gradient[:first], network.gradient[first:], network.block[0] * first
    for i in range(image.shape[0]):
        row = inverse[i]
        image[i] = row_dot(row[start:], block, first) + row_dot(row[tail:], behind, behind.shape[0])
    gain = weight * (dot(block, image[start:]) + dot(behind, image[tail:]))
    subtract_square(inverse, image, weight / (1.0 + gain))
    return gain


class DualCovariance(NamedTuple):
    """The observations of several matrices A, each of which has its own list of them; no observation is in two.

    The gradients come from a network without biases at weights that stay. The factors of all lists share one room:
    whatever their sizes, the rows of T observations are no longer than those of one list.
    """

    parts: Matrix  #: (T, n) of each observation, what its gradient is made of
    blocks: Counts  #: (T,)
    factors: Vector  #: (T (T + 1) / 2,) rows of L, each up to its diagonal
    rows: Counts  #: (T,) where the row of an observation starts
    used: Counts  #: (1,) of the room
    current: Vector  #: (n,) scratch, of the network's last gradient
    column: Vector  #: (T,) scratch
    ridge: float


def start_dual_covariance(network: Network, rounds: int, ridge: float) -> DualCovariance:
    """Return room for T observations of gradients of a network."""
    length = _length(network)
    return DualCovariance(
        np.zeros((rounds, length)), np.zeros(rounds, int), np.zeros(rounds * (rounds + 1) // 2), np.zeros(rounds, int),
        np.zeros(1, int), np.zeros(length), np.zeros(rounds), ridge,
    )  # fmt: skip


def bytes_of(network: Network, matrices: int) -> int:
    """Return how much memory the inverses of so many matrices A take."""
    return 8 * matrices * int(network.layers[-1]) ** 2


def bytes_of_dual(network: Network, rounds: int) -> int:
    """Return how much memory T observations take."""
    return 8 * (rounds * _length(network) + rounds * (rounds + 1) // 2)


def _length(network: Network) -> int:
    layers = [network.units, network.units2][: network.depth]
    return len(network.input) + len(network.slopes) + len(network.slopes2) + sum(map(len, layers))


@kernel(inline=False, counted=False)
def spread_dual(dual, network, places, count):
    """Return g'A^-1 g for the network's last gradient and the A of a list; rounding below zero counts as zero.

    Leaves L^-1 k in the column.

    places : int64 (n,), the observations of the list, of which the first `count` matter
    """
    current, column = dual.current, dual.column
    _take_apart(network, current)
    for i in range(count):
        at = places[i]
        column[i] = _product(network, current, dual.parts[at], dual.blocks[at] == network.block[0])
    rest = _product(network, current, current, True)
    for i in range(count):
        row = dual.factors[dual.rows[places[i]] :]
        column[i] = (column[i] - row_dot(row, column, i)) / row[i]
        rest -= column[i] * column[i]
    return max(0.0, rest) / dual.ridge


@kernel(inline=False, counted=False)
def absorb_dual(dual, network, places, count, at):
    """Add g g' to the A of a list for the network's last gradient; return g'A^-1 g of before.

    at : which observation it is; the caller adds it to the list
    """
    gain = spread_dual(dual, network, places, count)
    start = dual.used[0]
    row, parts = dual.factors[start:], dual.parts[at]
    for i in range(count):
        row[i] = dual.column[i]
    row[count] = math.sqrt(dual.ridge * (1.0 + gain))
    for i in range(parts.shape[0]):
        parts[i] = dual.current[i]
    dual.blocks[at], dual.rows[at], dual.used[0] = network.block[0], start, start + count + 1
    return gain


@kernel(counted=False)
def _take_apart(network, parts):
    """Write the input, the derivatives in the sums of each layer, and the units of each layer, one behind the other."""
    at = _append(parts, 0, network.input, 1.0)
    at = _append(parts, at, network.slopes, 1.0)
    at = _append(parts, at, network.slopes2, 1.0)
    if network.depth > 0:
        at = _append(parts, at, network.units, network.scale if network.depth == 1 else 1.0)
        _append(parts, at, network.units2, network.scale)


@kernel(counted=False)
def _append(parts, at, values, factor):
    for j in range(values.shape[0]):
        parts[at + j] = factor * values[j]
    return at + values.shape[0]


@kernel(counted=False)
def _product(network, parts, others, same):
    """Return the inner product of two gradients by their parts; `same` where they are of one block."""
    dim, m, m2 = network.input.shape[0], network.slopes.shape[0], network.slopes2.shape[0]
    total = 0.0
    if same:
        total = row_dot(parts, others, dim) * row_dot(parts[dim:], others[dim:], m)
    if network.depth > 0:
        units = dim + m + m2
        inner = row_dot(parts[units:], others[units:], m)
        if network.depth == 2:
            inner *= row_dot(parts[dim + m :], others[dim + m :], m2)
            inner += row_dot(parts[units + m :], others[units + m :], m2)
        total += inner
    return total
