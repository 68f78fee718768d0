"""C-ETC: an offline algorithm whose every question is answered by m plays; then the set that it finds, for ever.

G. Nie, Y. Nadew, Y. Zhu, V. Aggarwal, C. Quinn. A framework for adapting offline algorithms to solve combinatorial
multi-armed bandit problems with bandit feedback. ICML 2023, arXiv 2301.13326, Algorithm 1. Its text could not be read;
the number of plays was derived anew: it balances the m N rounds of exploration and the regret T delta
sqrt(ln T / (2 m)) of what was found by answers of that precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab import offline
from banditlab.policies.exploration import Exploration, Explores
from banditlab.registry import policy
from banditlab.types import Count, Fraction, Positive


@policy(
    "c-etc",
    game="combinatorial",
    told=("family", "horizon"),
    growth={"offline-regret": "T^2/3"},
    cite=("nie2023framework",),
)
@dataclass(frozen=True)
class CETC(Explores):
    """Each set is played m = ceil(delta^(2/3) T^(2/3) (ln T)^(1/3) / (2 N^(2/3))) times.

    delta is the sensitivity of the offline algorithm to errors, and N the most sets that it asks for. Rewards are in
    [0, 1], or of another range, which does not change the sets that are played. Where T < m N the horizon may end the
    exploration. Regret to alpha times the optimum O(delta^(2/3) N^(1/3) T^(2/3) (ln T)^(1/3)).
    """

    offline: str = (
        "greedy"  #: greedy, threshold-greedy, greedy-plus, greedy-plus-max, partial-enumeration, randomized-usm
    )
    epsilon: Fraction | None = None  #: of threshold-greedy
    m: Count | None = None  #: plays of each set, in place of the formula
    m_scale: Positive = 1.0  #: factor of the formula
    doubling: bool = False  #: does not know T: begins anew after N rounds with 2 N to come, then 4 N, and so on
    memo: bool = False  #: does not play a set again whose value was asked for before

    def __post_init__(self):
        offline.make(self.offline, epsilon=self.epsilon)
        if self.m is not None and self.m_scale != 1.0:
            raise ValueError("m leaves nothing to m_scale: drop one of them")

    def cite(self) -> tuple[str, ...]:
        """Return what is cited for the offline algorithm."""
        return offline.make(self.offline).cite

    def needs(self) -> dict[str, str]:
        remedy = "another offline algorithm may do: banditlab list offline"
        return dict.fromkeys(offline.make(self.offline).needs, remedy)

    def start(self, problem, rng) -> Exploration:
        algorithm, family = offline.make(self.offline, epsilon=self.epsilon), problem.family
        queries, sensitivity = algorithm.queries(family), algorithm.sensitivity(family)

        def plays(horizon: int) -> int:
            formula = (
                sensitivity ** (2 / 3) * horizon ** (2 / 3) * math.log(horizon) ** (1 / 3) / queries ** (2 / 3) / 2
            )
            return self.m or max(1, math.ceil(self.m_scale * formula))

        horizon = max(2, queries) if self.doubling else problem.horizon
        return Exploration(lambda: algorithm.search(family, rng), plays, horizon, self.doubling, self.memo)
