"""Exponential weights of cumulated losses."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.sampling import draw_weighted
from banditlab.types import Vector


class Exponential(NamedTuple):
    """Sums of losses, or of estimates of them, and the weights of the round."""

    losses: Vector  #: (K,)
    weights: Vector  #: (K,) not normalised
    total: Vector  #: (1,) their sum


def start_exponential(actions: int) -> Exponential:
    """Return equal weights."""
    return Exponential(np.zeros(actions), np.zeros(actions), np.zeros(1))


@kernel
def draw_action(learner, eta, rng):
    """Draw an action in proportion to exp(-eta losses)."""
    learner.total[0] = exponential_weights(learner.losses, eta, learner.weights)
    return draw_weighted(rng, learner.weights, learner.total[0])


@kernel
def drawn_with(learner, action):
    """Return the probability with which `draw_action` draws an action."""
    return learner.weights[action] / learner.total[0]


@kernel
def add_estimate(learner, action, loss, gamma):
    """Add loss / (p + gamma), for the probability p with which the action was drawn (implicit exploration)."""
    learner.losses[action] += loss / (drawn_with(learner, action) + gamma)


@kernel
def share(learner, eta, fraction):
    """Give each action, before the next round, the same fraction / K of all weights (fixed share)."""
    losses, weights = learner.losses, learner.weights
    total = exponential_weights(losses, eta, weights)
    for k in range(losses.shape[0]):
        losses[k] = -math.log((1.0 - fraction) * weights[k] + fraction * total / losses.shape[0]) / eta


@kernel
def exponential_shares(losses, eta, total, shares):
    """Write what each of (K,) has of a total that is shared in proportion to exp(-eta losses)."""
    scale = total / exponential_weights(losses, eta, shares)
    for k in range(shares.shape[0]):
        shares[k] *= scale


@kernel
def exponential_weights(losses, eta, weights):
    """Write exp(-eta (losses_i - min losses)) (K,), not normalised: the leader's is 1; return their sum."""
    least = losses[0]
    for k in range(1, losses.shape[0]):
        least = min(least, losses[k])
    total = 0.0
    for k in range(losses.shape[0]):
        weight = math.exp(-eta * (losses[k] - least))
        weights[k] = weight
        total += weight
    return total
