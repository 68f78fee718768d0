"""NeuralTS: Thompson sampling of a neural network's predictions (Zhang, Zhou, Li and Gu 2021, Algorithm 1).

W. Zhang, D. Zhou, L. Li, Q. Gu. Neural Thompson sampling. ICLR 2021 (arXiv 2010.00827).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab.numerics.indices import first_largest
from banditlab.policies.neural import check_finite
from banditlab.policies.uncertain import Posterior, Uncertain, learn_uncertain, predict_reward
from banditlab.registry import policy


@policy("neuralts", game="bandit", needs=("features",), told=("rounds", "arm_features"), cite=("zhang2021neural",))
@dataclass(frozen=True)
class NeuralTS(Uncertain):
    """The largest of draws from N(f(x_a), width^2 g'U^-1 g), one for each arm, with f the network and g its gradient.

    width is sqrt(lambda nu) in preset "code": nu multiplies the variance. In preset "paper" it is nu sqrt(lambda): nu
    multiplies the standard deviation, and U sums gg' / m. Draws are independent, from the first arm to the last. The
    lowest index among equals.

    The published code fits in every round, with training = "batch", until = 0, later = 1; the default is NeuralUCB's
    replay and schedule, which is faster. U takes in the gradient before the fit, as in both published codes and in
    NeuralUCB's Algorithm 1; Algorithm 1 of this paper may take it after. The paper's text could not be read, and preset
    "paper" is from memory of it. No order of growth is stated, since it is proved for very wide networks alone.
    """

    def start(self, problem, rng) -> Posterior:
        return self.posterior(problem, rng, self.nu * math.sqrt(self.ridge))

    @staticmethod
    def choose(state, t, features, rng):
        for k in range(features.shape[0]):
            value, deviation = predict_reward(state, features[k], k)
            state.scores[k] = value + deviation * rng.standard_normal()
        check_finite(state.scores, t)
        return first_largest(state.scores)

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_uncertain(state, t, features, arm, reward)
