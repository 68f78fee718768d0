"""Ensembles of log-linear policies pi(a|x) ~ exp(theta'phi(x, a)), trained by direct preference optimisation (DPO).

With a reference policy, the implicit reward of DPO is r(x, a) = gamma (log pi(a|x) - log ref(a|x)), and its loss of a
duel that a won against b is -log s(r(x, a) - r(x, b)), for the logistic function s. The reference is uniform here, so
that the loss is that of a logistic regression with the weights w = gamma theta: -log s(w'(phi(x, a) - phi(x, b))).

R. Rafailov, A. Sharma, E. Mitchell, S. Ermon, C. D. Manning, C. Finn. Direct preference optimization: your language
model is secretly a reward model. NeurIPS 2023 (arXiv 2305.18290).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import dot
from banditlab.numerics.links import LOGISTIC, slope
from banditlab.types import Matrix, Vector


class Ensemble(NamedTuple):
    """Members with weights of their own, each of which sees a masked version of every duel."""

    weights: Matrix  #: (m, d) gamma theta of each member
    masks: Matrix  #: (m, d) factors of the features in the next step: 0, or 1 / (1 - dropout)
    values: Vector  #: (m,) scratch
    step: Vector  #: (d,) scratch
    gamma: float  #: of the implicit reward
    rate: float  #: of a step of the weights
    dropout: float  #: probability that a factor is 0
    whole: bool  #: whether a member has one factor for all features


def start_ensemble(members: int, dim: int, gamma: float, rate: float, dropout: float, whole: bool) -> Ensemble:
    """Return m = `members` uniform policies on features of length d = `dim`."""
    weights, masks = np.zeros((members, dim)), np.ones((members, dim))
    return Ensemble(weights, masks, np.zeros(members), np.zeros(dim), gamma, rate, dropout, whole)


@kernel
def draw_masks(ensemble, rng):
    """Draw the masks of the next step, one number for each factor."""
    masks, kept = ensemble.masks, 1.0 / (1.0 - ensemble.dropout)
    for j in range(masks.shape[0]):
        for k in range(masks.shape[1]):
            if k > 0 and ensemble.whole:
                masks[j, k] = masks[j, 0]
            else:
                masks[j, k] = 0.0 if rng.random() < ensemble.dropout else kept


@kernel
def learn_win(ensemble, winner, loser):
    """Take a step of gradient descent on the loss of a duel, in each member with its mask; features (d,) of the two."""
    x = ensemble.step
    for j in range(ensemble.weights.shape[0]):
        w, mask = ensemble.weights[j], ensemble.masks[j]
        for k in range(x.shape[0]):
            x[k] = mask[k] * (winner[k] - loser[k])
        push = ensemble.rate * slope(LOGISTIC, dot(w, x))
        for k in range(x.shape[0]):
            w[k] += push * x[k]


@kernel
def log_probability(ensemble, member, features, arm):
    """Return log pi(a|x) of a member, for the features (K, d) of a context."""
    w, largest, total = ensemble.weights[member], -math.inf, 0.0
    for k in range(features.shape[0]):
        largest = max(largest, dot(w, features[k]))
    for k in range(features.shape[0]):
        total += math.exp((dot(w, features[k]) - largest) / ensemble.gamma)
    return (dot(w, features[arm]) - largest) / ensemble.gamma - math.log(total)


@kernel
def bounds_of(ensemble, features, arm, width):
    """Return mean +- width times standard deviation (of m - 1 degrees of freedom) of log pi(a|x) over the members."""
    values = ensemble.values
    members, mean, square = values.shape[0], 0.0, 0.0
    for j in range(members):
        values[j] = log_probability(ensemble, j, features, arm)
        mean += values[j] / members
    for j in range(members):
        square += (values[j] - mean) ** 2
    spread = width * math.sqrt(square / (members - 1))
    return mean - spread, mean + spread


@kernel
def doubt(ensemble, features, first, second, width):
    """Return the largest upper bound of log pi - log ref of two arms minus their largest lower bound; >= 0.

    The reference policy is uniform, and falls out. It is the same for (second, first).
    """
    low, high = bounds_of(ensemble, features, first, width)
    other_low, other_high = bounds_of(ensemble, features, second, width)
    return max(high, other_high) - max(low, other_low)


@kernel
def mean_rewards(ensemble, points, out):
    """Write the implicit reward of points (N, d), but for a constant of their context, averaged over members."""
    for n in range(points.shape[0]):
        out[n] = 0.0
        for j in range(ensemble.weights.shape[0]):
            out[n] += dot(ensemble.weights[j], points[n]) / ensemble.weights.shape[0]
