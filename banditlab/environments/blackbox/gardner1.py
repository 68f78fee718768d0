"""Waves on a square where another wave is low: the first problem of Gardner et al. (2014).

J. R. Gardner, M. J. Kusner, Z. Xu, K. Q. Weinberger, J. P. Cunningham. Bayesian optimization with inequality
constraints. ICML 2014. Its text could not be read; functions and limits are as several published codes quote them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.constrained import Planar
from banditlab.games.blackbox import metrics_of
from banditlab.registry import environment
from banditlab.types import Real


@environment(
    "gardner1",
    game="blackbox",
    gives=("domain", "feasible-point"),
    metrics=metrics_of(1),
    cite=("gardner2014bayesian",),
)
@dataclass(frozen=True)
class Gardner1(Planar):
    """The least cos(2 x) cos(y) + sin(x) on [0, 6]^2 where cos(x + y) = cos(x) cos(y) - sin(x) sin(y) <= limit.

    The paper's text has the limit 0.5, by most who quote it; some take that for a slip of the sign and put -0.5, the
    default here. On the default grid 33.2 % of the points are then feasible, and the best is (4.56, 5.88), with the
    value -1.865836; with limit = 0.5 they are 65.7 %, (4.68, 0) and -1.997378.

    Means over the square are 0.00 and, of the constraint, -limit: within a standard deviation of the 0 that policies
    assume.
    """

    limit: Real = -0.5  #: of the constraint

    def formulas(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return np.cos(2 * x) * np.cos(y) + np.sin(x), np.cos(x + y) - self.limit
