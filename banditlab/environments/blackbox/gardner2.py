"""A slope on a square with two small feasible islands: the second problem of Gardner et al. (2014).

J. R. Gardner, M. J. Kusner, Z. Xu, K. Q. Weinberger, J. P. Cunningham. Bayesian optimization with inequality
constraints. ICML 2014. Its text could not be read; functions and limits are as several published codes quote them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.constrained import Planar
from banditlab.games.blackbox import metrics_of
from banditlab.registry import environment


@environment(
    "gardner2",
    game="blackbox",
    gives=("domain", "feasible-point"),
    metrics=metrics_of(1),
    cite=("gardner2014bayesian",),
)
@dataclass(frozen=True)
class Gardner2(Planar):
    """The least sin(x) + y on [0, 6]^2 where sin(x) sin(y) <= -0.95: two small islands.

    On the default grid 1.7 % of the points are feasible, none by more than 0.05, the noise's default deviation, and the
    best is (4.68, 1.32), with the value 0.320524.

    Means over the square are 3.00 and, of the constraint, 0.95, both above the 0 that policies assume, by 1.6 and 1.9
    of the standard deviations that they are told: bounds are low where nothing is known, so that policies look further
    around than they need to, and lose no feasible point.
    """

    @staticmethod
    def formulas(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return np.sin(x) + y, np.sin(x) * np.sin(y) + 0.95
