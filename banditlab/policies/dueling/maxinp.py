"""MaxInP: the most informative pair among the plausible winners (Saha 2021, Algorithm 2).

A. Saha. Optimal algorithms for stochastic contextual preference bandits. NeurIPS 2021. Width and exploration as in the
comparison of Bengs, Saha, Huellermeier (ICML 2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.linear import dot, multiply
from banditlab.numerics.preference import Model, explored, learn_pair, start_model
from banditlab.numerics.sampling import draw_pair
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Flags, Index, Matrix, NonNegative, Positive, Vector


@policy(
    "maxinp",
    game="dueling",
    needs=("features",),
    told=("horizon", "link", "rounds"),
    growth={"average": "sqrt T"},
)
@dataclass(frozen=True)
class MaxInP:
    """The pair of largest |x_i - x_j| among the arms that may still be best.

    After `exploration` rounds of random pairs, with theta the maximum-likelihood estimate and |v| = sqrt(v' M^-1 v), an
    arm i may be best if (x_i - x_j)'theta + eta |x_i - x_j| > 0 for every other j, so that two arms with equal features
    rule each other out. One such arm plays itself; where there is none, the arm of largest utility does. The first pair
    among equals, by i and then j.

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
        products: Matrix  #: (K, d) M^-1 x
        utilities: Vector  #: (K,) x'theta
        squares: Matrix  #: (K, K) |x_i - x_j|^2
        plausible: Flags  #: (K,)
        eta: float

    def start(self, problem, rng) -> State:
        arms, dim = problem.arms, problem.dim
        model = start_model(
            dim, problem.rounds, told.link(self.link, problem),
            ridge=self.ridge, refit=self.refit, design=self.design,
            exploration=told.exploration(self.exploration, problem),
        )  # fmt: skip
        products, square = np.zeros((arms, dim)), np.zeros((arms, arms))
        return self.State(model, products, np.zeros(arms), square, np.zeros(arms, bool), told.width(self.eta, problem))

    @staticmethod
    def choose(state, t, features, rng):
        if not explored(state.model, t):
            return draw_pair(rng, features.shape[0])
        _look(state, features)
        return _most_informative(state)

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_pair(state.model, t, features[first], features[second], won)


def _look(state, features):
    """Write utilities, squared norms of all contrasts, and the plausible arms of the round."""
    arms = features.shape[0]
    for k in range(arms):
        state.utilities[k] = dot(features[k], state.model.estimator.theta)
        multiply(state.model.design.inverse, features[k], state.products[k])
        state.squares[k, k] = dot(state.products[k], features[k])
        state.plausible[k] = True
    for i in range(arms):
        for j in range(i):
            square = state.squares[i, i] + state.squares[j, j] - 2.0 * dot(state.products[i], features[j])
            state.squares[i, j] = state.squares[j, i] = max(0.0, square)
            width = state.eta * math.sqrt(state.squares[i, j])
            lead = state.utilities[i] - state.utilities[j]
            state.plausible[i] = state.plausible[i] and lead + width > 0.0
            state.plausible[j] = state.plausible[j] and width - lead > 0.0


def _most_informative(state):
    arms = state.utilities.shape[0]
    best, first, second, leader, last, count = -1.0, 0, 0, 0, 0, 0
    for i in range(arms):
        if state.utilities[i] > state.utilities[leader]:
            leader = i
        if state.plausible[i]:
            count += 1
            last = i
            for j in range(arms):
                if j != i and state.plausible[j] and state.squares[i, j] > best:
                    best, first, second = state.squares[i, j], i, j
    if count == 0:
        return leader, leader
    if count == 1:
        return last, last
    return first, second
