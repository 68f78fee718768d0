"""EE-Net: a second network learns from the gradient of the first how far it is off (Ban, Yan, Banerjee and He 2022).

Y. Ban, Y. Yan, A. Banerjee, J. He. EE-Net: exploitation-exploration neural networks in contextual bandits. ICLR 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.activations import ACTIVATIONS
from banditlab.numerics.exploration_network import (
    Explorer,
    explore,
    explorer_weights,
    fit_explorer,
    group_weights,
    pool,
    start_explorer,
)
from banditlab.numerics.indices import first_largest
from banditlab.numerics.network import backward, forward
from banditlab.numerics.training import History, Training, due, remember, start_history, start_training
from banditlab.policies.fitted import Learner, Trained, learn_reward
from banditlab.policies.memory import check_memory
from banditlab.policies.neural import check_finite
from banditlab.registry import policy
from banditlab.types import Count, Counts, Index, Matrix, NonNegative, Positive, Real, Vector

OFFSET = 1.0  # in the targets of the second network


@policy(
    "ee-net",
    game="bandit",
    needs=("features", "prompt-feedback"),
    told=("rounds", "arm_features"),
    cite=("ban2022eenet",),
)
@dataclass(frozen=True)
class EENet(Trained):
    """The largest f1 + c (f2 - 1): f1 predicts the reward, and f2, from the gradient of f1 in its weights, r - f1 + 1.

    f2 sees the means of the gradient over groups of `pooling` weights, in PyTorch's order of weights; zeros fill up the
    last group, and stand for the weights of other arms where each has its own. Means and target are those of the round
    in which the arm was played, and stay as they were. c is `weight` in rounds t = 0, ..., `until`, and `later_weight`
    after them. The lowest index among equals.

    While t < `until`, a reward of exactly 0 also teaches f2 the target `optimism` for the gradients of all other arms.
    That is meant for rewards 0 or 1; where no reward is 0, nothing of the kind happens.

    f2 is fitted in the same rounds as f1, by at most as many steps, which are always
    Adam's on single observations. exploration "convolution" is the published f2: one channel that sees `kernel_size`
    means at a time, `stride` apart, without activation, and the layers on it. It needs at least `kernel_size` means,
    which is some 5000 weights of f1. "dense" is the layers alone, for networks of any size; for large ones it is many
    times as slow. "auto" is the convolution where that is possible.

    Rule and defaults are those of the published code; the paper's text could not be read. In earlier versions of that
    code c was 1, then 0.1, and later 1, then 0.01. A third network that it has, switched off, is left out. No order of
    growth is stated, since the bound is proved for very wide networks alone.

    For p weights of f1, observations of f2 take (T + min(T, `until`) (K - 1)) p / `pooling` numbers of 8 bytes, and are
    refused where those are more than 8 GiB.
    """

    steps: Count = 2000  #: most steps of a fit
    every: Count = 10  #: rounds from fit to fit, at first
    until: Index = 1000  #: how many rounds that lasts, and with it `weight` and `optimism`
    weight: NonNegative = 0.1  #: c at first
    later_weight: NonNegative = 0.01  #: c afterwards
    optimism: Real | Literal["off"] = 1.2  #: target of f2 for the arms not played when the reward is 0, at first
    pooling: Count = 50  #: weights of f1 in a group
    exploration: Literal["auto", "convolution", "dense"] = "auto"  #: form of f2
    kernel_size: Count = 100  #: means that the convolution sees at a time
    stride: Count = 50  #: from those to the next
    exploration_hidden: tuple[Count, ...] = (100,)  #: widths of the hidden layers of f2, at most two
    exploration_rate: Positive = 1e-3  #: of Adam's steps for f2
    exploration_decay: NonNegative = 1e-4  #: lambda of f2: each step's loss has lambda |w|^2 / 2
    exploration_tolerance: NonNegative = 2e-3  #: on the mean of (f2 - target)^2 over a pass, at which a fit ends

    class State(NamedTuple):
        learner: Learner  #: f1
        explorer: Explorer
        weights: Vector  #: (p2,) of f2
        history: History  #: means of gradients, and targets
        training: Training
        groups: Counts  #: (p,) of the weights of f1
        means: Matrix  #: (K, n) of the round's gradients
        rewards: Vector  #: (K,) f1
        scores: Vector  #: (K,)
        pooling: int
        weight: float
        later_weight: float
        optimism: float
        optimistic: bool

    def __post_init__(self):
        super().__post_init__()
        if len(self.exploration_hidden) > 2:
            raise ValueError(f"exploration_hidden: at most 2 hidden layers, got {list(self.exploration_hidden)}")

    def start(self, problem, rng) -> State:
        learner, arms = self.learner(problem, rng, 0.0), problem.arms
        groups = group_weights(learner.network, self.pooling)
        means = int(groups.max()) + 1
        room = problem.rounds
        if self.optimism != "off":
            room += min(room, self.until) * (arms - 1)
        check_memory(
            8 * room * means, f"pooling: {room:,} observations of {means:,} means of the gradient need",
            'use a larger pooling, narrower layers, or optimism = "off"',
        )  # fmt: skip
        explorer = self._explorer(means)
        weights = explorer_weights(explorer, rng)
        training = start_training(
            explorer.network, room, weights, rng.integers(2**64, dtype=np.uint64), adam=True,
            rate=self.exploration_rate, decay=self.exploration_decay, steps=self.steps,
            tolerance=self.exploration_tolerance, every=self.every, until=self.until, later=self.later,
        )  # fmt: skip
        return self.State(
            learner, explorer, weights, start_history(room, means), training, groups, np.zeros((arms, means)),
            np.zeros(arms), np.zeros(arms), self.pooling, self.weight, self.later_weight,
            0.0 if self.optimism == "off" else self.optimism, self.optimism != "off",
        )  # fmt: skip

    def _explorer(self, means: int) -> Explorer:
        possible = means >= self.kernel_size
        if self.exploration == "convolution" and not possible:
            raise ValueError(
                f'exploration: "convolution" needs at least kernel_size = {self.kernel_size} means of the gradient, '
                f'and here are {means}; use "dense", or a smaller pooling or kernel_size'
            )
        size = self.kernel_size if possible and self.exploration != "dense" else 0
        form = ACTIVATIONS[self.activation]
        return start_explorer(means, self.exploration_hidden, form, size=size, stride=self.stride)

    @staticmethod
    def choose(state, t, features, rng):
        learner, scores = state.learner, state.scores
        c = state.weight if t <= state.training.until else state.later_weight
        for k in range(scores.shape[0]):
            block = k if learner.disjoint else 0
            state.rewards[k] = forward(learner.network, learner.weights, features[k], block)
            backward(learner.network, learner.weights)
            pool(learner.network, state.groups, state.pooling, state.means[k])
            scores[k] = state.rewards[k] + c * (explore(state.explorer, state.weights, state.means[k]) - OFFSET)
        check_finite(scores, t)
        return first_largest(scores)

    @staticmethod
    def learn(state, t, features, arm, reward):
        history, training = state.history, state.training
        remember(history, state.means[arm], 0, reward - state.rewards[arm] + OFFSET)
        if state.optimistic and reward == 0.0 and t < training.until:
            for k in range(state.means.shape[0]):
                if k != arm:
                    remember(history, state.means[k], 0, state.optimism)
        learn_reward(state.learner, t, features, arm, reward)
        if due(training, t):
            fit_explorer(state.explorer, state.weights, history, training)
