"""Compiled generators of features, and the utilities that they have."""

from __future__ import annotations

import math

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import dot


def unit_rows(rng: np.random.Generator, arms: int, dim: int) -> np.ndarray:
    """Return features (K, d) that are drawn once, with the instance: uniform on the unit sphere."""
    features = rng.standard_normal((arms, dim))
    return features / np.linalg.norm(features, axis=1, keepdims=True)


@kernel
def draw_gauss(features, rng):
    """Fill features (K, d) with standard normals."""
    for k in range(features.shape[0]):
        for i in range(features.shape[1]):
            features[k, i] = rng.standard_normal()


@kernel
def draw_sphere(features, rng):
    """Fill each row of features (K, d) with a uniform point of the unit sphere."""
    for k in range(features.shape[0]):
        row = features[k]
        for i in range(row.shape[0]):
            row[i] = rng.standard_normal()
        scale = 1.0 / math.sqrt(dot(row, row))
        for i in range(row.shape[0]):
            row[i] *= scale


@kernel
def draw_ball(features, rng):
    """Fill each row of features (K, d) with a uniform point of the unit ball."""
    draw_sphere(features, rng)
    for k in range(features.shape[0]):
        radius = math.pow(rng.random(), 1.0 / features.shape[1])
        for i in range(features.shape[1]):
            features[k, i] *= radius


@kernel
def draw_hypercube(features, rng):
    """Fill features (K, d) with random signs, scaled to rows of norm 1."""
    size = 1.0 / math.sqrt(features.shape[1])
    for k in range(features.shape[0]):
        for i in range(features.shape[1]):
            features[k, i] = size if rng.random() < 0.5 else -size


@kernel
def rank(features, theta, utilities, best):
    """Write the utilities x'theta (K,) of all rows, and the index of the first largest into best (1,)."""
    top = 0
    for k in range(features.shape[0]):
        utilities[k] = dot(features[k], theta)
        if utilities[k] > utilities[top]:
            top = k
    best[0] = top
