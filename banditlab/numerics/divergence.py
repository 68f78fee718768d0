"""Kullback-Leibler divergences of one-parameter laws, in nats, and the confidence bounds that invert them."""

from __future__ import annotations

import math

from banditlab.fuse import kernel

_NOTHING = 1e-290  #: a probability that is taken for 0, so that no quotient overflows


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


@kernel
def bernoulli_upper(p, level):
    """Return the largest q in [p, 1] with d(p, q) <= level, for p in [0, 1] and level >= 0."""
    gone, _ = _shrink(1.0 - p, p, level)
    return min(p + gone, 1.0)


@kernel
def bernoulli_lower(p, level):
    """Return the smallest q in [0, p] with d(p, q) <= level, for p in [0, 1] and level >= 0."""
    _, left = _shrink(p, 1.0 - p, level)
    return left


@kernel
def _shrink(a, b, level):
    """Shrink the probability a of one outcome until the divergence is the level; b = 1 - a is the other's.

    Return what is gone of a, and what is left. Both are sought, since each is the exact one where it is small:

        a ln(a / left) + b ln(b / (b + gone)) = level,    gone + left = a.

    The left side is convex and decreasing in u = ln(left), so that Newton's method on u comes from one side after its
    first step at the latest; Halley's correction makes it cubic.
    """
    if level <= 0.0 or a <= 0.0:
        return 0.0, a
    if b <= _NOTHING:  # the other outcome has no part in the divergence
        return -a * math.expm1(-level), a * math.exp(-level)
    # two terms of the series of the divergence around 0
    width = math.sqrt(2.0 * a * b * level)
    bend = 1.0 + width * (b - a) / (3.0 * a * b)
    gone = 0.9 * a
    if bend > 0.0 and width < gone * bend:
        gone = width / bend
    if gone <= _NOTHING:
        return 0.0, a
    left = a - gone
    for _ in range(60):
        error = a * math.log1p(gone / left) - b * math.log1p(gone / b) - level
        correction = 1.0 - 0.5 * b * (error / gone) * (left / gone)
        step = error * (b + gone) / (gone * max(correction, 0.5))
        if abs(step) > 1.0:
            left *= math.exp(step)
            gone = a - left
            if left < _NOTHING:
                break
            continue
        move = left * math.expm1(step)
        gone -= move
        left += move
        # what remains of the error is of the order of its cube; no number comes of levels far below rounding
        if not abs(move) > 1e-5 * min(gone, left):
            break
    return gone, left
