"""Logistic-UCB-1: optimism for logistic bandits (Faury et al. 2020, Algorithm 1; the rule of Filippi et al. 2010).

L. Faury, M. Abeille, C. Calauzenes, O. Fercoq. Improved optimistic algorithms for logistic bandits. ICML 2020.
S. Filippi, O. Cappe, A. Garivier, C. Szepesvari. Parametric bandits: the generalized linear case. NeurIPS 2010.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.linear import dot, norm, sherman_morrison
from banditlab.numerics.links import LOGISTIC, curvature, probability
from banditlab.numerics.preference import Estimator, learn_duel, start_estimator
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Fraction, Matrix, Positive, Vector


@policy(
    "logistic-ucb",
    game="bandit",
    needs=("arm-features", "bounded-rewards"),
    told=("horizon", "rounds", "signal"),
    cite=("faury2020improved", "filippi2010parametric"),
)
@dataclass(frozen=True)
class LogisticUCB:
    """The largest sigmoid(x'theta) + width sqrt(x' V^-1 x), with V = kappa ridge I + sum x x'.

    theta is the maximum-likelihood estimate with penalty ridge/2 |theta|^2, for rewards 0 or 1; a reward of more than
    1/2 counts as 1. kappa = 1 / sigmoid'(S) is the worst inverse slope, for |theta| <= S and features of norm at most
    1. The lowest index among equals.

    Width "theory" is that of Logistic-UCB-1 after t rounds,

        1/2 sqrt(kappa (1 + 2 S)) gamma_t,
        gamma_t = sqrt(ridge) (S + 1/2) + 2 / sqrt(ridge) (d ln 2 + ln(1/delta) + d/2 ln(1 + t / (4 d ridge))),

    and ridge "horizon" is d ln T. With a number, the rule is GLM-UCB of Filippi et al., who have no ridge and d
    independent arms first instead.

    Deviation: both papers project theta onto |theta| <= S, a problem that is not convex, where it lies outside, and
    prove their bound, of order sqrt(T), with that. Here it is left as it is, as in public code of the authors, which
    also has a smaller bonus that looks at the data.

    The estimate is found by Newton's method each time the number of rounds has grown by `refit`, with a step of online
    Newton in the rounds between; refit = 1 solves in every round, as the papers write it, at a cost that grows with it.
    """

    width: Positive | Literal["theory"] = "theory"  #: of the confidence interval
    ridge: Positive | Literal["horizon"] = "horizon"  #: lambda
    norm: Positive | Literal["told"] = "told"  #: S, bound on |theta|
    delta: Fraction = 0.05  #: in "theory": the bound fails with this probability
    refit: AtLeastOne = 1.05  #: growth of the number of rounds between two maximisations

    class State(NamedTuple):
        estimator: Estimator
        inverse: Matrix  #: (d, d) V^-1
        origin: Vector  #: (d,) zero, against which an arm plays for its reward
        scratch: Vector  #: (d,)
        width: float  #: or its part that does not change
        slope: float  #: of the width in ln(1 + t / scale); 0 for a width that stays
        scale: float

    def start(self, problem, rng) -> State:
        dim = problem.dim
        bound = problem.signal if self.norm == "told" else self.norm
        ridge = dim * math.log(max(problem.horizon, 2)) if self.ridge == "horizon" else self.ridge
        kappa = 1.0 / curvature(LOGISTIC, bound)
        width, slope = self.width, 0.0
        if width == "theory":
            factor, root = 0.5 * math.sqrt(kappa * (1.0 + 2.0 * bound)), math.sqrt(ridge)
            width = factor * (root * (bound + 0.5) + 2.0 / root * (dim * math.log(2.0) - math.log(self.delta)))
            slope = factor * dim / root
        return self.State(
            start_estimator(dim, problem.rounds, "logistic", ridge, self.refit), np.eye(dim) / (kappa * ridge),
            np.zeros(dim), np.zeros(dim), width, slope, 4.0 * dim * ridge,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        width = state.width + state.slope * math.log1p(t / state.scale)
        best, arm = -math.inf, 0
        for k in range(features.shape[0]):
            x = features[k]
            mean = probability(LOGISTIC, dot(state.estimator.theta, x))
            index = mean + width * norm(state.inverse, x)
            if index > best:
                best, arm = index, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        x = features[arm]
        learn_duel(state.estimator, x, state.origin, reward > 0.5)
        sherman_morrison(state.inverse, x, state.scratch, 1.0)
