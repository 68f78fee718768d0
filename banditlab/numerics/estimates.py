"""Running means with their standard errors."""

from __future__ import annotations

import math

from banditlab.fuse import kernel


@kernel
def add_value(moments, value):
    """Add a value to moments (3,): how many there are, their mean, their squared deviations from it (Welford 1962)."""
    moments[0] += 1.0
    away = value - moments[1]
    moments[1] += away / moments[0]
    moments[2] += away * (value - moments[1])


@kernel
def mean_error(moments):
    """Return the standard error of the mean of what was added; 0 for less than two values."""
    n = moments[0]
    return math.sqrt(moments[2] / (n * (n - 1.0))) if n > 1.0 else 0.0


@kernel
def add_weighted(sums, weight, value):
    """Add a value of that weight to sums (5,): of w, w x, w^2, w^2 x and w^2 x^2."""
    square = weight * weight
    sums[0] += weight
    sums[1] += weight * value
    sums[2] += square
    sums[3] += square * value
    sums[4] += square * value * value


@kernel
def weighted_mean(sums):
    """Return the weighted mean of what was added; 0 before the first positive weight."""
    return sums[1] / sums[0] if sums[0] > 0.0 else 0.0


@kernel
def weighted_error(sums):
    """Return its standard error by the delta method, sqrt(sum w^2 (x - mean)^2) / sum w."""
    if sums[0] == 0.0:
        return 0.0
    mean = sums[1] / sums[0]
    return math.sqrt(max(0.0, sums[4] - 2.0 * mean * sums[3] + mean * mean * sums[2])) / sums[0]
