"""Covariances of utilities on a finite domain: kernels of the distance between points.

They are evaluated once, when a state is made. With r the Euclidean distance over the length scale, and in units of
the variance:

========== ==============================================
rbf        exp(-r^2 / 2)
matern-1/2 exp(-r)
matern-3/2 (1 + sqrt(3) r) exp(-sqrt(3) r)
matern-5/2 (1 + sqrt(5) r + 5 r^2 / 3) exp(-sqrt(5) r)
linear     x'z, which has no length scale
========== ==============================================

C. E. Rasmussen, C. K. I. Williams. Gaussian Processes for Machine Learning. MIT Press 2006, equations 4.9, 4.14, 4.17.
"""

from __future__ import annotations

import math

import numpy as np

KERNELS = ("rbf", "matern-1/2", "matern-3/2", "matern-5/2", "linear")
JITTER = 1e-8  #: share of the largest variance that `cholesky` adds to all; `check_gram` lets eigenvalues lack 1e-9


def gram(points: np.ndarray, kernel: str, variance: float, length_scale: float) -> np.ndarray:
    """Return the covariance matrix (N, N) of points (N, d).

    Parameters
    ----------
    points : ndarray (N, d)
    kernel : str
        One of `KERNELS`.
    variance : float
        Of each point, > 0; of a linear kernel, of a point of length 1.
    length_scale : float
        In units of the points, > 0.

    Raises
    ------
    ValueError
        The length scale is no positive number; or as of `check_points`.
    """
    from scipy.spatial.distance import cdist

    check_points(points)
    if kernel == "linear":
        return variance * (points @ points.T)
    if not 0.0 < length_scale < math.inf:
        raise ValueError(f"length_scale: should be a positive number, got {length_scale}")
    r = cdist(points, points) / length_scale
    if kernel == "rbf":
        return variance * np.exp(-0.5 * r**2)
    root = math.sqrt({"matern-1/2": 1.0, "matern-3/2": 3.0, "matern-5/2": 5.0}[kernel]) * r
    factor = {"matern-1/2": 1.0, "matern-3/2": 1.0 + root, "matern-5/2": 1.0 + root + root**2 / 3.0}[kernel]
    return variance * factor * np.exp(-root)


def cholesky(covariance: np.ndarray) -> np.ndarray:
    """Return the lower triangular L (N, N) with L L' = covariance + jitter I, which may be singular without it.

    The jitter is `JITTER` times the largest variance.
    """
    return np.linalg.cholesky(covariance + JITTER * covariance.diagonal().max() * np.eye(len(covariance)))


def check_points(points: np.ndarray) -> None:
    """Check the points (N, d) of a domain.

    Raises
    ------
    ValueError
        One is not finite, or two are one and the same.
    """
    if not np.isfinite(points).all():
        raise ValueError(f"points: should be finite numbers, got {points[~np.isfinite(points).all(axis=1)][0]}")
    order = np.lexsort(points.T) if points.shape[1] else np.arange(len(points))
    same = np.flatnonzero((points[order[1:]] == points[order[:-1]]).all(axis=1))
    if len(same):
        one, other = sorted((int(order[same[0]]), int(order[same[0] + 1])))
        raise ValueError(f"points: should differ from each other, but {one} and {other} are both {points[one]}")


def check_gram(matrix: np.ndarray, size: int, place: str) -> None:
    """Check that a matrix can be the covariance of `size` points; `place` is where it stands, for messages.

    Raises
    ------
    ValueError
        Of another shape, zero, not symmetric, or with an eigenvalue below zero.
    """
    if matrix.shape != (size, size):
        raise ValueError(f"{place}: should have shape ({size}, {size}), one row a point; got {matrix.shape}")
    scale = np.abs(matrix).max()
    if scale == 0.0:
        raise ValueError(f"{place}: should be positive semidefinite and not zero, but all of it is 0")
    off = np.abs(matrix - matrix.T)
    if off.max() > 1e-9 * scale:
        i, j = np.unravel_index(off.argmax(), off.shape)
        raise ValueError(
            f"{place}: should be symmetric, but [{i}][{j}] = {matrix[i, j]:g}, [{j}][{i}] = {matrix[j, i]:g}"
        )
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < -1e-9 * scale:
        raise ValueError(f"{place}: should be positive semidefinite, but has the eigenvalue {least:.3g}")
