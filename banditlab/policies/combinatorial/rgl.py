"""RGL: each set that randomised submodular maximisation asks for is played m times; then the set that it finds.

F. Fourati, V. Aggarwal, C. Quinn, M.-S. Alouini. Randomized greedy learning for non-monotone stochastic submodular
maximization under full-bandit feedback. AISTATS 2023, arXiv 2302.01324. m is that of the authors' code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab import offline
from banditlab.policies.exploration import Exploration, Explores
from banditlab.registry import policy


@policy(
    "rgl",
    game="combinatorial",
    needs=("free",),
    told=("family", "horizon"),
    cite=("fourati2023randomized",),
)
@dataclass(frozen=True)
class RGL(Explores):
    """Each of 4 n sets is played m = floor((25/32 T^2 ln T)^(1/3)) + 1 times.

    Where T < 4 n m the horizon ends the exploration. Regret to half of the optimum O(n T^(2/3) (ln T)^(1/3)).
    """

    def start(self, problem, rng) -> Exploration:
        family, horizon = problem.family, problem.horizon
        plays = int((25 / 32 * horizon**2 * math.log(horizon)) ** (1 / 3)) + 1
        return Exploration(lambda: offline.make("randomized-usm").search(family, rng), lambda horizon: plays, horizon)
