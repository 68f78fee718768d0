"""Neural epsilon-greedy: an arm at random with probability epsilon, else the one a network predicts most for.

A baseline of W. Zhang, D. Zhou, L. Li, Q. Gu. Neural Thompson sampling. ICLR 2021 (arXiv 2010.00827), and of Y. Ban, Y.
Yan, A. Banerjee, J. He. EE-Net: exploitation-exploration neural networks in contextual bandits. ICLR 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.indices import first_largest, leader_or_any
from banditlab.numerics.network import forward_arms
from banditlab.numerics.sampling import draw_index
from banditlab.policies.fitted import Learner, Trained, learn_reward
from banditlab.policies.neural import check_finite
from banditlab.registry import policy
from banditlab.types import Probability, Vector


@policy(
    "neural-epsilon",
    game="bandit",
    needs=("features",),
    told=("rounds", "arm_features"),
    cite=("zhang2021neural", "ban2022eenet"),
)
@dataclass(frozen=True)
class NeuralEpsilon(Trained):
    """With probability epsilon one of all arms, uniformly; else the largest prediction f(x_a) of a fitted network.

    The lowest index among equals. There is no weight decay. The published code of the first paper has epsilon = 0.05,
    training = "batch", until = 0, later = 1; that of the second 0.01, steps = 2000, every = 10, until = 1000. Regret
    grows linearly, by epsilon times the mean gap of the arms a round.
    """

    epsilon: Probability = 0.05

    class State(NamedTuple):
        learner: Learner
        scores: Vector  #: (K,) predictions of the round
        epsilon: float

    def start(self, problem, rng) -> State:
        return self.State(self.learner(problem, rng, 0.0), np.zeros(problem.arms), self.epsilon)

    @staticmethod
    def choose(state, t, features, rng):
        if rng.random() < state.epsilon:
            return draw_index(rng, features.shape[0])
        learner = state.learner
        forward_arms(learner.network, learner.weights, features, learner.disjoint, state.scores)
        check_finite(state.scores, t)
        return first_largest(state.scores)

    @staticmethod
    def probability(state, t, features, arm):
        learner = state.learner
        forward_arms(learner.network, learner.weights, features, learner.disjoint, state.scores)
        return leader_or_any(state.epsilon, features.shape[0], arm == first_largest(state.scores))

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_reward(state.learner, t, features, arm, reward)
