"""The counter-example to Adam: every third gradient is large, and points away from the better end of an interval.

S. J. Reddi, S. Kale, S. Kumar. On the convergence of Adam and beyond. ICLR 2018, Section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.quadratics import Losses, Quadratics
from banditlab.registry import environment
from banditlab.types import Positive


@environment("reddi", game="convex", gives=("box", "best-point"), cite=("reddi2018convergence",))
@dataclass(frozen=True)
class Reddi(Quadratics):
    """Losses C x in the first round and in every third one after it, -x in the others, on [-1, 1], without noise.

    For C > 2 the best point is -1; Adam with beta1 = 0 and beta2 = 1 / (1 + C^2) goes to 1.
    """

    large: Positive = 3.0  #: C

    domain, radius, dim = "box", 1.0, 1

    def draw(self, rng: np.random.Generator, coins: np.random.Generator, horizon: int) -> Losses:
        return Losses(np.array([[self.large], [-1.0]]), np.minimum(np.arange(horizon) % 3, 1), 0.0)
