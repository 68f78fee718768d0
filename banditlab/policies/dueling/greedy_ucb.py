"""GreedyUCB: the best arm by the estimate, against its toughest competitor (MaxFirstUCBNext of Di et al. 2024).

Q. Di, T. Jin, Y. Wu, H. Zhao, F. Farnoud, Q. Gu. Variance-aware regret bounds for stochastic contextual dueling
bandits. ICLR 2024 (arXiv 2310.00968): a baseline of its experiments. It is CoLSTIM (Bengs, Saha, Huellermeier, ICML
2022) without the perturbation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.indices import first_largest
from banditlab.numerics.pairs import Arms, challenge, look_at_arms, start_arms
from banditlab.numerics.preference import Model, explored, learn_pair
from banditlab.numerics.sampling import draw_pair
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Index, NonNegative, Positive


@policy(
    "greedy-ucb",
    game="dueling",
    needs=("features",),
    told=("horizon", "link", "rounds"),
    cite=("di2024variance", "bengs2022stochastic"),
)
@dataclass(frozen=True)
class GreedyUCB:
    """First the arm of largest utility, then the largest upper bound on the contrast to it.

    After `exploration` rounds of random pairs, with theta the maximum-likelihood estimate, M the design of contrasts
    and |v| = sqrt(v' M^-1 v),

        i = argmax x_i'theta,      j = argmax (x_j - x_i)'theta + c1 |x_j - x_i|.

    The lowest index among equals. Every decision is that of `colstim` with threshold = 0, whose defaults these are; no
    decision depends on a coin after the exploration, and none on a shift of the contexts. The public code of Di et al.
    has no exploration, a design of 0.001, a ridge of 0.0002 t, and twice the width.

    c1 = "horizon" stands for sqrt(d ln T). The estimate is found as in CoLSTIM.
    """

    c1: Positive | Literal["horizon"] = "horizon"  #: width of the second arm's bound
    exploration: Index | None = None  #: rounds of random pairs; None: d K
    ridge: Positive = 1e-4  #: lambda of the estimate
    design: NonNegative = 0.0  #: M_0 = design I
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels between two maximisations

    class State(NamedTuple):
        model: Model
        arms: Arms
        c1: float

    def start(self, problem, rng) -> State:
        arms = start_arms(problem.arms, problem.dim)
        return self.State(told.model(self, problem), arms, told.width(self.c1, problem))

    @staticmethod
    def choose(state, t, features, rng):
        if not explored(state.model, t):
            return draw_pair(rng, features.shape[0])
        inverse = state.model.design.inverse
        look_at_arms(state.arms, features, state.model.estimator.theta, inverse)
        first = first_largest(state.arms.utilities)
        return first, challenge(state.arms, features, inverse, first, state.c1)

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_pair(state.model, t, features[first], features[second], won)
