"""MaxPairUCB: the pair of largest utilities and mutual uncertainty together (Di et al. 2024, last layer of VACDB).

Q. Di, T. Jin, Y. Wu, H. Zhao, F. Farnoud, Q. Gu. Variance-aware regret bounds for stochastic contextual dueling
bandits. ICLR 2024 (arXiv 2310.00968): the rule of Algorithm 1, line 8, alone; a baseline of its experiments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.pairs import Pairs, best_pair, look_at_pairs, start_pairs
from banditlab.numerics.preference import Model, explored, learn_pair
from banditlab.numerics.sampling import draw_pair
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Index, NonNegative, Positive


@policy(
    "max-pair-ucb", game="dueling", needs=("features",), told=("horizon", "link", "rounds"), cite=("di2024variance",)
)
@dataclass(frozen=True)
class MaxPairUCB:
    """The pair (i, j) of largest (x_i + x_j)'theta + beta |x_i - x_j|; an arm with itself has norm 0.

    theta is the maximum-likelihood estimate, M the design of contrasts and |v| = sqrt(v' M^-1 v). Of two arms the one
    with the higher index comes first; among equal pairs, the first by i and then j.

    The paper regularises in place of an exploration, and has no numbers for it: here ridge and design are 1. Its public
    code has a design of 0.001, a ridge of 0.0002 t, and twice the width. beta = "horizon" stands for sqrt(d ln T). The
    estimate is found as in CoLSTIM.
    """

    beta: Positive | Literal["horizon"] = "horizon"  #: weight of the norm
    exploration: Index | None = 0  #: rounds of random pairs; None: d K
    ridge: Positive = 1.0  #: lambda of the estimate
    design: NonNegative = 1.0  #: M_0 = design I
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels between two maximisations

    class State(NamedTuple):
        model: Model
        pairs: Pairs
        beta: float

    def start(self, problem, rng) -> State:
        pairs = start_pairs(problem.arms, problem.dim)
        return self.State(told.model(self, problem), pairs, told.width(self.beta, problem))

    @staticmethod
    def choose(state, t, features, rng):
        if not explored(state.model, t):
            return draw_pair(rng, features.shape[0])
        look_at_pairs(state.pairs, features, state.model.estimator.theta, state.model.design.inverse)
        return best_pair(state.pairs, state.beta)

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_pair(state.model, t, features[first], features[second], won)
