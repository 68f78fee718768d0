"""Selection of the pairs to label: a pool of pairs is drawn, scored, and the best of it is labelled one by one."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.kernel_logistic import Logistic, learn_duel
from banditlab.numerics.sampling import draw_index
from banditlab.numerics.ties import draw_best, first_best
from banditlab.types import Counts, Vector

TIE = 1e-8  #: difference below which two scores count as equal; the estimates are accurate to about 1e-9
SMALL, LARGE = -1.0, 1.0


class Pool(NamedTuple):
    """Pairs that were drawn, and those of them that are to be labelled."""

    pairs: Counts  #: (n, 3) a context and two different arms
    scores: Vector  #: (n,) of the pairs; -inf for those that are kept
    kept: Counts  #: (n,) places of the pairs to label, one after the other
    sizes: Counts  #: (I,) numbers of labels of the batches; later ones have that of the last
    clock: Counts  #: (3,) batches begun, labels that the current one takes, labels that it has


def start_pool(size: int, sizes: np.ndarray) -> Pool:
    """Return a pool of `size` pairs, for batches of `sizes` labels (I,), each in 1 .. size."""
    return Pool(np.zeros((size, 3), int), np.zeros(size), np.zeros(size, int), sizes, np.zeros(3, int))


def decreasing_sizes(total: int, batches: int) -> np.ndarray:
    """Return numbers (I,) that sum to `total`, in proportion to I, I - 1, ..., 1 for I = `batches`.

    They are rounded down, and what is left goes to the first ones, one each. Those that are zero are left out.
    """
    shares = np.arange(batches, 0, -1)
    sizes = total * shares // shares.sum()
    sizes[: total - sizes.sum()] += 1
    return sizes[sizes > 0]


@kernel
def is_labelled(pool):
    """Return whether all pairs of the current batch have their labels; true before the first one."""
    return pool.clock[2] == pool.clock[1]


@kernel
def keep_best(pool, rng):
    """Begin a batch with the pairs of the largest scores, one draw for each; scores within `TIE` tie."""
    begun = min(pool.clock[0], pool.sizes.shape[0] - 1)
    pool.clock[0] += 1
    pool.clock[1] = pool.sizes[begun]
    pool.clock[2] = 0
    for n in range(pool.clock[1]):
        place = draw_best(pool.scores, TIE, rng)
        pool.kept[n] = place
        pool.scores[place] = -math.inf


@kernel
def next_pair(pool):
    """Return the context and the two arms that are to be labelled."""
    pair = pool.pairs[pool.kept[pool.clock[2]]]
    return pair[0], pair[1], pair[2]


@kernel
def count_label(pool):
    """Move on to the next pair of the batch."""
    pool.clock[2] += 1


class Selection(NamedTuple):
    """The state of a policy that selects pairs by the margins of a utility that it estimates."""

    model: Logistic  #: of C K points, by context and arm
    pool: Pool
    order: Counts  #: (K,) arms; the candidates of a context are the first ones
    scores: Vector  #: (n (n-1) / 2,) of the pairs of n candidates
    recommended: Counts  #: (C,)
    candidates: int  #: n, in 2 .. K


@kernel
def select_by_margin(selection, sign, rng):
    """Draw a pool of contexts, each with a pair of its candidates, and begin a batch with the best of it.

    Best is the largest |f(x, a) - f(x, a')| for the sign `LARGE`, the smallest for `SMALL`.
    """
    pool = selection.pool
    for n in range(pool.scores.shape[0]):
        context = draw_index(rng, selection.recommended.shape[0])
        pool.pairs[n, 0] = context
        pool.scores[n] = _draw_candidates(selection, context, sign, pool.pairs[n], rng)
    keep_best(pool, rng)


@kernel
def _draw_candidates(selection, context, sign, pair, rng):
    """Draw the candidates of a context, write the best of their pairs behind it, and return its score."""
    f, order, scores = selection.model.utilities, selection.order, selection.scores
    draw_different(order, selection.candidates, rng)
    start, n = context * order.shape[0], 0
    for j in range(selection.candidates):
        for i in range(j):
            scores[n] = sign * abs(f[start + order[i]] - f[start + order[j]])
            n += 1
    best = draw_best(scores, TIE, rng)
    j = 1
    while j * (j + 1) // 2 <= best:
        j += 1
    pair[1] = order[best - j * (j - 1) // 2]
    pair[2] = order[j]
    return scores[best]


@kernel
def learn_label(selection, context, first, second, won):
    """Learn from a duel of the batch."""
    start = context * selection.order.shape[0]
    learn_duel(selection.model, start + first, start + second, won)
    count_label(selection.pool)


@kernel
def draw_different(order, count, rng):
    """Move `count` different arms to the front of a permutation (K,), each choice with the same probability."""
    for i in range(count):
        j = i + draw_index(rng, order.shape[0] - i)
        order[i], order[j] = order[j], order[i]


@kernel
def find_best_arms(utilities, best):
    """Write the arm of the largest utility of each context into `best` (C,); the lowest index among equals.

    utilities : (C K,) by context and arm; those within `TIE` are equal
    """
    arms = utilities.shape[0] // best.shape[0]
    for context in range(best.shape[0]):
        best[context] = first_best(utilities[context * arms : (context + 1) * arms], TIE)
