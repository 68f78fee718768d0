"""NAME: a line that says what the problem is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import banditlab
from banditlab.games.bandit import PLAIN_METRICS, score
from banditlab.numerics.hashing import uniform
from banditlab.types import Arms, Counts, Matrix, Vector


@banditlab.environment("NAME", game="bandit", gives=("bounded-rewards",), metrics=PLAIN_METRICS)
@dataclass(frozen=True)
class CLASS:
    """The reward of arm k is 1 with a probability that is drawn for the arm, else 0."""

    arms: Arms = 5  #: K

    class State(NamedTuple):
        features: Matrix  #: (K, d); d = 0 where there is no context
        means: Vector  #: (K,)
        plays: Counts  #: (K,)
        best: Counts  #: (1,) the best arm of the round
        noise: np.uint64  #: key of the outcomes' stream

    def start(self, rng, noise, horizon) -> State:
        means = rng.random(self.arms)  # an instance; outcomes are drawn from `noise` alone
        features, plays = np.zeros((self.arms, 0)), np.zeros(self.arms, int)
        return self.State(features, means, plays, np.array([means.argmax()]), noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5}

    @staticmethod
    def observe(env, t, rng):
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        env.plays[arm] += 1  # the n-th play of an arm has one outcome for all policies
        return 1.0 if uniform(env.noise, arm, env.plays[arm]) < env.means[arm] else 0.0

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        best = env.means[env.best[0]]
        score(totals, best - env.means[arm], best - reward)

    @staticmethod
    def shortfall(env, t, arm):
        return env.means[env.best[0]] - env.means[arm]
