"""ETCG: each set that greedy asks for is played m times; then the set that it finds, for ever.

G. Nie, M. Agarwal, A. K. Umrawal, V. Aggarwal, C. Quinn. An explore-then-commit algorithm for submodular maximization
under full-bandit feedback. UAI 2022. Its text could not be read; m is that of published code for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab import offline
from banditlab.policies.exploration import Exploration, Explores
from banditlab.registry import policy


@policy(
    "etcg",
    game="combinatorial",
    needs=("sized", "monotone"),
    told=("family", "horizon"),
    growth={"offline-regret": "T^2/3"},
    cite=("nie2022explore",),
)
@dataclass(frozen=True)
class ETCG(Explores):
    """Each set is played m = ceil((T s / (n + 2 n k s))^(2/3)) times, s = sqrt(2 ln T).

    Where T < m n k the horizon may end the exploration. The lowest index among equals. Regret to 1 - 1/e of the optimum
    O(n^(1/3) k^(4/3) T^(2/3) (ln T)^(1/2)).
    """

    def start(self, problem, rng) -> Exploration:
        family, horizon = problem.family, problem.horizon
        spread = math.sqrt(2.0 * math.log(horizon))
        formula = (horizon * spread / (family.items * (1.0 + 2.0 * family.size * spread))) ** (2 / 3)
        plays = max(1, math.ceil(formula))
        return Exploration(lambda: offline.make("greedy").search(family, rng), lambda horizon: plays, horizon)
