"""Linear contextual bandit: one unknown parameter shared by all arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab import bounds
from banditlab.environments.contexts import draw_sphere, rank, unit_rows
from banditlab.games.bandit import score
from banditlab.numerics.hashing import normal
from banditlab.registry import environment
from banditlab.types import Arms, Count, Counts, Matrix, NonNegative, Vector


@environment("linear", game="bandit", gives=("features", "arm-features"), metrics=("regret", "realised-regret"))
@dataclass(frozen=True)
class Linear:
    """Rewards x'theta + noise, with theta and each arm's features x uniform on the unit sphere of R^d.

    The features are drawn anew in each round (`fresh`), or once. The noise is a function of the round and the arm, or,
    for features that stay, of the arm and the number of its plays.
    """

    arms: Arms = 10  #: K
    dim: Count = 20  #: d
    noise: NonNegative = 0.1  #: standard deviation of the Gaussian noise
    fresh: bool = True  #: new features in each round

    class State(NamedTuple):
        features: Matrix  #: (K, d)
        theta: Vector  #: (d,)
        means: Vector  #: (K,) of the round
        best: Counts  #: (1,) the best arm of the round
        plays: Counts  #: (K,) how often each arm was played
        std: float
        fresh: bool
        noise: np.uint64

    def start(self, rng, noise, horizon) -> State:
        theta = rng.standard_normal(self.dim)
        theta /= np.linalg.norm(theta)
        features, means = unit_rows(rng, self.arms, self.dim), np.zeros(self.arms)
        return self.State(
            features, theta, means, np.zeros(1, int), np.zeros(self.arms, int), self.noise, self.fresh, noise
        )

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": self.noise, "signal": 1.0}

    def bounds(self, state, rounds) -> list[bounds.Bound]:
        if self.fresh:
            return []
        return [bounds.graves_lai(state.features, state.features @ state.theta, self.noise, rounds)]

    @staticmethod
    def observe(env, t, rng):
        if env.fresh:
            draw_sphere(env.features, rng)
        if env.fresh or t == 0:
            rank(env.features, env.theta, env.means, env.best)
        return env.features

    @staticmethod
    def pull(env, t, features, arm):
        count = env.plays[arm]
        env.plays[arm] = count + 1
        return env.means[arm] + env.std * normal(env.noise, arm, t if env.fresh else count)

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        best = env.means[env.best[0]]
        score(totals, best - env.means[arm], best - reward)
