"""A utility on a finite domain, such as a test function on a grid, seen by rewards of 0 or 1.

The functions, their domains and their scale are those of B. Pasztor, P. Kassraie, A. Krause. Bandits with preference
feedback: a Stackelberg game perspective. NeurIPS 2024 (arXiv 2406.16745).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.domains import Utility, told
from banditlab.games.bandit import PLAIN_METRICS, score
from banditlab.numerics.hashing import uniform
from banditlab.numerics.links import chances
from banditlab.registry import environment
from banditlab.types import Counts, Matrix, Vector


@environment(
    "kernelized",
    game="bandit",
    gives=("features", "arm-features", "domain", "bounded-rewards"),
    metrics=PLAIN_METRICS,
)
@dataclass(frozen=True)
class Kernelized(Utility):
    """The reward of arm k is 1 with probability F(u_k), else 0, for the utility u of points in R^d.

    Utilities, points, and what policies are told of them are as in the environment `kernelized` of the game `dueling`.
    Regret is by the means F(u).
    """

    class State(NamedTuple):
        features: Matrix  #: (K, d) the points
        means: Vector  #: (K,)
        plays: Counts  #: (K,) how often each arm was played
        best: Counts  #: (1,) the best arm
        noise: np.uint64

    def start(self, rng, noise, horizon) -> State:
        points, utilities = self.draw(rng)
        means = chances(self.link, utilities)
        return self.State(points, means, np.zeros(len(means), int), np.array([means.argmax()]), noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5, **told(state.features, self.link, self.length_scale)}

    @staticmethod
    def observe(env, t, rng):
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        count = env.plays[arm]
        env.plays[arm] = count + 1
        return 1.0 if uniform(env.noise, arm, count) < env.means[arm] else 0.0

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        best = env.means[env.best[0]]
        score(totals, best - env.means[arm], best - reward)

    @staticmethod
    def shortfall(env, t, arm):
        return env.means[env.best[0]] - env.means[arm]
