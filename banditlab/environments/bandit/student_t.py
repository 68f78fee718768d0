"""Arms with heavy tails: fixed means, Student t noise of one standard deviation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.environments.arms import FixedArms
from banditlab.environments.bandit.gaussian import PRIORS
from banditlab.environments.instances import draw_means, settle_arms
from banditlab.games.bandit import PLAIN_METRICS
from banditlab.numerics.hashing import positive_uniform
from banditlab.registry import environment
from banditlab.types import Arms, Counts, Matrix, NonNegative, Positive, Real, Vector


@environment("student-t", game="bandit", metrics=PLAIN_METRICS)
@dataclass(frozen=True)
class StudentT(FixedArms):
    """Arms with Student t noise: the reward of arm k is means[k] plus a t variate of `df` degrees of freedom.

    The variate is scaled to the standard deviation `std`, so that rewards of different `df` and those of `gaussian` can
    be compared, and a policy that is told the noise is told the truth. That takes a variance, and so df > 2; moments of
    order df and above do not exist.

    The arms are written one by one (`means`), or as `arms` of which one, at a random place, has mean `best` and the
    others `best - gap`, or as `arms` whose means are drawn from `prior` in each replication.

    Noise is drawn by the polar form of R. W. Bailey (Mathematics of Computation 62, 1994), exact for every df and of
    two uniforms: sqrt(df (u^(-2/df) - 1)) cos(2 pi v).
    """

    means: list[Real] | None = None  #: (K,)
    arms: Arms | None = None  #: K
    gap: NonNegative | None = None  #: of every arm but the best; 0.1 where arms are given by a gap
    best: Real | None = None  #: mean of the best arm; 0.6 where arms are given by a gap
    prior: str | None = None  #: "normal(mean, std)" or "uniform(a, b)"
    df: Positive = 3.0  #: degrees of freedom, above 2; the fewer, the heavier the tails
    std: NonNegative = 1.0  #: standard deviation of the noise, in reward units

    class State(NamedTuple):
        features: Matrix  #: (K, 0)
        means: Vector  #: (K,)
        df: float
        scale: float  #: of a standard t variate: std sqrt((df - 2) / df)
        plays: Counts  #: (K,) how often each arm was played
        best: Counts  #: (1,) the best arm
        noise: np.uint64

    def __post_init__(self):
        settle_arms(self, PRIORS)
        if self.df <= 2:
            raise ValueError(f"df: above 2, where the noise has a standard deviation; got {self.df:g}")

    def start(self, rng, noise, horizon) -> State:
        means = draw_means(self.means, self.arms, self.gap, self.best, self.prior, rng)
        arms, best = len(means), np.array([means.argmax()])
        scale = self.std * math.sqrt((self.df - 2) / self.df)
        return self.State(np.zeros((arms, 0)), means, self.df, scale, np.zeros(arms, int), best, noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": self.std}

    @staticmethod
    def pull(env, t, features, arm):
        count = env.plays[arm]
        env.plays[arm] = count + 1
        return env.means[arm] + env.scale * _student_t(env.noise, arm, count, env.df)


def _student_t(key, what, count, df):
    """Draw a standard t variate; arguments as of `hashing.bits`."""
    radius = math.sqrt(df * math.expm1(-2.0 / df * math.log(positive_uniform(key, what, 2 * count))))
    return radius * math.cos(2.0 * math.pi * positive_uniform(key, what, 2 * count + 1))
