"""Results of duels between fixed arms, and the confidence bounds on preferences that they give.

The bounds on P(i beats j) after n = w_ij + w_ji duels are w_ij / n +- sqrt(alpha ln t / n). Most papers that use them
add "x / 0 := 1 for any x": the upper bound of a pair that never met is then 1 + 1 = 2, and its lower bound 1 - 1 = 0.
An arm has preference 1/2 over itself, and both bounds are 1/2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.sampling import draw_index
from banditlab.types import Counts, Matrix


class Duels(NamedTuple):
    """Wins, and what bounds are made of, kept so that a bound takes neither a division nor a root."""

    wins: Counts  #: (K, K) wins[i, j] of i over j; duels of i with itself on the diagonal
    means: Matrix  #: (K, K) wins[i, j] / n; 1 for a pair that never met, 1/2 on the diagonal
    roots: Matrix  #: (K, K) 1 / sqrt(n); 0 for a pair that never met


def start_duels(arms: int) -> Duels:
    """Return the results of no duels between K arms."""
    means = np.ones((arms, arms))
    np.fill_diagonal(means, 0.5)
    return Duels(np.zeros((arms, arms), int), means, np.zeros((arms, arms)))


@kernel
def count_duel(duels, first, second, won):
    """Add a duel. That of an arm with itself teaches nothing: it is counted, and the arm's mean stays 1/2."""
    # no branch for it: the bookkeeping of references would stay in the compiled loop, and take most of a round
    wins, means, roots = duels.wins, duels.means, duels.roots
    wins[first, second] += won
    wins[second, first] += not won
    total = wins[first, second] + wins[second, first]
    means[first, second] = wins[first, second] / total
    means[second, first] = wins[second, first] / total
    roots[first, second] = roots[second, first] = math.sqrt(1.0 / total)


@kernel
def bound_scale(alpha, t):
    """sqrt(alpha ln t) for t = 1, 2, ..., the factor of 1 / sqrt(n) in the bounds."""
    return math.sqrt(alpha * math.log(t))


@kernel
def upper(duels, scale, i, j):
    """Upper bound on P(i beats j), for a scale as of `bound_scale`; 2 for a pair that never met, 1/2 for i = j."""
    if i == j:
        return 0.5
    root = duels.roots[i, j]
    return 2.0 if root == 0.0 else duels.means[i, j] + scale * root


@kernel
def lower(duels, scale, i, j):
    """Lower bound on P(i beats j), for a scale as of `bound_scale`; 0 for a pair that never met, 1/2 for i = j."""
    if i == j:
        return 0.5
    root = duels.roots[i, j]
    return 0.0 if root == 0.0 else duels.means[i, j] - scale * root


@kernel
def draw_place(rng, size):
    """Index in [0, size), for which one that is alone needs no draw."""
    return draw_index(rng, size) if size > 1 else 0


@kernel
def toughest(duels, scale, arm, rng):
    """Return the opponent of an arm with the largest upper bound on beating it, ties at random.

    It is the arm itself only where every other arm's bound is below 1/2.
    """
    arms = duels.means.shape[0]
    best, opponent, ties = 0.5, arm, 0
    for k in range(arms):
        bound = upper(duels, scale, k, arm)
        if k != arm and bound >= best:
            ties = ties + 1 if bound == best else 1
            best, opponent = bound, k
    place = draw_place(rng, ties)
    for k in range(arms if ties > 1 else 0):
        if k != arm and upper(duels, scale, k, arm) == best:
            if place == 0:
                opponent = k
            place -= 1
    return opponent
