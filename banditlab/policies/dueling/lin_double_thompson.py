"""Double Thompson sampling with linear utilities: each arm is the best for a draw of its own from the posterior.

The rule of X. Li, H. Zhao, Q. Gu. Feel-good Thompson sampling for contextual dueling bandits. ICML 2024 (arXiv
2404.06013), for a Gaussian posterior of any width. It has no paper of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.pairs import draw_winners
from banditlab.numerics.preference import Draw, Estimator, learn_duel, start_draw, start_estimator
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, NonNegative, Positive


@policy("lin-double-thompson", game="dueling", needs=("features",), told=("link", "rounds"), cite=("li2024feelgood",))
@dataclass(frozen=True)
class LinDoubleThompson:
    """i = argmax x_i'theta_1 and j = argmax x_j'theta_2, for two independent draws from N(theta, v^2 H^-1).

    theta is the maximum-likelihood estimate, and H = ridge I + sum F'(z_s'theta) z_s z_s' the Hessian of the negative
    log-likelihood at it: for v = 1 the Laplace approximation of the posterior under the prior N(0, I / ridge). There
    is no exploration; the two arms may be one. The lowest index among equals. `fgts-cdb` is v = 2.

    theta and H are found as in `ginop`.
    """

    v: NonNegative = 1.0  #: width of the draws, in standard deviations of the posterior
    ridge: Positive = 1.0  #: lambda
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels between two maximisations

    class State(NamedTuple):
        estimator: Estimator
        draw: Draw
        v: float

    def start(self, problem, rng) -> State:
        link = told.link(self.link, problem)
        estimator = start_estimator(problem.dim, problem.rounds, link, self.ridge, self.refit)
        return self.State(estimator, start_draw(problem.dim), self.v)

    @staticmethod
    def choose(state, t, features, rng):
        return draw_winners(state.estimator, state.draw, features, state.v, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_duel(state.estimator, features[first], features[second], won)
