"""A utility drawn for a kernel on a finite domain, compared by duels: of a Gaussian process, or of an RKHS norm.

Sampling of a Gaussian process is in C. E. Rasmussen, C. K. I. Williams. Gaussian Processes for Machine Learning. MIT
Press 2006, Appendix A.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from banditlab.environments.domains import (
    check_size,
    check_spread,
    grid,
    read_points,
    scale_to,
    smooth_length,
    start_duels,
    told,
)
from banditlab.environments.instances import exclusive, fill
from banditlab.environments.preferences import METRICS, Preferences, State
from banditlab.games.dueling import UTILITY_METRICS
from banditlab.numerics.kernels import cholesky, gram
from banditlab.registry import environment
from banditlab.types import Arms, Count, Positive


@environment(
    "rkhs",
    game="dueling",
    gives=("features", "domain"),
    metrics=(*UTILITY_METRICS, *METRICS),
    cite=("rasmussen2006gaussian",),
)
@dataclass(frozen=True)
class RKHS(Preferences):
    """Arm i beats arm j with probability F(u_i - u_j), for a utility u that each replication draws for the kernel k.

    The points are a grid on [0, 1]^dim, ends included, or come from a file: the columns of a CSV file with a header but
    for one named `utility`, an NPY file, or the array `points` of an NPZ file. With K the kernel on them, k(x, x) = 1,

        draw "gp"    u = L z, for L L' = K + 1e-8 I and z standard normal;
        draw "rkhs"  u = sum_i w_i k(., c_i), for points c_i drawn without replacement and w_i standard normal.

    Both are mapped linearly to [-scale, scale], unless the latter is given its norm in the RKHS of k:
    sqrt(sum_ij w_i w_j k(c_i, c_j)) = `norm`. The norm of a draw of a Gaussian process grows without bound as
    points are added.

    The arms' features are the points. Policies are told the length scale of the kernel.
    """

    kernel: Literal["rbf", "matern-1/2", "matern-3/2", "matern-5/2"] = "rbf"  #: k, of the Euclidean distance
    length_scale: Positive | None = None  #: of k, in units of the points; 0.2 of the largest range of the domain
    dim: Count | None = None  #: d of the grid; 2
    points: Arms | None = None  #: of the grid along each axis, N = points^dim; 10
    data: str | None = None  #: in place of a grid: path of the points, CSV, NPZ or NPY
    draw: Literal["gp", "rkhs"] = "gp"  #: what u is drawn from
    centres: Count | None = None  #: in "rkhs": number of the c_i; 20, or N where it is less
    norm: Positive | None = None  #: in "rkhs": of u, in place of a scale
    scale: Positive | None = None  #: utilities are mapped to [-scale, scale]; 3
    link: Literal["logistic", "probit", "exponential"] = "logistic"  #: F

    def __post_init__(self):
        exclusive(self, "data", ("dim", "points"))
        exclusive(self, "norm", ("scale",))
        for name in ("centres", "norm"):
            if self.draw == "gp" and getattr(self, name) is not None:
                raise ValueError(f'{name}: goes with draw = "rkhs", got draw = "gp"')
        if self.norm is None:
            fill(self, scale=3.0)
        if self.data is None:
            fill(self, dim=2, points=10)
            check_size(self.points ** min(self.dim, 20), "points")  # 2^20 are too many already

    def start(self, rng, noise, horizon) -> State:
        points = grid([(0.0, 1.0)] * self.dim, self.points) if self.data is None else read_points(self.data)
        length_scale = self.length_scale or smooth_length(points)
        covariance = gram(points, self.kernel, 1.0, length_scale)
        if self.draw == "gp":
            check_spread(covariance, length_scale)
            values = draw_process(covariance, rng)
        else:
            values = draw_combination(covariance, self._count(len(points)), rng)
        utilities = scale_to(values, self.scale) if self.norm is None else self.norm * values
        return start_duels(points, utilities, self.link, noise)

    def _count(self, points: int) -> int:
        if self.centres is None:
            return min(20, points)
        if self.centres > points:
            raise ValueError(f"centres: at most one a point, of which there are {points}; got {self.centres}")
        return self.centres

    def facts(self, state) -> dict[str, Any]:
        return {**super().facts(state), **told(state.features, self.link, self.length_scale)}


def draw_process(covariance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a normal vector (N,) of mean 0 with this covariance (N, N), but for the jitter."""
    return cholesky(covariance) @ rng.standard_normal(len(covariance))


def draw_combination(covariance: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the values (N,) of a function of RKHS norm 1: a normal combination of the kernel at `count` points."""
    centres = rng.choice(len(covariance), count, replace=False)
    weights = rng.standard_normal(count)
    square = weights @ covariance[np.ix_(centres, centres)] @ weights
    return covariance[:, centres] @ weights / math.sqrt(square)
