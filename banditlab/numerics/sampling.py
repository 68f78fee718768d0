"""Draws from a policy's own stream, on top of NumPy's uniform and normal."""

from __future__ import annotations

import math

from banditlab.fuse import kernel


@kernel
def draw_index(rng, size):
    """Index in [0, size), uniform to within size / 2**53."""
    return int(rng.random() * size)


@kernel
def gamma(rng, shape):
    """Gamma(shape, 1) for shape > 0 by Marsaglia and Tsang (2000), on normals; below 1 by their boost."""
    boost = 1.0
    if shape < 1.0:
        boost = math.exp(math.log(1.0 - rng.random()) / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = rng.standard_normal()
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = 1.0 - rng.random()
        square = x * x
        if u < 1.0 - 0.0331 * square * square or math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return boost * d * v


@kernel
def beta(rng, a, b):
    """Beta(a, b) as a ratio of two gammas; a, b > 0. Where both are too small for a number, it is 0 or 1."""
    x = gamma(rng, a)
    total = x + gamma(rng, b)
    if total == 0.0:
        return 1.0 if rng.random() * (a + b) < a else 0.0
    return x / total


@kernel
def draw_weighted(rng, weights, total):
    """Index drawn in proportion to weights (n,) >= 0 with the given sum; never one of weight zero."""
    mark = rng.random() * total
    last = 0
    for k in range(weights.shape[0]):
        if weights[k] > 0.0:
            last = k
            mark -= weights[k]
            if mark < 0.0:
                return k
    return last


@kernel
def draw_pair(rng, size):
    """Two different indices in [0, size), each ordered pair with the same probability; size >= 2."""
    first = draw_index(rng, size)
    second = draw_index(rng, size - 1)
    return first, second + (second >= first)
