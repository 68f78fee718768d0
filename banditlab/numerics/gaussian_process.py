"""Gaussian processes on a finite domain: mean and covariance of all points, updated by each observation.

An update takes O(N^2) for N points, whatever has been observed before, and equals the posterior of the data-space
formulas. C. E. Rasmussen, C. K. I. Williams. Gaussian Processes for Machine Learning. MIT Press 2006, section 2.2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import subtract_square
from banditlab.types import Matrix, Vector


class Process(NamedTuple):
    """The posterior of a function on N points."""

    mean: Vector  #: (N,)
    covariance: Matrix  #: (N, N)
    gain: Vector  #: (1,) information gain so far in nats, log det(I + K / noise) / 2
    noise: float  #: variance of an observation, rho^2
    column: Vector  #: (N,) scratch


def start_process(gram: np.ndarray, noise: float, mean: float = 0.0) -> Process:
    """Return the prior with a covariance (N, N), a variance of the noise and a constant mean.

    Raises
    ------
    ValueError
        The noise is below 1e-10 of the largest variance: rounding would spoil the updates.
    """
    if len(gram) and noise < 1e-10 * gram.max():
        raise ValueError(f"noise: a variance of at least 1e-10 of the kernel's, which is {gram.max():g}; got {noise:g}")
    return Process(np.full(len(gram), mean), gram.copy(), np.zeros(1), noise, np.zeros(len(gram)))


@kernel
def learn_value(process, point, value):
    """Learn from an observation of one point."""
    column, row = process.column, process.covariance[point]
    for k in range(column.shape[0]):
        column[k] = row[k]
    total = process.noise + column[point]
    push = (value - process.mean[point]) / total
    for k in range(column.shape[0]):
        process.mean[k] += push * column[k]
    process.gain[0] += 0.5 * math.log1p(column[point] / process.noise)
    subtract_square(process.covariance, column, 1.0 / total)


@kernel
def learn_difference(process, first, second):
    """Shrink the covariance by an observation of the difference of two points; the mean stays.

    Leaves the old covariances with that difference in `column` (N,).
    """
    column = process.column
    one, other = process.covariance[first], process.covariance[second]
    for k in range(column.shape[0]):
        column[k] = one[k] - other[k]
    variance = column[first] - column[second]
    process.gain[0] += 0.5 * math.log1p(variance / process.noise)
    subtract_square(process.covariance, column, 1.0 / (process.noise + variance))


@kernel
def variance_of_difference(process, first, second):
    """Return the posterior variance of the difference of two points; rounding below zero counts as zero."""
    matrix = process.covariance
    return max(0.0, matrix[first, first] + matrix[second, second] - 2.0 * matrix[first, second])
