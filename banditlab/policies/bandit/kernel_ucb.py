"""KernelUCB: optimism on kernel ridge regression (Valko, Korda, Munos, Flaounas and Cristianini 2013).

M. Valko, N. Korda, R. Munos, I. Flaounas, N. Cristianini. Finite-time analysis of kernelised contextual bandits. UAI
2013 (arXiv 1309.6869).
W. Zhang, D. Zhou, L. Li, Q. Gu. Neural Thompson sampling. ICLR 2021 (arXiv 2010.00827; as a baseline, in its published
code).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.kernel_regression import (
    KernelRegression,
    bytes_of,
    learn_arm,
    predict_arms,
    start_regression,
)
from banditlab.policies.encoding import Encoded
from banditlab.policies.memory import check_memory
from banditlab.registry import policy
from banditlab.types import Count, NonNegative, Positive


@policy(
    "kernel-ucb",
    game="bandit",
    needs=("features", "prompt-feedback"),
    told=("arm_features",),
    cite=("valko2013finite", "zhang2021neural"),
)
@dataclass(frozen=True)
class KernelUCB(Encoded):
    """The largest k'(K + ridge I)^-1 r + sqrt(ridge nu (k(x, x) - k'(K + ridge I)^-1 k)).

    K holds the covariances of the points played, r their rewards, and k the covariances of the points with x. The
    lowest index among equals. With disjoint encoding x stands for x (x) e_a, so that arms still learn from each other,
    but for the linear kernel: points of two arms have the squared distance |x|^2 + |x'|^2.

    The form of the variance, with the factor ridge nu, and the defaults are those of the published code of Zhang et al.
    and its scripts: the kernel exp(-|x - x'|), and room for 1000 points. Later rounds are not learned from, while play
    goes on. The paper keeps every point, which room = horizon does.

    The paper could not be read beyond its abstract. From memory: it scales the root by eta / sqrt(ridge), so that
    nu = (eta / ridge)^2. Its bound is in terms of the effective dimension of the data, and for SupKernelUCB, which
    plays in stages to make rewards independent, with eta of the order sqrt(ln(T K / delta)). None is proved for the
    rule here, and no growth is stated.

    With the linear kernel this is LinUCB of width ridge sqrt(nu).

    A round takes O(K n (n + d)) for n points. The points take 8 room (room + K + d) bytes, and are refused where that
    is more than 8 GiB.
    """

    kernel: Literal["rbf", "matern-1/2", "matern-3/2", "matern-5/2", "linear"] = "matern-1/2"  #: 1/2: exp(-|x - x'|)
    length_scale: Positive = 1.0  #: in units of the features; nothing to the linear kernel
    ridge: Positive = 1.0  #: lambda
    nu: NonNegative = 0.1  #: factor of the variance; 0 is greedy
    room: Count = 1000  #: points learned from, the first ones

    class State(NamedTuple):
        regression: KernelRegression
        width: float
        disjoint: bool

    def start(self, problem, rng) -> State:
        needed = bytes_of(self.room, problem.arms, problem.dim)
        check_memory(needed, f"room: {self.room:,} points for {problem.arms:,} arms need")
        regression = start_regression(self.room, problem.arms, problem.dim, self.kernel, self.length_scale, self.ridge)
        return self.State(regression, math.sqrt(self.ridge * self.nu), self.disjoint(problem))

    @staticmethod
    def choose(state, t, features, rng):
        regression = state.regression
        predict_arms(regression, features, state.disjoint)
        best, arm = -math.inf, 0
        for k in range(features.shape[0]):
            index = regression.means[k] + state.width * math.sqrt(max(0.0, regression.variances[k]))
            if index > best:
                best, arm = index, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        learn_arm(state.regression, features, state.disjoint, arm, reward)
