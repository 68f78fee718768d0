"""A linear objective on the unit square, with a wavy and a round constraint (Gramacy et al. 2016).

R. B. Gramacy, G. A. Gray, S. Le Digabel, H. K. H. Lee, P. Ranjan, G. Wells, S. M. Wild. Modeling an augmented
Lagrangian for blackbox constrained optimization. Technometrics 58(1), 2016. Its text could not be read; functions are
as the authors' R package laGP and others' published codes have them, which agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.constrained import Planar
from banditlab.games.blackbox import metrics_of
from banditlab.registry import environment


@environment(
    "gramacy", game="blackbox", gives=("domain", "feasible-point"), metrics=metrics_of(2), cite=("gramacy2016modeling",)
)
@dataclass(frozen=True)
class Gramacy(Planar):
    """The least x + y on [0, 1]^2 where 3/2 - x - 2 y - sin(2 pi (x^2 - 2 y)) / 2 <= 0 and x^2 + y^2 - 3/2 <= 0.

    On the default grid 45.0 % of the points are feasible, and the best are (0.20, 0.42) and (0.22, 0.40), with the
    value 0.62; that of the square is 0.5998, at (0.1954, 0.4044). In the paper the objective is known, which no policy
    is told here.

    Means over the square are 1.00, 0.00 and -0.83; policies assume 0, with the standard deviations 0.42, 0.77 and 0.43.
    So their bounds on the objective begin low, and those on the second constraint high, but below 0: no point is lost.
    """

    ranges = ((0.0, 1.0), (0.0, 1.0))

    @staticmethod
    def formulas(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        wave = np.sin(2 * np.pi * (x**2 - 2 * y))
        return x + y, 1.5 - x - 2 * y - 0.5 * wave, x**2 + y**2 - 1.5
