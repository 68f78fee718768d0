"""NeuralUCB: optimism on a neural network's prediction and its gradient (Zhou, Li and Gu 2020, Algorithm 1).

D. Zhou, L. Li, Q. Gu. Neural contextual bandits with UCB-based exploration. ICML 2020 (arXiv 1911.04462).
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.numerics.indices import first_largest
from banditlab.policies.neural import check_finite
from banditlab.policies.uncertain import Posterior, Uncertain, learn_uncertain, predict_reward
from banditlab.registry import policy


@policy("neuralucb", game="bandit", needs=("features",), told=("rounds", "arm_features"), cite=("zhou2020neural",))
@dataclass(frozen=True)
class NeuralUCB(Uncertain):
    """The largest f(x_a) + width sqrt(g'U^-1 g), with f the network and g its gradient in all weights, both as fitted.

    width is sqrt(lambda nu) in preset "code": nu multiplies the variance. In preset "paper" it is nu, in place of the
    paper's gamma_t, which contains constants that nobody knows; U then sums gg' / m. The lowest index among equals.

    The defaults are those of the published code, with one difference: there rewards are added to the history only in
    rounds with a fit, which loses 99 of 100 after round 2000; here all are kept. A fit in each of the first 2000 rounds
    takes nearly all of the time; every = 10, until = 1000, as EE-Net's authors have it, is ten times as fast.

    The paper's text could not be read, and preset "paper" is from memory of it. No order of growth is stated, since it
    is proved for very wide networks.
    """

    def start(self, problem, rng) -> Posterior:
        return self.posterior(problem, rng, self.nu)

    @staticmethod
    def choose(state, t, features, rng):
        for k in range(features.shape[0]):
            value, deviation = predict_reward(state, features[k], k)
            state.scores[k] = value + deviation
        check_finite(state.scores, t)
        return first_largest(state.scores)

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_uncertain(state, t, features, arm, reward)
