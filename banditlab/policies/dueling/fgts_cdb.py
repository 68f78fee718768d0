"""FGTS.CDB without its feel-good term, by a tempered Laplace posterior (after Li, Zhao, Gu 2024, Algorithm 1).

X. Li, H. Zhao, Q. Gu. Feel-good Thompson sampling for contextual dueling bandits. ICML 2024 (arXiv 2404.06013).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.pairs import draw_winners
from banditlab.numerics.preference import Draw, Estimator, learn_duel, start_draw, start_estimator
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Positive


@policy("fgts-cdb", game="dueling", needs=("features",), told=("link", "rounds"), cite=("li2024feelgood",))
@dataclass(frozen=True)
class FGTSCDB:
    """Each arm is the best for a draw of its own: i = argmax x_i'theta_1, j = argmax x_j'theta_2.

    In the paper theta_j comes from a posterior in proportion to p_0(theta) exp(-sum_s L^j_s(theta)), with the tempered
    likelihood and the feel-good term

        L^j_s(theta) = eta ln(1 + exp(-y_s theta'z_s)) - mu max_a theta'(x_a - x_s^{3-j}),

    by stochastic gradient Langevin dynamics. What is here is an approximation, for which the paper's bound is not
    proved:

    - the posterior is Gaussian, N(theta, H^-1 / eta), with theta the maximum-likelihood estimate and H = ridge I +
      sum F'(z_s'theta) z_s z_s'. This is the Laplace approximation of exp(-eta sum_s ln(1 + ...)) under the prior p_0
      = N(0, I / (eta ridge));
    - mu = 0: there is no feel-good term. The value of the paper, 1 / (10 e^S sqrt(T)), is of order 1e-3 or less for
      norms and horizons as here; the term has a kink where the best arm changes, and no Gaussian form.

    It is `lin-double-thompson` with v = 1 / sqrt(eta), so v = 2. The lowest index among equals.
    """

    eta: Positive = 0.25  #: power of the likelihood
    ridge: Positive = 1.0  #: lambda; the prior has precision eta lambda
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels between two maximisations

    class State(NamedTuple):
        estimator: Estimator
        draw: Draw
        spread: float  #: 1 / sqrt(eta)

    def start(self, problem, rng) -> State:
        link = told.link(self.link, problem)
        estimator = start_estimator(problem.dim, problem.rounds, link, self.ridge, self.refit)
        return self.State(estimator, start_draw(problem.dim), 1.0 / math.sqrt(self.eta))

    @staticmethod
    def choose(state, t, features, rng):
        return draw_winners(state.estimator, state.draw, features, state.spread, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        learn_duel(state.estimator, features[first], features[second], won)
