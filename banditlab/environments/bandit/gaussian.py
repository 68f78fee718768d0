"""Gaussian arms: fixed means, normal noise of one standard deviation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab import bounds
from banditlab.environments.arms import FixedArms
from banditlab.environments.instances import draw_means, settle_arms
from banditlab.games.bandit import PLAIN_METRICS
from banditlab.numerics.hashing import normal
from banditlab.registry import environment
from banditlab.types import Arms, Counts, Matrix, NonNegative, Real, Vector

PRIORS = {"normal": "normal(mean, std) with std > 0", "uniform": "uniform(a, b) with a < b"}


@environment("gaussian", game="bandit", metrics=PLAIN_METRICS)
@dataclass(frozen=True)
class Gaussian(FixedArms):
    """Gaussian arms: the reward of arm k is normal with mean means[k] and standard deviation `std`.

    The arms are written one by one (`means`), or as `arms` of which one, at a random place, has mean `best` and the
    others `best - gap`, or as `arms` whose means are drawn from `prior` in each replication.
    """

    means: list[Real] | None = None  #: (K,)
    arms: Arms | None = None  #: K
    gap: NonNegative | None = None  #: of every arm but the best; 0.1 where arms are given by a gap
    best: Real | None = None  #: mean of the best arm; 0.6 where arms are given by a gap
    prior: str | None = None  #: "normal(mean, std)" or "uniform(a, b)"
    std: NonNegative = 1.0  #: of the noise, in reward units

    class State(NamedTuple):
        features: Matrix  #: (K, 0)
        means: Vector  #: (K,)
        std: float
        plays: Counts  #: (K,) how often each arm was played
        best: Counts  #: (1,) the best arm
        noise: np.uint64

    def __post_init__(self):
        settle_arms(self, PRIORS)

    def start(self, rng, noise, horizon) -> State:
        means = draw_means(self.means, self.arms, self.gap, self.best, self.prior, rng)
        arms, best = len(means), np.array([means.argmax()])
        return self.State(np.zeros((arms, 0)), means, self.std, np.zeros(arms, int), best, noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": self.std}

    def bounds(self, state, rounds) -> list[bounds.Bound]:
        found = [bounds.gaussian(state.means, self.std, rounds)]
        return found + bounds.identification(state.means, "gaussian", self.std, rounds)

    @staticmethod
    def pull(env, t, features, arm):
        count = env.plays[arm]
        env.plays[arm] = count + 1
        return env.means[arm] + env.std * normal(env.noise, arm, count)
