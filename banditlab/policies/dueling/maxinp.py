"""MaxInP: the most informative pair among the plausible winners (Saha 2021, Algorithm 2).

A. Saha. Optimal algorithms for stochastic contextual preference bandits. NeurIPS 2021. Width and exploration as in the
comparison of Bengs, Saha, Huellermeier (ICML 2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.indices import first_largest
from banditlab.numerics.pairs import Pairs, activate, look_at_pairs, start_pairs, widest_pair
from banditlab.numerics.preference import Model, explored, learn_pair
from banditlab.numerics.sampling import draw_pair
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Index, NonNegative, Positive


@policy(
    "maxinp",
    game="dueling",
    needs=("features",),
    told=("horizon", "link", "rounds"),
    growth={"average": "sqrt T"},
    cite=("saha2021optimal", "bengs2022stochastic"),
)
@dataclass(frozen=True)
class MaxInP:
    """The pair of largest |x_i - x_j| among the arms that may still be best.

    After `exploration` rounds of random pairs, with theta the maximum-likelihood estimate and |v| = sqrt(v' M^-1 v), an
    arm i may be best if (x_i - x_j)'theta + eta |x_i - x_j| >= 0 for every other j. One such arm plays itself; where
    there is none, the arm of largest utility does. The first pair among equals, by i and then j.

    Deviation: the paper has > 0, by which two arms of equal features rule each other out, and a worse one is left to
    play itself for ever.

    eta = "horizon" stands for sqrt(d ln T). The estimate is found as in CoLSTIM.
    """

    eta: Positive | Literal["horizon"] = "horizon"  #: width of the plausible set
    exploration: Index | None = None  #: t_0, rounds of random pairs; None: d K
    ridge: Positive = 1e-4  #: lambda of the estimate
    design: NonNegative = 0.0  #: M_0 = design I
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels between two maximisations

    class State(NamedTuple):
        model: Model
        pairs: Pairs  #: active: the plausible arms
        eta: float

    def start(self, problem, rng) -> State:
        pairs = start_pairs(problem.arms, problem.dim)
        return self.State(told.model(self, problem), pairs, told.width(self.eta, problem))

    @staticmethod
    def choose(state, t, features, rng):
        if not explored(state.model, t):
            return draw_pair(rng, features.shape[0])
        activate(state.pairs)
        look_at_pairs(state.pairs, features, state.model.estimator.theta, state.model.design.inverse)
        if not _rule_out(state.pairs, state.eta):
            leader = first_largest(state.pairs.utilities)
            return leader, leader
        first, second, _ = widest_pair(state.pairs)
        return first, second

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_pair(state.model, t, features[first], features[second], won)


def _rule_out(pairs, eta):
    """Leave only plausible arms active, and tell whether there is one."""
    arms = pairs.utilities.shape[0]
    for i in range(arms):
        for j in range(i):
            width = eta * math.sqrt(pairs.squares[i, j])
            lead = pairs.utilities[i] - pairs.utilities[j]
            pairs.active[i] = pairs.active[i] and lead + width >= 0.0
            pairs.active[j] = pairs.active[j] and width - lead >= 0.0
    found = False
    for i in range(arms):
        found = found or pairs.active[i]
    return found
