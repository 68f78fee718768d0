"""Utilities of the points of a finite domain, on a grid or from a file: what environments on such a domain share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from banditlab.arrays import is_columns, named, numbers, read_arrays
from banditlab.environments.functions import FUNCTIONS
from banditlab.environments.instances import exclusive, fill
from banditlab.environments.preferences import State, make_state
from banditlab.errors import UserError, nearest
from banditlab.numerics.kernels import JITTER, check_points
from banditlab.numerics.links import chances
from banditlab.types import Arms, Positive

MOST = 10_000  #: points: a table of all pairs of them takes 0.75 GiB, and a duel has several
LEAST = 100.0 * math.sqrt(JITTER)  #: deviation of a difference that a draw of a Gaussian process should have somewhere
SMOOTH = 0.2  #: length scale, as a share of the largest range of the domain


@dataclass(frozen=True)
class Utility:
    """Parameters of a utility on a finite domain of the plane, or of points from a file."""

    function: str | None = None  #: ackley, branin, bukin, eggholder, hoelder, matyas, michalewicz, rosenbrock; ackley
    points: Arms | None = None  #: of the grid along each axis, N = points^2; 10
    data: str | None = None  #: in place of a function: path of points and their utilities, CSV, NPZ or NPY
    scale: Positive = 3.0  #: utilities are mapped to [-scale, scale]
    link: Literal["logistic", "probit", "exponential"] = "logistic"  #: F
    length_scale: Positive | None = None  #: what policies are told; 0.2 of the largest range of the domain

    def __post_init__(self):
        exclusive(self, "data", ("function", "points"))
        if self.data is None:
            fill(self, function="ackley", points=10)
            if self.function not in FUNCTIONS:
                raise ValueError(f"function: no {self.function!r}{nearest(self.function, FUNCTIONS)}")
            check_size(self.points**2, "points")

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return points (N, d) and their utilities (N,): of one user at random, where a file has several."""
        if self.data is None:
            function = FUNCTIONS[self.function]
            points = grid((function.x, function.y), self.points)
            values = function.formula(*points.T)
        else:
            points, users = read_utilities(self.data)
            values = users[rng.integers(len(users))]
        return points, scale_to(values, self.scale)


def told(points: np.ndarray, link: str, length_scale: float | None) -> dict[str, Any]:
    """Return the facts about a domain of points (N, d) that policies may be told."""
    return {"domain": points, "link": link, "length_scale": length_scale or smooth_length(points)}


def smooth_length(points: np.ndarray) -> float:
    """Return the length scale at which a kernel has something to generalise over points (N, d)."""
    return SMOOTH * float(np.ptp(points, axis=0).max())


def grid(ranges: Sequence[tuple[float, float]], points: int) -> np.ndarray:
    """Return points (points^d, d), equally spaced over d ranges, ends included; the first axis is the fastest."""
    axes = [np.linspace(low, high, points) for low, high in ranges]
    slow_first = np.meshgrid(*axes[::-1], indexing="ij")
    return np.stack(slow_first[::-1], axis=-1).reshape(-1, len(axes))


def scale_to(values: np.ndarray, bound: float) -> np.ndarray:
    """Map values (N,) linearly to [-bound, bound]; equal ones to 0.

    Those that agree to 12 digits of the range become equal, so that the ties of a symmetric function are exact.
    """
    low, high = values.min(), values.max()
    if low == high:
        return np.zeros_like(values)
    return bound * (2.0 * np.round((values - low) / (high - low), 12) - 1.0)


def start_duels(points: np.ndarray, utilities: np.ndarray, link: str, noise: np.uint64) -> State:
    """Return the state of duels between points (N, d), won with probability F(u_i - u_j) for utilities u (N,)."""
    return make_state(chances(link, utilities[:, None] - utilities), noise, utilities)._replace(features=points)


def check_size(count: int, place: str) -> None:
    """Check that tables of all pairs of `count` points can be held; `place` is what has so many, for messages.

    Raises
    ------
    UserError
        There are more than `MOST`.
    """
    if count > MOST:
        found = min(count, 10**6)  # a grid may have a number of points with hundreds of digits
        over = "more than " if count > found else ""
        raise UserError(
            f"{place}: {over}{found:,} points, of which a table of all pairs takes "
            f"{over}{found**2 * 8 / 2**30:.1f} GiB; allowed: {MOST:,}"
        )


def check_spread(covariance: np.ndarray, length_scale: float) -> None:
    """Check that a draw of variance 1 with this covariance (N, N) is more than the jitter of its Cholesky factor.

    Raises
    ------
    ValueError
        No difference of two values has a standard deviation of `LEAST`: the length scale is too long.
    """
    spread = math.sqrt(max(0.0, 2.0 * (1.0 - float(covariance.min()))))
    if spread < LEAST:
        raise ValueError(
            f"length_scale: at {length_scale:g} values of a draw differ by at most {spread:.1g} (standard deviation), "
            f"which rounding hides; allowed: lengths so short that some differ by {LEAST:g}"
        )


def read_points(path: str) -> np.ndarray:
    """Read points (N, d): the array `points` of an NPZ, an NPY, or the columns of a CSV but for `utility`.

    Raises
    ------
    UserError
        The file cannot be read, or holds no two different points, or one twice, or too many.
    """
    arrays = read_arrays(path)
    if is_columns(path):
        columns = [numbers(path, name, column) for name, column in arrays.items() if name != "utility"]
        return _checked(path, np.array(columns).T)
    return _checked(path, numbers(path, "", arrays[""] if path.endswith(".npy") else named(path, arrays, "points")))


def read_utilities(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Read points (N, d), and utilities (users, N), of one user or several.

    They are the arrays `points` and `utilities`, (N,) or (users, N), of an NPZ; the column `utility` of a CSV with a
    header, and the other columns; or the last column of an NPY (N, d + 1), and those before.

    Raises
    ------
    UserError
        As of `read_points`; there are no utilities, or not one for each point.
    """
    if path.endswith(".npy"):
        rows = numbers(path, "", read_arrays(path)[""])
        if rows.ndim != 2:
            raise UserError(f"{path}: should have shape (N, d + 1), utilities in the last column; got {rows.shape}")
        return _checked(path, rows[:, :-1]), rows[None, :, -1]
    name = "utility" if is_columns(path) else "utilities"
    utilities = np.atleast_2d(numbers(path, name, named(path, read_arrays(path), name)))
    points = read_points(path)
    if utilities.ndim != 2 or not len(utilities) or utilities.shape[1] != len(points):
        raise UserError(
            f"{path}: points {points.shape} and utilities {utilities.shape} do not match; "
            "allowed: (N, d) and (N,) or (users, N)"
        )
    return points, utilities


def _checked(path: str, points: np.ndarray) -> np.ndarray:
    """Return a copy of points that make a domain."""
    if points.ndim != 2 or len(points) < 2 or not points.shape[1]:
        raise UserError(f"{path}: points should have shape (N, d) with N >= 2 and d >= 1, got {points.shape}")
    check_size(len(points), path)
    try:
        check_points(points)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None
    return points.copy()
