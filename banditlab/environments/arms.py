"""What environments of arms with fixed means share: all but where the means and the noise come from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from banditlab.games.bandit import score
from banditlab.numerics.hashing import uniform
from banditlab.types import Counts, Matrix, Vector


class FixedArms:
    """Base of environments whose state has the fields `features`, `means` (K,) and `best` (1,), which stay."""

    @staticmethod
    def observe(env, t, rng):
        return env.features

    @staticmethod
    def regret(env, t, features, arm, reward, totals):
        best = env.means[env.best[0]]
        score(totals, best - env.means[arm], best - reward)

    @staticmethod
    def shortfall(env, t, arm):
        return env.means[env.best[0]] - env.means[arm]


class State(NamedTuple):
    """Arms whose rewards are 0 or 1."""

    features: Matrix  #: (K, d)
    means: Vector  #: (K,)
    plays: Counts  #: (K,) how often each arm was played
    best: Counts  #: (1,) the best arm
    noise: np.uint64


class Coins(FixedArms):
    """Base of environments whose rewards are 1 with probability `means`, else 0; one outcome for the n-th play."""

    State = State

    @staticmethod
    def pull(env, t, features, arm):
        count = env.plays[arm]
        env.plays[arm] = count + 1
        return 1.0 if uniform(env.noise, arm, count) < env.means[arm] else 0.0


def make_coins(features: np.ndarray, means: np.ndarray, noise: np.uint64) -> State:
    """Return the state of arms with features (K, d) and means (K,) in [0, 1]."""
    return State(features, means, np.zeros(len(means), int), np.array([means.argmax()]), noise)
