"""GINOP for linear utilities: generic informative optimism, widths in a curvature-weighted design (arXiv 2609.39351).

On the complexity of preference-based bandits. arXiv 2609.39351, 2026: Section 5 (the algorithm) and Appendix E.1
(linear utilities).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.pairs import Pairs, best_pair, look_at_pairs, start_pairs
from banditlab.numerics.preference import Estimator, learn_duel, start_estimator
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Positive

CURVATURE = {"logistic": 1 / 4, "probit": 2 / math.pi, "exponential": 1.0}  #: of each link's loss at zero


@policy(
    "ginop",
    game="dueling",
    needs=("features",),
    told=("horizon", "link", "rounds"),
    growth={"average": "sqrt T"},
    cite=("ginop2026complexity",),
)
@dataclass(frozen=True)
class GINOP:
    """The pair (i, j) of largest (x_i + x_j)'theta + beta |x_i - x_j|; an arm with itself has norm 0.

    theta is the maximum-likelihood estimate and |v| = sqrt(v' H^-1 v), with H = ridge I + sum F'(z_s'theta) z_s z_s'
    the Hessian of the negative log-likelihood at theta: a duel counts for as much as it could tell. (For the logistic
    link, the paper's. The probit link has its own Hessian, the exponential link the expected one.) There is no
    exploration. Of two arms the one with the higher index comes first; among equal pairs, the first by i and then j.

    The paper gives the width up to a constant, as proportional to the root of a confidence radius of order d ln T,
    and does not say what its experiments have. "horizon" stands for sqrt(h d ln T), with h = F'(0) = 1/4 the
    curvature at equal utilities (2 / pi for the probit link, 1 for the exponential): near there H is h times the
    design, and the width is that which sqrt(d ln T) means to `max-pair-ucb` and the others. The ridge is that of its
    kernel version; its value is not given.

    H is computed anew at theta each time that Newton's method runs, when the number of duels has grown by `refit`. A
    duel between enters with the curvature at the estimate before it. refit = 1 computes H after every duel, as the
    paper writes it.
    """

    beta: Positive | Literal["horizon"] = "horizon"  #: weight of the norm
    ridge: Positive = 1.0  #: lambda, of the estimate and of H
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels between two maximisations

    class State(NamedTuple):
        estimator: Estimator  #: with the inverse of H
        pairs: Pairs
        beta: float

    def start(self, problem, rng) -> State:
        link = told.link(self.link, problem)
        beta = math.sqrt(CURVATURE[link]) * told.width("horizon", problem) if self.beta == "horizon" else self.beta
        estimator = start_estimator(problem.dim, problem.rounds, link, self.ridge, self.refit)
        return self.State(estimator, start_pairs(problem.arms, problem.dim), beta)

    @staticmethod
    def choose(state, t, features, rng):
        look_at_pairs(state.pairs, features, state.estimator.theta, state.estimator.inverse)
        return best_pair(state.pairs, state.beta)

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_duel(state.estimator, features[first], features[second], won)
