"""Exponential weights of cumulated losses."""

from __future__ import annotations

import math

from banditlab.fuse import kernel


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
