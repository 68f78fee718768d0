"""EXP3 on losses, without mixing (Auer et al. 2002; as in Bubeck and Cesa-Bianchi 2012, Theorem 3.1).

P. Auer, N. Cesa-Bianchi, Y. Freund, R. Schapire. The nonstochastic multiarmed bandit problem. SIAM J. Comput. 32, 2002.
S. Bubeck, N. Cesa-Bianchi. Regret analysis of stochastic and nonstochastic multi-armed bandit problems. 2012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from banditlab.numerics.exponential import Exponential, draw_action, drawn_with, start_exponential
from banditlab.registry import policy
from banditlab.types import Positive


@policy(
    "exp3",
    game="bandit",
    needs=("bounded-rewards", "prompt-feedback"),
    growth={"static-regret": "sqrt T", "regret": "sqrt T"},
    cite=("auer2002nonstochastic", "bubeck2012regret"),
)
@dataclass(frozen=True)
class EXP3:
    """Exponential weights on importance-weighted losses, with eta_t = rate * sqrt(ln K / (t K)), t = 1, 2, ...

    The loss is 1 - reward, for rewards in [0, 1]. The bound is on the regret to the best fixed arm.
    """

    rate: Positive = 1.0  #: factor of the learning rate

    class State(NamedTuple):
        learner: Exponential
        scale: float  #: eta_t * sqrt(t)

    def start(self, problem, rng) -> State:
        arms = problem.arms
        scale = self.rate * math.sqrt(math.log(arms) / arms)
        return self.State(start_exponential(arms), scale)

    @staticmethod
    def choose(state, t, features, rng):
        return draw_action(state.learner, state.scale / math.sqrt(t + 1), rng)

    @staticmethod
    def probability(state, t, features, arm):
        return drawn_with(state.learner, arm)

    @staticmethod
    def learn(state, t, features, arm, reward):
        learner = state.learner
        learner.losses[arm] += (1.0 - reward) * learner.total[0] / learner.weights[arm]
