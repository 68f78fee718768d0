"""Bernoulli arms whose means swing: each arm is the best one for a while, in turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import banditlab
from banditlab.games.bandit import score
from banditlab.numerics.hashing import uniform
from banditlab.types import Count, Counts, Matrix, Probability, Vector


@banditlab.environment("drifting", game="bandit", gives=("bounded-rewards",), metrics=("regret", "realised-regret"))
@dataclass(frozen=True)
class Drifting:
    """The reward of arm k in round t is 1 with probability 1/2 + swing / 2 * cos(2 pi (t / period - k / K)), else 0.

    Where on the cycle the first round falls is drawn in each replication.
    """

    arms: Count = 5  #: K
    period: Count = 5_000  #: rounds of a full cycle
    swing: Probability = 0.4  #: difference between the highest and the lowest mean of an arm

    class State(NamedTuple):
        features: Matrix  #: (K, 0)
        means: Vector  #: (K,) of the round
        best: Counts  #: (1,) the best arm of the round
        period: float
        swing: float
        phase: float  #: where on the cycle round 0 lies, in [0, 1)
        noise: np.uint64

    def start(self, rng, noise, horizon) -> State:
        features, means, best = np.zeros((self.arms, 0)), np.zeros(self.arms), np.zeros(1, int)
        return self.State(features, means, best, self.period, self.swing, rng.random(), noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5}

    @staticmethod
    def observe(env, t, rng):
        arms, best = env.means.shape[0], 0
        for k in range(arms):
            turn = t / env.period + env.phase - k / arms
            env.means[k] = 0.5 + 0.5 * env.swing * math.cos(2.0 * math.pi * turn)
            if env.means[k] > env.means[best]:
                best = k
        env.best[0] = best
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        return 1.0 if uniform(env.noise, arm, t) < env.means[arm] else 0.0

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        best = env.means[env.best[0]]
        score(totals, best - env.means[arm], best - reward)
