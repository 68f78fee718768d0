"""Optimism about single arms: a `Belief` whose last arm has utility 0, so that a yes or no is a duel against it."""

from __future__ import annotations

import math

from banditlab.fuse import kernel
from banditlab.numerics import kernel_duels
from banditlab.numerics.kernel_duels import TIE, beta, spread
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.numerics.ties import draw_best


@kernel
def draw_optimist(belief, rng):
    """Draw one of the arms with the highest upper bound on the probability of a yes, with one number of the stream."""
    scores, f = belief.scores, belief.model.utilities
    origin, factor = scores.shape[0] - 1, beta(belief)
    for k in range(origin):
        scores[k] = probability(LOGISTIC, f[k]) + spread(belief, factor, k, origin)
    scores[origin] = -math.inf  # it is no arm
    return draw_best(scores, TIE, rng)


@kernel
def learn_answer(belief, arm, yes):
    """Learn from a yes or no of one arm."""
    kernel_duels.learn(belief, arm, belief.scores.shape[0] - 1, yes)
