"""What policies that regress Borda values share: parameters, what they learn and what they recommend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.numerics import borda
from banditlab.numerics.borda import BordaBelief, borda_width, start_borda
from banditlab.numerics.widths import Width
from banditlab.policies.kernelised import Kernel
from banditlab.types import Fraction, Index, NonNegative, Positive


@dataclass(frozen=True)
class Borda(Kernel):
    """Parameters of a kernel ridge regression of the Borda value, and of bounds beta sigma on both sides of it.

    The prior deviation is 1/4, and the ridge is the largest variance of a bit; a common factor of the two changes
    nothing but the unit of `width`. The length scale is 0.2 by default, that of the smooth environments of this game;
    the game's policies with a logistic estimate have 1.

    The theoretical width is 2 B + sqrt(2 gain + 1 + ln(2 / delta)), with the gain of the points played so far in place
    of the largest possible one. It is stated from memory of the theorem, and could not be verified.
    """

    variance: Positive = 0.0625  #: k(x, x), prior variance of a Borda value
    length_scale: Positive | Literal["told"] = 0.2  #: in units of the points, not 1 as elsewhere; or the environment's
    sharing: Literal["shared", "separate"] = "shared"  #: whether an arm tells something of other contexts
    ridge: Positive = 0.25  #: lambda, variance of the noise
    width: NonNegative | Literal["theory"] = 2.0  #: beta; "theory": that of the theorem, for norm and delta
    norm: Positive = 1.0  #: B, bound on the RKHS norm of the Borda function ("theory")
    delta: Fraction = 0.1  #: error probability of the theoretical width
    recommendation: Literal["lcb_max", "mean"] = "lcb_max"  #: the largest lower bound ever, or the largest mean now

    def belief(self, problem: Any) -> BordaBelief:
        """Return the belief without data."""
        matrix = self.gram(problem)
        if self.sharing == "separate":
            matrix = separate(matrix, problem.contexts)
        width = borda_width(self.norm, self.delta) if self.width == "theory" else Width(self.width)
        return start_borda(matrix, self.ridge, width, problem.contexts, self.recommendation == "mean")

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        borda.learn_bit(state.belief, context, first, won)

    @staticmethod
    def recommend(state, t):
        return borda.recommend(state.belief)


@dataclass(frozen=True)
class Optimism(Borda):
    """Parameters and state of policies that play the arm of the largest upper bound, after some uniform play."""

    exploration: Index = 0  #: n_0, rounds of uniform play

    class State(NamedTuple):
        belief: BordaBelief
        exploration: int

    def start(self, problem, rng) -> State:
        return self.State(self.belief(problem), self.exploration)


def separate(gram: np.ndarray, contexts: int) -> np.ndarray:
    """Return a covariance (C K, C K) without what different contexts have in common."""
    context = np.repeat(np.arange(contexts), len(gram) // contexts)
    return np.where(context[:, None] == context, gram, 0.0)
