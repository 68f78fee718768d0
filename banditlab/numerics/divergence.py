"""Kullback-Leibler divergences of one-parameter laws, in nats, and the confidence bounds that invert them."""

from __future__ import annotations

import math

from banditlab.fuse import kernel


@kernel
def bernoulli_kl(p, q):
    """d(p, q) of Bernoulli laws for p, q in [0, 1]; infinite where q excludes what p allows."""
    total = 0.0
    if p > 0.0:
        if q <= 0.0:
            return math.inf
        total += p * math.log(p / q)
    if p < 1.0:
        if q >= 1.0:
            return math.inf
        total += (1.0 - p) * math.log((1.0 - p) / (1.0 - q))
    return max(total, 0.0)
