"""What a policy knows of Borda values: bounds for each arm in each context, by kernel ridge regression on won duels.

Against an opponent drawn uniformly from all K arms, itself among them, an arm wins with the probability that is its
Borda value. So the bits of such duels are noisy observations of a function of (context, arm), whatever the preferences
behind them, and a Gaussian process gives the estimate mu and its deviation sigma: arm a of context x has a Borda value
within beta sigma(x, a) of mu(x, a). In each context the mean of all values is 1/2, which is the prior mean.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.gaussian_process import Process, learn_value, start_process
from banditlab.numerics.sampling import draw_index
from banditlab.numerics.ties import first_best, largest
from banditlab.numerics.widths import Width, beta_of
from banditlab.types import Counts, Matrix, Vector

AVERAGE = 0.5  #: of the Borda values of a context
ROUNDING = 1e-9  #: difference below which two bounds count as equal


class BordaBelief(NamedTuple):
    """What is known of C contexts with K arms each."""

    process: Process  #: of the M = C K points, by context and arm
    width: Width
    upper: Matrix  #: (C, K) upper bounds
    lower: Matrix  #: (C, K) lower bounds
    floor: Matrix  #: (C, K) largest lower bounds so far
    gaps: Vector  #: (C,) scratch
    arms: Counts  #: (C,) the recommendation
    by_mean: bool  #: whether it goes by the means, and not by `floor`


def start_borda(gram: np.ndarray, ridge: float, width: Width, contexts: int, by_mean: bool) -> BordaBelief:
    """Return a belief without data, for the covariance (M, M) of all points, M = C K."""
    shape = (contexts, len(gram) // contexts)
    return BordaBelief(
        start_process(gram, ridge, AVERAGE), width, np.zeros(shape), np.zeros(shape), np.full(shape, -math.inf),
        np.zeros(contexts), np.zeros(contexts, int), by_mean,
    )  # fmt: skip


def borda_width(norm: float, delta: float) -> Width:
    """Return beta_t = 2 B + sqrt(2 gain + 1 + ln(2 / delta)), for a bound B on the norm of the Borda function."""
    return Width(2.0 * norm, math.sqrt(2.0), 0.5 * (1.0 + math.log(2.0 / delta)))


@kernel
def draw_duel(belief, rng):
    """Draw context, arm and opponent uniformly, with a number of the stream each."""
    contexts, arms = belief.upper.shape
    return draw_index(rng, contexts), draw_index(rng, arms), draw_index(rng, arms)


@kernel
def learn_bit(belief, context, first, won):
    """Learn from a duel of an arm in a context with an opponent that was drawn uniformly."""
    learn_value(belief.process, context * belief.upper.shape[1] + first, 1.0 if won else 0.0)


@kernel
def bound_values(belief):
    """Write the bounds of all arms."""
    process, upper, lower, floor = belief.process, belief.upper, belief.lower, belief.floor
    factor, point = beta_of(belief.width, process.gain[0]), 0
    for x in range(upper.shape[0]):
        for a in range(upper.shape[1]):
            mean, width = process.mean[point], factor * math.sqrt(max(0.0, process.covariance[point, point]))
            upper[x, a] = mean + width
            lower[x, a] = mean - width
            floor[x, a] = max(floor[x, a], mean - width)
            point += 1


@kernel
def compare_contexts(belief):
    """Write for each context how uncertain its largest Borda value is, max_a upper - max_a lower >= 0, into `gaps`."""
    for x in range(belief.gaps.shape[0]):
        belief.gaps[x] = largest(belief.upper[x]) - largest(belief.lower[x])


@kernel
def recommend(belief):
    """Return the arms (C,) of the largest `floor`, or of the largest mean; the lowest index among equals."""
    bound_values(belief)
    arms = belief.upper.shape[1]
    for x in range(belief.arms.shape[0]):
        scores = belief.process.mean[x * arms : (x + 1) * arms] if belief.by_mean else belief.floor[x]
        belief.arms[x] = first_best(scores, ROUNDING)
    return belief.arms
