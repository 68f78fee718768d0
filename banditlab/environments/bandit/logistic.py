"""Logistic contextual bandit: rewards 0 or 1 by one unknown parameter shared by all arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.contexts import draw_sphere, rank, unit_rows
from banditlab.games.bandit import score
from banditlab.numerics.hashing import uniform
from banditlab.numerics.links import LOGISTIC, probability
from banditlab.registry import environment
from banditlab.types import Arms, Count, Counts, Matrix, Positive, Vector


@environment(
    "logistic",
    game="bandit",
    gives=("features", "arm-features", "bounded-rewards"),
    metrics=("regret", "realised-regret"),
)
@dataclass(frozen=True)
class Logistic:
    """The reward of an arm with features x is 1 with probability sigmoid(x'theta), else 0.

    theta is uniform on the sphere of radius `signal` in R^d, and each arm's features on the unit sphere. The features
    are drawn anew in each round (`fresh`), or once. The noise is a function of the round and the arm, or, for features
    that stay, of the arm and the number of its plays.
    """

    arms: Arms = 10  #: K
    dim: Count = 20  #: d
    signal: Positive = 5.0  #: norm of theta: larger makes rewards less random
    fresh: bool = True  #: new features in each round

    class State(NamedTuple):
        features: Matrix  #: (K, d)
        theta: Vector  #: (d,)
        means: Vector  #: (K,) of the round
        best: Counts  #: (1,) the best arm of the round
        plays: Counts  #: (K,) how often each arm was played
        fresh: bool
        noise: np.uint64

    def start(self, rng, noise, horizon) -> State:
        theta = rng.standard_normal(self.dim)
        theta *= self.signal / np.linalg.norm(theta)
        features, means = unit_rows(rng, self.arms, self.dim), np.zeros(self.arms)
        return self.State(features, theta, means, np.zeros(1, int), np.zeros(self.arms, int), self.fresh, noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5, "signal": self.signal}

    @staticmethod
    def observe(env, t, rng):
        if env.fresh:
            draw_sphere(env.features, rng)
        if env.fresh or t == 0:
            rank(env.features, env.theta, env.means, env.best)
            for k in range(env.means.shape[0]):
                env.means[k] = probability(LOGISTIC, env.means[k])
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        count = env.plays[arm]
        env.plays[arm] = count + 1
        return 1.0 if uniform(env.noise, arm, t if env.fresh else count) < env.means[arm] else 0.0

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        best = env.means[env.best[0]]
        score(totals, best - env.means[arm], best - reward)
