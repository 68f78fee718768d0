"""Objective and constraints from a file: any simulation or measurement that has been tabulated."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from banditlab.arrays import last_change, named, numbers, read_arrays
from banditlab.environments.constrained import MOST, Constrained, Functions, describe, each
from banditlab.errors import UserError
from banditlab.games.blackbox import metrics_of
from banditlab.numerics.kernels import check_points
from banditlab.registry import environment
from banditlab.types import NonNegative, Positive, Real


@environment("table", game="blackbox", gives=("domain", "feasible-point"))
@dataclass(frozen=True, kw_only=True)
class Table(Constrained):
    """Points with an objective and constraints, which were computed or measured beforehand.

    A CSV file has a header. Its columns `objective` and `constraint`, or `constraint1`, `constraint2` and so on, hold
    the values without noise, and all others the coordinates. An NPZ file has arrays `points` (G, d), `objective` (G,)
    and `constraints` (G,) or (N, G).

    A constraint holds where it is at most its limit, which is subtracted. So is the mean of the objective over all
    points, since policies assume mean 0; no metric depends on it. The rest keeps the units of the file: policies are
    told the variance of each function's values, and a quarter of the range along each axis as length scale, where
    `variance` and `length_scale` do not say otherwise. The latter is one number for all, a list along the axes, or a
    list of such lists, one for each function. Lists of functions begin with the objective.
    """

    path: str  #: of a CSV or NPZ file
    limits: Real | list[Real] = 0.0  #: of the constraints: one for all, or a list
    noise: NonNegative | list[NonNegative] = 0.0  #: standard deviation: one for all functions, or a list
    variance: Positive | list[Positive] | None = None  #: what policies are told: one for all functions, or a list
    length_scale: Positive | list[Positive] | list[list[Positive]] | None = None  #: what policies are told

    def __post_init__(self):
        if not self.path.endswith((".csv", ".npz")):
            raise ValueError(f"path: should end in .csv or .npz, got {self.path!r}")

    def metrics(self) -> tuple[str, ...]:
        return metrics_of(len(self._functions().truth) - 1)

    def draw(self, rng: np.random.Generator) -> Functions:
        return self._functions()

    def _functions(self) -> Functions:
        try:
            return self._read()
        except UserError:
            raise
        except ValueError as error:
            raise UserError(f"{self.path}: {error}") from None

    def _read(self) -> Functions:
        points, values = (array.copy() for array in load(self.path, last_change(self.path)))
        count = len(values)
        shifts = [values[0].mean(), *each("limits", self.limits, count - 1)]
        functions = describe(points, values - np.array(shifts)[:, None], self.noise)
        if self.variance is not None:
            functions = functions._replace(variances=each("variance", self.variance, count))
        elif (flat := np.flatnonzero(np.ptp(values, axis=1) == 0)).size:
            name = f"constraint {flat[0]}" if flat[0] else "the objective"
            raise UserError(f"{self.path}: {name} is {values[flat[0], 0]:g} at all points: give a variance")
        if self.length_scale is not None:
            functions = functions._replace(length_scales=_scales(self.length_scale, functions.length_scales.shape))
        elif (flat := np.flatnonzero(np.ptp(points, axis=0) == 0)).size:
            raise UserError(f"{self.path}: coordinate {flat[0]} is {points[0, flat[0]]:g} at all points: leave it out")
        return functions


def _scales(value: float | list[float] | list[list[float]], shape: tuple[int, int]) -> np.ndarray:
    try:
        return np.broadcast_to(np.array(value, float), shape).copy()
    except ValueError:
        raise ValueError(
            f"length_scale: one number, a list of {shape[1]} along the axes, or a list of {shape[0]} such lists, "
            f"objective first; got {value}"
        ) from None


@functools.lru_cache(maxsize=8)
def load(path: str, changed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the table of a file that was last changed then; as `read_table`."""
    return read_table(path)


def read_table(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Read points (G, d), and the values of objective and constraints (1 + N, G).

    Raises
    ------
    UserError
        The file cannot be read, lacks a column, or holds something other than finite numbers; shapes do not match; two
        points are one and the same.
    """
    arrays = {name: numbers(path, name, array) for name, array in read_arrays(path).items()}
    points, objective, constraints = (_from_columns if path.endswith(".csv") else _from_arrays)(path, arrays)
    matching = points.ndim == constraints.ndim == 2 and points.shape[:1] == objective.shape == constraints.shape[1:]
    if not matching or len(points) < 2 or not points.shape[1] or not len(constraints):
        raise UserError(
            f"{path}: points {points.shape}, objective {objective.shape} and constraints {constraints.shape} make no "
            "table; allowed: (G, d), (G,) and (N, G) with G >= 2, d >= 1, N >= 1"
        )
    if len(points) > MOST:
        raise UserError(f"{path}: at most {MOST:,} points, got {len(points):,}")
    try:
        check_points(points)
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None
    return points.copy(), np.vstack([objective, constraints])


def _from_columns(path: str, columns: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    objective = named(path, columns, "objective")
    found = [name for name in columns if name.startswith("constraint")]
    names = ["constraint"] if len(found) == 1 and "constraint" in found else _numbered(len(found))
    if not found or set(names) != set(found):
        raise UserError(
            f"{path}: constraints should be in a column 'constraint', or 'constraint1', 'constraint2' and so on; there "
            f"are {', '.join(map(repr, columns))}"
        )
    points = [column for name, column in columns.items() if name not in ("objective", *names)]
    return np.array(points).T, objective, np.array([columns[name] for name in names])


def _numbered(count: int) -> list[str]:
    return [f"constraint{i}" for i in range(1, count + 1)]


def _from_arrays(path: str, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    points, objective, constraints = (named(path, arrays, name) for name in ("points", "objective", "constraints"))
    return points, objective, np.atleast_2d(constraints)
