"""NeuFastCB: inverse gap weighting that is sensitive to small losses, on a perturbed network (Deb et al. 2024).

R. Deb, Y. Ban, S. Zuo, J. He, A. Banerjee. Contextual bandits with online neural regression. ICLR 2024 (arXiv
2312.07145).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab.numerics.inverse_gap import reweighted_inverse_gaps
from banditlab.numerics.sampling import draw_weighted
from banditlab.policies.inverse_gap import fast_rate
from banditlab.policies.reduction import Oracled, Reduction, learn_loss, predict_losses
from banditlab.registry import policy
from banditlab.types import Probability

FLOOR = 1e-6  #: of predicted losses: at 0 an arm would be played for ever


@policy(
    "neufastcb",
    game="bandit",
    needs=("features", "bounded-rewards"),
    told=("horizon", "rounds", "arm_features"),
    cite=("deb2024contextual",),
)
@dataclass(frozen=True)
class NeuFastCB(Oracled):
    """Draws arm a with probability y_b / (K y_b + gamma_t (y_a - y_b)), else the arm b of least predicted loss y.

    y is the mean of p = sigmoid(f) over an ensemble of S random perturbations f of one network, trained in each round
    by a projected gradient step on the mean of their logarithmic losses -l ln p - (1 - l) ln(1 - p), for the loss
    l = 1 - reward of rewards in [0, 1]. Predictions are kept in [1e-6, 1 - 1e-6]. b is the lowest index among
    equals.

    perturbation "expected" is the expectation over the signs to second order in c = perturbation_scale m^(-1/4): an
    expansion of this package, where that of NeuSquareCB is exact.

    gamma "horizon" is max(sqrt(K L / (3 Reg)), 10 K), where L bounds the loss of the best policy over all rounds, here
    level T, and Reg the regret of the regression, here ln(1 + T), the order that the paper proves, up to its constants.
    A number is gamma_t = gamma t^exponent.

    The paper's text could not be read beyond its abstract: the constants of its experiments are not known here, and the
    defaults are ours. `replay` is not part of the algorithm: say so where you use it. No order of growth is stated,
    since it is proved for very wide networks alone.
    """

    level: Probability = 1.0  #: in "horizon": bound on the mean loss of the best policy, L / T

    def start(self, problem, rng) -> Reduction:
        gamma = self.gamma
        if gamma == "horizon":
            gamma = fast_rate(problem, math.log1p(problem.horizon), self.level)
        return self.reduction(problem, rng, gamma, logistic=True)

    @staticmethod
    def choose(state, t, features, rng):
        predict_losses(state, t, features, rng)
        for k in range(state.losses.shape[0]):
            state.losses[k] = min(max(state.losses[k], FLOOR), 1.0 - FLOOR)
        reweighted_inverse_gaps(state.losses, state.gamma * math.pow(t, state.exponent), state.weights)
        return draw_weighted(rng, state.weights, 1.0)

    @staticmethod
    def probability(state, t, features, arm):
        return state.weights[arm]

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_loss(state, t, features, arm, 1.0 - reward)
