"""Thompson sampling with Beta posteriors (Thompson 1933; Agrawal and Goyal 2012, Algorithms 1 and 2).

W. R. Thompson. On the likelihood that one unknown probability exceeds another in view of the evidence of two samples.
Biometrika 25, 1933.
S. Agrawal, N. Goyal. Analysis of Thompson sampling for the multi-armed bandit problem. COLT 2012.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.hashing import uniform
from banditlab.numerics.sampling import beta
from banditlab.registry import policy
from banditlab.sketches import Intervals
from banditlab.types import Positive, Vector


@policy(
    "thompson-beta",
    game="bandit",
    needs=("bounded-rewards",),
    growth={"regret": "log T"},
    cite=("thompson1933likelihood", "agrawal2012analysis"),
)
@dataclass(frozen=True)
class ThompsonBeta:
    """The arm with the largest draw from its posterior Beta(prior_wins + wins, prior_losses + losses).

    A reward strictly between 0 and 1 counts as a win with that probability (Algorithm 2).
    """

    prior_wins: Positive = 1.0  #: alpha of the prior
    prior_losses: Positive = 1.0  #: beta of the prior

    class State(NamedTuple):
        wins: Vector  #: (K,) with the prior's
        losses: Vector  #: (K,) with the prior's
        coin: np.uint64  #: key of the coins for fractional rewards

    def start(self, problem, rng) -> State:
        wins = np.full(problem.arms, self.prior_wins)
        losses = np.full(problem.arms, self.prior_losses)
        return self.State(wins, losses, rng.integers(0, 2**64, dtype=np.uint64))

    def sketch(self, state, t) -> Intervals:
        from scipy.stats import beta as posterior

        law = posterior(state.wins, state.losses)
        plays = state.wins + state.losses - self.prior_wins - self.prior_losses
        return Intervals(law.mean(), law.ppf(0.025), law.ppf(0.975), "95 % of the posterior", plays=plays)

    @staticmethod
    def choose(state, t, features, rng):
        best, arm = -1.0, 0
        for k in range(state.wins.shape[0]):
            draw = beta(rng, state.wins[k], state.losses[k])
            if draw > best:
                best, arm = draw, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        if 0.0 < reward < 1.0:
            reward = 1.0 if uniform(state.coin, 0, t) < reward else 0.0
        state.wins[arm] += reward
        state.losses[arm] += 1.0 - reward
