"""RCDB: contextual duels that withstand flipped outcomes, by weights for uncertain ones (Di et al. 2025, Alg. 1).

Q. Di, J. He, Q. Gu. Nearly optimal algorithms for contextual dueling bandits from adversarial feedback. ICML 2025
(arXiv 2404.10776).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.pairs import Pairs, best_pair, look_at_pairs, start_pairs
from banditlab.numerics.preference import Model, contrast_norm, learn_pair, start_model
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Positive


@policy(
    "rcdb",
    game="dueling",
    needs=("features",),
    told=("horizon", "link", "rounds"),
    growth={"average": "sqrt T"},
    cite=("di2025nearly",),
)
@dataclass(frozen=True)
class RCDB:
    """The pair (i, j) of largest (x_i + x_j)'theta + beta |x_i - x_j|; an arm with itself has norm 0.

    |v| = sqrt(v' Sigma^-1 v) with Sigma = design I + sum w_s z_s z_s', and theta minimises sum w_s loss(z_s'theta) +
    ridge/2 |theta|^2, where the duel of round s has the weight w_s = min(1, alpha / |z_s|), in the norm of that
    round. No single outcome, whoever made it, can move the estimate far. For a large alpha it is `max-pair-ucb`. Of
    two arms the one with the higher index comes first; among equal pairs, the first by i and then j.

    The full text was not available to us: rule and weights follow a public re-implementation that cites its lines. For
    C flipped outcomes, or a bound on their number, the theory has alpha = sqrt(d) / C, which we could not check.
    "horizon" stands for the bound C = sqrt(T), up to which the regret keeps the order sqrt(T): alpha = sqrt(d / T).
    The beta of the theory has a factor 1 / kappa; "horizon" stands for sqrt(d ln T) here. In the paper ridge is kappa
    lambda and design is lambda.

    The estimate is found as in CoLSTIM.
    """

    beta: Positive | Literal["horizon"] = "horizon"  #: weight of the norm
    alpha: Positive | Literal["horizon"] = "horizon"  #: norm up to which a duel has full weight
    ridge: Positive = 1.0  #: of the estimate
    design: Positive = 1.0  #: lambda of Sigma
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels between two maximisations

    class State(NamedTuple):
        model: Model
        pairs: Pairs
        beta: float
        alpha: float

    def start(self, problem, rng) -> State:
        model = start_model(
            problem.dim, problem.rounds, told.link(self.link, problem),
            ridge=self.ridge, refit=self.refit, design=self.design, exploration=0,
        )  # fmt: skip
        alpha = math.sqrt(problem.dim / problem.horizon) if self.alpha == "horizon" else self.alpha
        return self.State(model, start_pairs(problem.arms, problem.dim), told.width(self.beta, problem), alpha)

    @staticmethod
    def choose(state, t, features, rng):
        look_at_pairs(state.pairs, features, state.model.estimator.theta, state.model.design.inverse)
        return best_pair(state.pairs, state.beta)

    @staticmethod
    def learn(state, t, features, first, second, won):
        norm = contrast_norm(state.model.design, features[first], features[second])
        weight = state.alpha / norm if norm > state.alpha else 1.0
        learn_pair(state.model, t, features[first], features[second], won, weight)
