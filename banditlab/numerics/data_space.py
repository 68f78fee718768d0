"""Gaussian processes on a finite domain by the data seen: cheap while there are fewer observations than points.

After t observations an update takes O(t^2 + t N) for N points, where that of `gaussian_process` takes O(N^2); both give
the same posterior to rounding. It keeps the lower Cholesky factor L of K_t + noise I, for the covariances K_t of the
points observed, and V = L^-1 k_t(X), for those of the points observed with all points X. Then the posterior covariance
of the points is K - V'V, and each observation appends a row to both.

The prior is the caller's: it gives a column of K with each observation, so that K need not be kept as a matrix.
C. E. Rasmussen, C. K. I. Williams. Gaussian Processes for Machine Learning. MIT Press 2006, Algorithm 2.1.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.linear import row_dot
from banditlab.types import Counts, Matrix, Vector


class DataProcess(NamedTuple):
    """The posterior of a function on N points, with room for T observations."""

    mean: Vector  #: (N,)
    variance: Vector  #: (N,); rounding can bring it below zero
    factor: Matrix  #: (T, T) L, of which t rows are filled
    projected: Matrix  #: (T, N) V, of which t rows are filled
    points: Counts  #: (T,) the points observed, in their order
    seen: Counts  #: (1,) t
    noise: float  #: variance of an observation
    column: Vector  #: (T,) scratch


def start_data_process(variance: np.ndarray, rounds: int, noise: float, mean: float = 0.0) -> DataProcess:
    """Return the prior.

    Parameters
    ----------
    variance : ndarray (N,)
        Of the points, the diagonal of K.
    rounds : int
        T, observations that it has room for.
    noise : float
        Variance of an observation, > 0.
    mean : float
        Of every point.
    """
    points = len(variance)
    return DataProcess(
        np.full(points, mean), variance.copy(), np.zeros((rounds, rounds)), np.zeros((rounds, points)),
        np.zeros(rounds, int), np.zeros(1, int), noise, np.zeros(rounds),
    )  # fmt: skip


def bytes_of(points: int, rounds: int) -> int:
    """Return how much memory a process takes that has seen all rounds."""
    return 8 * rounds * (rounds + points)


@kernel
def append_cholesky(factor, size, column, corner):
    """Append a row to a lower Cholesky factor; False where the matrix would not be positive definite.

    factor : float64 (T, T), of which the first `size` rows are the factor of A (size, size)
    column : float64, whose first `size` entries are the new column of A
    corner : its entry on the diagonal
    """
    row = factor[size]
    for i in range(size):
        row[i] = (column[i] - row_dot(factor[i], row, i)) / factor[i, i]
    rest = corner - row_dot(row, row, size)
    if rest <= 0.0:
        return False
    row[size] = math.sqrt(rest)
    return True


@kernel
def learn_value(process, point, covariances, value):
    """Learn from an observation of one point, whose prior covariances with all points are given, (N,).

    Raises
    ------
    ArithmeticError
        The noise is too small to tell the observations from repetitions of each other.
    """
    size, column = process.seen[0], process.column
    for s in range(size):
        column[s] = covariances[process.points[s]]
    if not append_cholesky(process.factor, size, column, covariances[point] + process.noise):
        raise ArithmeticError("the covariance of the observations is not positive definite: the noise is too small")
    weights, fresh = process.factor[size], process.projected[size]
    for k in range(fresh.shape[0]):
        fresh[k] = covariances[k]
    for s in range(size):
        weight, past = weights[s], process.projected[s]
        for k in range(fresh.shape[0]):
            fresh[k] -= weight * past[k]
    corner = weights[size]
    push = (value - process.mean[point]) / corner
    for k in range(fresh.shape[0]):
        fresh[k] /= corner
        process.mean[k] += push * fresh[k]
        process.variance[k] -= fresh[k] * fresh[k]
    process.points[size] = point
    process.seen[0] = size + 1
