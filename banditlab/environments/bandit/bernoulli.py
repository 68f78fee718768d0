"""Bernoulli arms: rewards 0 or 1 with fixed means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from banditlab import bounds
from banditlab.environments.arms import Coins, State, make_coins
from banditlab.environments.instances import draw_means, parse_prior, settle_arms
from banditlab.games.bandit import PLAIN_METRICS
from banditlab.registry import environment
from banditlab.types import Arms, NonNegative, Probability

PRIORS = {"beta": "beta(a, b) with a, b > 0", "uniform": "uniform(a, b) with a < b"}


@environment("bernoulli", game="bandit", gives=("bounded-rewards",), metrics=PLAIN_METRICS)
@dataclass(frozen=True)
class Bernoulli(Coins):
    """Bernoulli arms: the reward of arm k is 1 with probability means[k], else 0.

    The arms are written one by one (`means`), or as `arms` of which one, at a random place, has mean `best` and the
    others `best - gap`, or as `arms` whose means are drawn from `prior` in each replication.
    """

    means: list[Probability] | None = None  #: (K,), in [0, 1]
    arms: Arms | None = None  #: K
    gap: NonNegative | None = None  #: of every arm but the best; 0.1 where arms are given by a gap
    best: Probability | None = None  #: mean of the best arm; 0.6 where arms are given by a gap
    prior: str | None = None  #: "beta(a, b)" or "uniform(a, b)"

    def __post_init__(self):
        settle_arms(self, PRIORS)
        if self.gap is not None and self.gap > self.best:
            raise ValueError(f"gap: at most best = {self.best}, since means lie in [0, 1]; got {self.gap}")
        if self.prior is not None:
            law, low, high = parse_prior(self.prior, PRIORS)
            if law == "uniform" and (low < 0 or high > 1):
                raise ValueError(f"prior: {self.prior!r} reaches outside [0, 1], where means of Bernoulli arms lie")

    def start(self, rng, noise, horizon) -> State:
        means = draw_means(self.means, self.arms, self.gap, self.best, self.prior, rng)
        return make_coins(np.zeros((len(means), 0)), means, noise)

    def facts(self, state) -> dict[str, Any]:
        return {"best": state.best, "noise": 0.5}

    def bounds(self, state, rounds) -> list[bounds.Bound]:
        found = [bounds.bernoulli(state.means, rounds)]
        return found + bounds.identification(state.means, "bernoulli", 0.5, rounds)
