"""Objective and constraints drawn from Gaussian processes, on a grid in one to three dimensions.

W. Xu, Y. Jiang, B. Svetozarevic, C. N. Jones. Constrained efficient global optimization of expensive black-box
functions. ICML 2023 (arXiv 2211.00162): the sampled instances of its published code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.constrained import Constrained, Functions, check_count
from banditlab.environments.domains import grid
from banditlab.environments.instances import fill
from banditlab.games.blackbox import metrics_of
from banditlab.numerics.kernels import cholesky, gram
from banditlab.registry import environment
from banditlab.types import Arms, Count, NonNegative, Positive, Real, UpToThree

POINTS = {1: 101, 2: 31, 3: 11}  #: by default, along each axis
TRIES = 10_000


@environment("gp-sample", game="blackbox", gives=("domain", "feasible-point"), cite=("xu2023constrained",))
@dataclass(frozen=True)
class GPSample(Constrained):
    """Functions with mean 0 and covariance variance * exp(-|x - x'|^2 / (2 length_scale^2)), each drawn on its own.

    A constraint is drawn again until it is below -margin at the centre of the domain, which is then the point observed
    before the first round. With feasible = false the first constraint is shifted so that its least value is `margin`.

    By default policies are told the true variances, length scales and noise. The published code has 100 points along
    each axis, of which none is the centre, and no noise.
    """

    dim: UpToThree = 1  #: d
    points: Arms | None = None  #: along each axis; by default 101 in one dimension, 31 in two, 11 in three
    bounds: list[Real] = (-10.0, 10.0)  #: of each axis
    constraints: Count = 1  #: N
    variance: Positive = 2.0  #: of each function
    length_scale: Positive = 1.0  #: of each function, in units of the points
    noise: NonNegative = 0.05  #: standard deviation, of each function
    feasible: bool = True  #: whether a point satisfies all constraints
    margin: Positive = 0.2  #: by which the centre is feasible, or all points are not

    def __post_init__(self):
        fill(self, points=POINTS[self.dim])
        if len(self.bounds) != 2 or not self.bounds[0] < self.bounds[1]:
            raise ValueError(f"bounds: two numbers, the lower one first; got {list(self.bounds)}")
        check_count(self.points, self.dim)

    def metrics(self) -> tuple[str, ...]:
        return metrics_of(self.constraints)

    def is_feasible(self) -> bool:
        return self.feasible

    def draw(self, rng: np.random.Generator) -> Functions:
        low, high = self.bounds
        points = grid([(low, high)] * self.dim, self.points)
        axis = np.linspace(low, high, self.points)[:, None]
        factor, centre = cholesky(gram(axis, "rbf", 1.0, self.length_scale)), self.centre(points)
        truth = [self._sample(factor, rng)]
        for i in range(self.constraints):
            values = self._sample(factor, rng)
            if i == 0 and not self.feasible:
                values += self.margin - values.min()
            else:
                values = self._feasible(values, factor, centre, rng)
            truth.append(values)
        count = 1 + self.constraints
        return Functions(
            points, np.array(truth), np.full(count, self.noise), np.full(count, self.variance),
            np.full((count, self.dim), self.length_scale),
        )  # fmt: skip

    def first(self, functions: Functions, feasible: np.ndarray, rng: np.random.Generator) -> int | None:
        return self.centre(functions.points) if self.initial == "feasible" else super().first(functions, feasible, rng)

    def centre(self, points: np.ndarray) -> int:
        """Return the point next to the middle of the domain."""
        return int(((points - np.mean(self.bounds)) ** 2).sum(axis=1).argmin())

    def _sample(self, factor: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return values (G,): the covariance is a product over the axes, and so is its factor."""
        values = rng.standard_normal((self.points,) * self.dim)
        for axis in range(self.dim):
            values = np.moveaxis(np.tensordot(factor, values, (1, axis)), 0, axis)
        return np.sqrt(self.variance) * values.ravel()

    def _feasible(self, values: np.ndarray, factor: np.ndarray, centre: int, rng: np.random.Generator) -> np.ndarray:
        for _ in range(TRIES):
            if values[centre] < -self.margin:
                return values
            values = self._sample(factor, rng)
        raise ValueError(
            f"margin: {TRIES:,} draws were not below -{self.margin:g} at the centre; smaller, or a larger variance"
        )
