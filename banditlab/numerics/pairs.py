"""How contextual dueling policies look at a round, and the rules by which they pick its pair.

Norms are |v| = sqrt(v' A^-1 v), for the inverse of a design or of a Hessian that the policy hands in. `Arms` is for
rules that pick one arm after the other, and costs K d^2; `Pairs` has the norms of all contrasts, at K d^2 + K^2 d.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import dot, multiply, quadratic
from banditlab.numerics.preference import draw_theta, factorise
from banditlab.numerics.sampling import draw_index
from banditlab.types import Flags, Matrix, Vector

# --- one arm after the other --------------------------------------------------------------------------------------


class Arms(NamedTuple):
    """Utilities and norms of the arms of a round."""

    utilities: Vector  #: (K,) x'theta
    squares: Vector  #: (K,) |x|^2
    product: Vector  #: (d,) A^-1 x of the first arm


def start_arms(arms: int, dim: int) -> Arms:
    """Return arms that are still to be looked at."""
    return Arms(np.zeros(arms), np.zeros(arms), np.zeros(dim))


@kernel
def look_at_arms(arms, contexts, theta, inverse):
    """Write utilities and squared norms of contexts (K, d)."""
    for k in range(contexts.shape[0]):
        arms.utilities[k] = dot(contexts[k], theta)
        arms.squares[k] = max(0.0, quadratic(inverse, contexts[k]))


@kernel
def challenge(arms, contexts, inverse, first, width):
    """Return the arm whose contrast to the first has the largest upper bound; the first itself counts 0."""
    multiply(inverse, contexts[first], arms.product)
    best, arm = -math.inf, 0
    for k in range(arms.utilities.shape[0]):
        value = 0.0
        if k != first:
            square = arms.squares[k] + arms.squares[first] - 2.0 * dot(arms.product, contexts[k])
            value = arms.utilities[k] - arms.utilities[first] + width * math.sqrt(max(0.0, square))
        if value > best:
            best, arm = value, k
    return arm


# --- pairs --------------------------------------------------------------------------------------------------------


class Pairs(NamedTuple):
    """Utilities of the arms of a round, the norms of all contrasts, and which arms may be played."""

    utilities: Vector  #: (K,) x'theta
    products: Matrix  #: (K, d) A^-1 x
    squares: Matrix  #: (K, K) |x_i - x_j|^2 off the diagonal
    active: Flags  #: (K,)


def start_pairs(arms: int, dim: int) -> Pairs:
    """Return pairs that are still to be looked at; all arms are active."""
    return Pairs(np.zeros(arms), np.zeros((arms, dim)), np.zeros((arms, arms)), np.ones(arms, bool))


@kernel
def activate(pairs):
    """Let all arms be active again."""
    for k in range(pairs.active.shape[0]):
        pairs.active[k] = True


@kernel
def look_at_pairs(pairs, features, theta, inverse):
    """Write utilities and squared norms of the contrasts of active arms, for features (K, d)."""
    for i in range(features.shape[0]):
        if not pairs.active[i]:
            continue
        pairs.utilities[i] = dot(features[i], theta)
        multiply(inverse, features[i], pairs.products[i])
        pairs.squares[i, i] = dot(pairs.products[i], features[i])
        for j in range(i):
            if pairs.active[j]:
                square = pairs.squares[i, i] + pairs.squares[j, j] - 2.0 * dot(pairs.products[i], features[j])
                pairs.squares[i, j] = pairs.squares[j, i] = max(0.0, square)


@kernel
def best_pair(pairs, width):
    """Return the active pair of largest utilities and width |x_i - x_j| together; an arm with itself has norm 0.

    i >= j, and the first among equals by i and then j.
    """
    best, first, second = -math.inf, 0, 0
    for i in range(pairs.utilities.shape[0]):
        if not pairs.active[i]:
            continue
        for j in range(i + 1):
            if pairs.active[j]:
                norm = 0.0 if i == j else math.sqrt(pairs.squares[i, j])
                value = pairs.utilities[i] + pairs.utilities[j] + width * norm
                if value > best:
                    best, first, second = value, i, j
    return first, second


@kernel
def widest_pair(pairs):
    """Return the two different active arms of largest norm, i < j and the first among equals, and that norm squared.

    A single active arm is its own pair, with -1 for the norm.
    """
    best, first, second = -1.0, 0, 0
    for i in range(pairs.utilities.shape[0]):
        if not pairs.active[i]:
            continue
        if best < 0.0:
            first = second = i
        for j in range(i + 1, pairs.utilities.shape[0]):
            if pairs.active[j] and pairs.squares[i, j] > best:
                best, first, second = pairs.squares[i, j], i, j
    return first, second, best


@kernel
def draw_wide_pair(pairs, square, rng):
    """Return a random pair i < j of active arms among those whose squared norm is above `square`; at least one is."""
    count = 0
    for i in range(pairs.utilities.shape[0]):
        for j in range(i + 1, pairs.utilities.shape[0]):
            count += pairs.active[i] and pairs.active[j] and pairs.squares[i, j] > square
    left = draw_index(rng, count)
    for i in range(pairs.utilities.shape[0]):
        for j in range(i + 1, pairs.utilities.shape[0]):
            if pairs.active[i] and pairs.active[j] and pairs.squares[i, j] > square:
                if left == 0:
                    return i, j
                left -= 1
    return 0, 0


@kernel
def eliminate(pairs, margin):
    """Make those active arms inactive whose utility is more than `margin` below that of the best active one."""
    top = -math.inf
    for k in range(pairs.utilities.shape[0]):
        if pairs.active[k]:
            top = max(top, pairs.utilities[k])
    for k in range(pairs.utilities.shape[0]):
        pairs.active[k] = pairs.active[k] and pairs.utilities[k] >= top - margin


@kernel
def descend(pairs, layers, features, stop, unit, margin):
    """Go down layers l = 1, 2, ... of models, dropping arms on the way; return the last one's index, and if it is wide.

    A layer is wide where a norm is above unit 2^-l, and the last one too where all norms are at most `stop`. A layer
    that is neither drops the arms whose utility is more than margin 2^-l below the best. At the bottom `stop` has to
    be at least unit 2^-l. Utilities, norms and active arms are left as the last layer has them.
    """
    activate(pairs)
    level = 1.0
    for layer in range(len(layers)):
        level *= 0.5
        model = layers[layer]
        look_at_pairs(pairs, features, model.estimator.theta, model.design.inverse)
        _, _, square = widest_pair(pairs)
        if square <= stop * stop:
            return layer, False
        if square > unit * level * (unit * level):
            return layer, True
        eliminate(pairs, margin * level)
    return len(layers) - 1, False


# --- draws from the posterior -------------------------------------------------------------------------------------


@kernel
def draw_winners(estimator, draw, features, spread, rng):
    """Return the best arm for one theta from N(estimate, spread^2 H^-1), and for another one."""
    factorise(draw, estimator)
    first = _draw_winner(estimator, draw, features, spread, rng)
    return first, _draw_winner(estimator, draw, features, spread, rng)


@kernel
def _draw_winner(estimator, draw, features, spread, rng):
    draw_theta(draw, estimator, spread, rng)
    best, arm = -math.inf, 0
    for k in range(features.shape[0]):
        value = dot(features[k], draw.theta)
        if value > best:
            best, arm = value, k
    return arm
