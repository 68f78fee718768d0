"""EXP3 on losses, without mixing (Auer et al. 2002; as in Bubeck and Cesa-Bianchi 2012, Theorem 3.1).

P. Auer, N. Cesa-Bianchi, Y. Freund, R. Schapire. The nonstochastic multiarmed bandit problem. SIAM J. Comput. 32, 2002.
S. Bubeck, N. Cesa-Bianchi. Regret analysis of stochastic and nonstochastic multi-armed bandit problems. 2012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.exponential import exponential_weights
from banditlab.numerics.sampling import draw_weighted
from banditlab.registry import policy
from banditlab.types import Positive, Vector


@policy("exp3", game="bandit", needs=("bounded-rewards",), growth={"static-regret": "sqrt T", "regret": "sqrt T"})
@dataclass(frozen=True)
class EXP3:
    """Exponential weights on importance-weighted losses, with eta_t = rate * sqrt(ln K / (t K)), t = 1, 2, ...

    The loss is 1 - reward, for rewards in [0, 1]. The bound is on the regret to the best fixed arm.
    """

    rate: Positive = 1.0  #: factor of the learning rate

    class State(NamedTuple):
        losses: Vector  #: (K,) sums of estimated losses
        weights: Vector  #: (K,) of the round, not normalised
        total: Vector  #: (1,) their sum
        scale: float  #: eta_t * sqrt(t)

    def start(self, problem, rng) -> State:
        arms = problem.arms
        scale = self.rate * math.sqrt(math.log(arms) / arms)
        return self.State(np.zeros(arms), np.zeros(arms), np.zeros(1), scale)

    @staticmethod
    def choose(state, t, features, rng):
        eta = state.scale / math.sqrt(t + 1)
        state.total[0] = exponential_weights(state.losses, eta, state.weights)
        return draw_weighted(rng, state.weights, state.total[0])

    @staticmethod
    def learn(state, t, features, arm, reward):
        state.losses[arm] += (1.0 - reward) * state.total[0] / state.weights[arm]
