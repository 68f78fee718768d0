"""A utility on a finite domain, such as a test function on a grid, seen by rewards of 0 or 1.

The functions, their domains and their scale are those of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference
feedback: a Stackelberg game perspective. NeurIPS 2024 (arXiv 2406.16745).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from banditlab.environments.arms import Coins, State, make_coins
from banditlab.environments.domains import Utility, told
from banditlab.games.bandit import PLAIN_METRICS
from banditlab.numerics.links import chances
from banditlab.registry import environment


@environment(
    "kernelized",
    game="bandit",
    gives=("features", "arm-features", "domain", "bounded-rewards"),
    metrics=PLAIN_METRICS,
    cite=("pasztor2024bandits",),
)
@dataclass(frozen=True)
class Kernelized(Utility, Coins):
    """The reward of arm k is 1 with probability F(u_k), else 0, for the utility u of points in R^d.

    Utilities, points, and what policies are told of them are as in the environment `kernelized` of the game `dueling`.
    Regret is by the means F(u).
    """

    def start(self, rng, noise, horizon) -> State:
        points, utilities = self.draw(rng)
        return make_coins(points, chances(self.link, utilities), noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5, **told(state.features, self.link, self.length_scale)}
