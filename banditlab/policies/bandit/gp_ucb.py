"""GP-UCB: optimism on Gaussian-process regression (Srinivas et al. 2010, Algorithm 1).

N. Srinivas, A. Krause, S. Kakade, M. Seeger. Gaussian process optimization in the bandit setting: no regret and
experimental design. ICML 2010.
B. Pasztor, P. Kassraie, A. Krause. Bandits with preference feedback: a Stackelberg game perspective. NeurIPS 2024 (as a
baseline for rewards 0 or 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics import data_space, gaussian_process
from banditlab.numerics.data_space import DataProcess, bytes_of, start_data_process
from banditlab.numerics.gaussian_process import Process, start_process
from banditlab.numerics.kernel_duels import TIE
from banditlab.numerics.ties import draw_best
from banditlab.policies.kernelised import Kernel
from banditlab.policies.memory import check_memory
from banditlab.registry import policy
from banditlab.sketches import Intervals, around
from banditlab.types import Fraction, Matrix, Positive, Vector


@policy(
    "gp-ucb",
    game="bandit",
    needs=("domain",),
    told=("domain", "length_scale", "rounds"),
    cite=("srinivas2010gaussian", "pasztor2024bandits"),
)
@dataclass(frozen=True)
class GPUCB(Kernel):
    """The largest mean_k + width sd_k of the posterior of a Gaussian process with prior mean 0.

    It serves rewards of any scale: `noise` is the variance of one reward given its mean, at most 1/4 for rewards in
    [0, 1], and `variance` that of the means themselves. Indices within 1e-4 of the largest, in reward units, tie, and
    one is drawn, as for duels; the published code of the comparison has 1e-16.

    width "theory" is sqrt(2 ln(N t^2 pi^2 / (6 delta))) for t = 1, 2, ..., the root of the paper's beta_t (Theorem
    1, a finite domain): the bands then hold with probability 1 - delta where means are drawn from this process and the
    noise is normal. The paper bounds the regret by the information gain of the kernel, not by an order in T, and
    none is stated. Its text could not be read.

    Both forms take the same decisions, to rounding. "arms" updates the covariance of all arms in O(N^2) a round. "data"
    appends to a Cholesky factor of what has been seen, O(t^2 + t N) in round t, which is less while t is below N; it
    takes T N numbers of 8 bytes beside the N^2 of the prior, and is refused where those are more than 8 GiB.
    """

    noise: Positive = 0.25  #: lambda, variance of a reward given its mean
    width: Positive | Literal["theory"] = 1.0  #: factor of the standard deviation
    delta: Fraction = 0.1  #: error probability of width "theory"
    form: Literal["arms", "data"] = "arms"  #: how the posterior is computed

    class State(NamedTuple):
        arms: Process  #: of no points in form "data"
        data: DataProcess  #: of no points in form "arms"
        prior: Matrix  #: (N, N) K in form "data"; (0, 0) in form "arms"
        scores: Vector  #: (N,) scratch
        by_data: bool
        width: float  #: 0 for "theory"
        shift: float  #: part of the square of "theory" that does not change

    def start(self, problem, rng) -> State:
        by_data, room = self.form == "data", 0
        if by_data:
            room = problem.rounds
            points = problem.arms
            check_memory(
                bytes_of(points, room),
                f'form: "data" for a horizon of {room:,} and {points:,} points needs',
                f'use form = "arms", which keeps {points:,} x {points:,} numbers at any horizon',
            )
        gram = self.gram(problem)
        none = gram[:0, :0]
        of_arms, of_data = (none, gram) if by_data else (gram, none)
        return self.State(
            start_process(of_arms, self.noise), start_data_process(np.diag(of_data), room, self.noise), of_data,
            np.zeros(len(gram)), by_data, 0.0 if self.width == "theory" else self.width,
            2.0 * math.log(len(gram) * math.pi**2 / (6.0 * self.delta)),
        )  # fmt: skip

    def sketch(self, state, t) -> Intervals:
        if self.width == "theory" and t is None:
            raise ValueError('the width "theory" depends on the rounds: plot(state, t)')
        width = state.width if state.width > 0.0 else math.sqrt(4.0 * math.log(t + 1.0) + state.shift)
        process = state.data if state.by_data else state.arms
        variances = process.variance if state.by_data else np.diagonal(process.covariance)
        return around(process.mean, width * np.sqrt(np.maximum(variances, 0.0)), "mean +- width sd")

    @staticmethod
    def choose(state, t, features, rng):
        scores = state.scores
        width = state.width if state.width > 0.0 else math.sqrt(4.0 * math.log(t + 1.0) + state.shift)
        for k in range(scores.shape[0]):
            mean, variance = _posterior(state, k)
            scores[k] = mean + width * math.sqrt(max(0.0, variance))
        return draw_best(scores, TIE, rng)

    @staticmethod
    def learn(state, t, features, arm, reward):
        if state.by_data:
            data_space.learn_value(state.data, arm, state.prior[arm], reward)
        else:
            gaussian_process.learn_value(state.arms, arm, reward)


def _posterior(state, k):
    """Return mean and variance of an arm."""
    if state.by_data:
        return state.data.mean[k], state.data.variance[k]
    return state.arms.mean[k], state.arms.covariance[k, k]
