"""NeuSquareCB: inverse gap weighting of a perturbed network's predictions (Deb, Ban, Zuo, He and Banerjee 2024).

R. Deb, Y. Ban, S. Zuo, J. He, A. Banerjee. Contextual bandits with online neural regression. ICLR 2024 (arXiv
2312.07145).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab.numerics.inverse_gap import inverse_gaps
from banditlab.numerics.sampling import draw_weighted
from banditlab.policies.inverse_gap import square_rate
from banditlab.policies.reduction import Oracled, Reduction, learn_loss, predict_losses
from banditlab.registry import policy
from banditlab.types import Fraction


@policy(
    "neusquarecb",
    game="bandit",
    needs=("features",),
    told=("horizon", "rounds", "arm_features"),
    cite=("deb2024contextual",),
)
@dataclass(frozen=True)
class NeuSquareCB(Oracled):
    """Draws arm a with probability 1 / (K + gamma_t (y_a - y_b)), and the arm b of least predicted loss y otherwise.

    y is the mean prediction of an ensemble of S random perturbations f of one network, trained in each round by a
    projected gradient step on the mean of their squared losses (f - l)^2 / 2, for the loss l = 1 - reward. Predictions
    are not clipped. b is the lowest index among equals.

    With the same signs for all arms, as here, the perturbation shifts all predictions alike: it acts through training
    alone. perturbation "expected" is its limit for large S, the penalty c^2 |w - w_0|^2 / 2 with
    c = perturbation_scale m^(-1/4), a pull to the initial weights, at a fraction of the cost.

    gamma "horizon" is sqrt(K T / (Reg + ln(2 / delta))), where Reg bounds the regret of the regression; here
    Reg = ln(1 + T), the order that the paper proves, up to its constants. A number is gamma_t = gamma t^exponent.

    The paper's text could not be read beyond its abstract: the constants of its experiments (perturbation_scale,
    ensemble, gamma, radius, rate) are not known here, and the defaults are ours. Steps of the theory fall like 1 / t
    (rate_exponent = 1). `replay` is not part of the algorithm: say so where you use it. No order of growth is stated,
    since it is proved for very wide networks alone.
    """

    delta: Fraction = 0.05  #: in "horizon": the bound fails with this probability

    def start(self, problem, rng) -> Reduction:
        gamma = self.gamma
        if gamma == "horizon":
            gamma = square_rate(problem, math.log1p(problem.horizon), self.delta)
        return self.reduction(problem, rng, gamma, logistic=False)

    @staticmethod
    def choose(state, t, features, rng):
        predict_losses(state, t, features, rng)
        inverse_gaps(state.losses, state.gamma * math.pow(t, state.exponent), state.weights)
        return draw_weighted(rng, state.weights, 1.0)

    @staticmethod
    def probability(state, t, features, arm):
        return state.weights[arm]

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_loss(state, t, features, arm, 1.0 - reward)
