"""What policies that regress Borda values share: parameters, what they learn and what they recommend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from banditlab.numerics import borda
from banditlab.numerics.borda import Belief, start_belief, theoretical_width
from banditlab.numerics.kernel_duels import constant_width
from banditlab.policies.kernelised import Kernel
from banditlab.types import Fraction, NonNegative, Positive


@dataclass(frozen=True)
class Borda(Kernel):
    """Parameters of a kernel ridge regression of the Borda value, and of bounds beta sigma on both sides of it.

    The prior deviation is 1/4, and the ridge is the largest variance of a bit; a common factor of the two changes
    nothing but the unit of `width`.

    The theoretical width is 2 B + sqrt(2 gain + 1 + ln(2 / delta)), with the gain of the points played so far in place
    of the largest possible one. It is stated from memory of the theorem, and could not be verified.
    """

    variance: Positive = 0.0625  #: k(x, x), prior variance of a Borda value
    length_scale: Positive | Literal["told"] = 0.2  #: in units of the points; or the environment's own
    contexts: Literal["shared", "separate"] = "shared"  #: whether an arm tells something of other contexts
    ridge: Positive = 0.25  #: lambda, variance of the noise
    width: NonNegative | Literal["theory"] = 2.0  #: beta; "theory": that of the theorem, for norm and delta
    norm: Positive = 1.0  #: B, bound on the RKHS norm of the Borda function ("theory")
    delta: Fraction = 0.1  #: error probability of the theoretical width
    recommendation: Literal["lcb_max", "mean"] = "lcb_max"  #: the largest lower bound ever, or the largest mean now

    def belief(self, problem: Any) -> Belief:
        """Return the belief without data."""
        matrix = self.gram(problem)
        if self.contexts == "separate":
            matrix = separate(matrix, problem.contexts)
        if self.width == "theory":
            width = theoretical_width(self.norm, self.delta)
        else:
            width = constant_width(self.width)
        return start_belief(matrix, self.ridge, width, problem.contexts, self.recommendation == "mean")

    @staticmethod
    def learn(state, t, features, context, first, second, won):
        borda.learn(state.belief, context, first, won)

    @staticmethod
    def recommend(state, t):
        return borda.recommend(state.belief)


def separate(gram: np.ndarray, contexts: int) -> np.ndarray:
    """Return a covariance (C K, C K) without what different contexts have in common."""
    context = np.repeat(np.arange(contexts), len(gram) // contexts)
    return np.where(context[:, None] == context, gram, 0.0)
