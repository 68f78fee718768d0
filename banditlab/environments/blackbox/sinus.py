"""Waves over a square, below a limit on one of them: the closed-form problem of CONFIG's published code.

W. Xu, Y. Jiang, B. Svetozarevic, C. N. Jones. Constrained efficient global optimization of expensive black-box
functions. ICML 2023 (arXiv 2211.00162).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.constrained import Planar
from banditlab.games.blackbox import metrics_of
from banditlab.registry import environment


@environment(
    "sinus", game="blackbox", gives=("domain", "feasible-point"), metrics=metrics_of(1), cite=("xu2023constrained",)
)
@dataclass(frozen=True)
class Sinus(Planar):
    """The least cos(2 x) cos(y) + sin(x) on [0, 6]^2 where cos(x + y) + 0.2 <= 0.

    On the default grid 42.9 % of the points are feasible, and the best is (4.68, 6), with the value -1.957632.

    Means over the square, 0.00 and 0.20, are near the 0 that policies assume. A quarter of the range, 1.5, is too long
    a length scale for these waves, and for those of `gardner1`: after 100 rounds of CONFIG with width 3 a sixth of the
    values are outside its bounds, and with length_scale = "slopes" none.

    The published code has 100 points along each axis and begins at (pi/2, pi/2), next to which is the point 676 of the
    default grid.
    """

    @staticmethod
    def formulas(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return np.cos(2 * x) * np.cos(y) + np.sin(x), np.cos(x + y) + 0.2
