"""VACDB: variance-aware contextual dueling bandit, estimators in layers of certainty (Di et al. 2024, Algorithm 1).

Q. Di, T. Jin, Y. Wu, H. Zhao, F. Farnoud, Q. Gu. Variance-aware regret bounds for stochastic contextual dueling
bandits. ICLR 2024 (arXiv 2310.00968).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.pairs import Pairs, best_pair, descend, draw_wide_pair, start_pairs
from banditlab.numerics.preference import contrast_norm, learn_pair, start_model
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Count, Counts, Positive


@policy(
    "vacdb",
    game="dueling",
    needs=("features", "prompt-feedback"),
    told=("horizon", "link", "rounds"),
    cite=("di2024variance",),
)
@dataclass(frozen=True)
class VACDB:
    """Layers l = 1 .. L, each with duels, estimate theta_l and Sigma_l of its own; |v|_l = sqrt(v' Sigma_l^-1 v).

    A round begins in layer 1 with all arms. In layer l, with b = beta / scale,

    - where all |x_i - x_j|_l <= 2^-L, the pair of largest (x_i + x_j)'theta_l + b |x_i - x_j|_l is played, an arm with
      itself having norm 0, and nothing is learned;
    - else, where all |x_i - x_j|_l <= 2^-l, the arms with x'theta_l < max - 2^-l b are dropped, and layer l + 1 comes
      next;
    - else a random pair with |x_i - x_j|_l > 2^-l is played and goes to layer l, with the weight w = 2^-l / |x_i -
      x_j|_l.

    Sigma_l = 2^-2l I + sum w^2 z z', and theta_l minimises sum w^2 loss(z'theta) + kappa 2^-2l / 2 |theta|^2. A
    weighted duel adds the same certainty to a layer, 2^-2l, whichever it is. In the first case the first pair among
    equals by i and then j counts, with i >= j; in the last the pair has i < j. The paper takes any pair there, its
    code a random one.

    The width of the paper's bound, with the variance of the layer's duels in it, is not here: its constants are far
    too large to run, and the public code, which divides them by 10 000, does not use it. beta = "horizon" stands for
    sqrt(d ln T) / 4, the width of that code; kappa and L are those too (its ridge is twice that of the paper). No
    width is good for all instances: the code divides it by the norm of theta, which is `scale`, and even so its
    regret is 2 to 4 times that of `max-pair-ucb` where that norm is 0.5, 2 or 4 (experiments/vacdb).

    With a fixed number of layers nothing more is learned once all norms are at most 2^-L, and the regret then grows
    linearly; the paper's bound is for an L that grows with ln T, and for its own width.

    The estimates are found as in CoLSTIM.
    """

    beta: Positive | Literal["horizon"] = "horizon"  #: width, for scale = 1
    scale: Positive = 1.0  #: what the width is divided by; the public code has the norm of theta
    layers: Count = 5  #: L; the certainty at which exploration ends is 2^-L
    kappa: Positive = 0.01  #: of the ridge; in the paper the least slope of the link
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels of a layer between two maximisations

    class State(NamedTuple):
        layers: tuple  #: a `Model` for each layer
        pairs: Pairs
        learning: Counts  #: (1,) index of the layer that the round's duel goes to, or -1
        width: float
        stop: float  #: 2^-L

    def start(self, problem, rng) -> State:
        link = told.link(self.link, problem)
        layers = tuple(
            start_model(
                problem.dim, problem.rounds, link,
                ridge=self.kappa * 0.25**level, refit=self.refit, design=0.25**level, exploration=0,
            )
            for level in range(1, self.layers + 1)
        )  # fmt: skip
        beta = told.width("horizon", problem) / 4 if self.beta == "horizon" else self.beta
        pairs = start_pairs(problem.arms, problem.dim)
        return self.State(layers, pairs, np.zeros(1, int), beta / self.scale, 0.5**self.layers)

    @staticmethod
    def choose(state, t, features, rng):
        layer, wide = descend(state.pairs, state.layers, features, state.stop, 1.0, state.width)
        state.learning[0] = layer if wide else -1
        if wide:
            return draw_wide_pair(state.pairs, 0.25 ** (layer + 1), rng)
        return best_pair(state.pairs, state.width)

    @staticmethod
    def learn(state, t, features, first, second, won):
        layer = state.learning[0]
        if layer >= 0 and first != second:
            model = state.layers[layer]
            weight = 0.5 ** (layer + 1) / contrast_norm(model.design, features[first], features[second])
            learn_pair(model, t, features[first], features[second], won, weight * weight)
