"""The best of some scores, where those within a tolerance of the largest are equal."""

from __future__ import annotations

from banditlab.fuse import kernel
from banditlab.numerics.sampling import draw_index


@kernel
def largest(scores):
    """Return the largest of scores (N,)."""
    value = scores[0]
    for k in range(1, scores.shape[0]):
        value = max(value, scores[k])
    return value


@kernel
def first_best(scores, tolerance):
    """Return the lowest index of the scores (N,) within a tolerance of the largest."""
    least, k = largest(scores) - tolerance, 0
    while scores[k] < least:
        k += 1
    return k


@kernel
def draw_best(scores, tolerance, rng):
    """Draw one of the scores (N,) within a tolerance of the largest, with one number of the stream."""
    least, count = largest(scores) - tolerance, 0
    for k in range(scores.shape[0]):
        count += scores[k] >= least
    place = draw_index(rng, count)
    for k in range(scores.shape[0]):
        if scores[k] >= least:
            if place == 0:
                return k
            place -= 1
    return 0
