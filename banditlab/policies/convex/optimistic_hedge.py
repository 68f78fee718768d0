"""Optimistic Hedge: Hedge that counts the last gradient twice, as a guess of the next one.

A. Rakhlin, K. Sridharan. Online learning with predictable sequences. COLT 2013; V. Syrgkanis, A. Agarwal, H. Luo, R. E.
Schapire. Fast convergence of regularized learning in games. NeurIPS 2015. The adaptive rate is ours, after theirs: with
rates that never grow the regret is at most ln d / eta_T + 1/2 sum eta_t e_t^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.exponential import exponential_shares
from banditlab.policies.domain_facts import positive, simplex_of
from banditlab.registry import policy
from banditlab.types import Positive, Vector


@policy(
    "optimistic-hedge",
    game="convex",
    needs=("simplex",),
    told=("form", "radius", "gradient_bound"),
    growth={"static-regret": "sqrt T"},
    cite=("rakhlin2013online", "syrgkanis2015fast"),
)
@dataclass(frozen=True)
class OptimisticHedge:
    """Plays weights in proportion to exp(-eta_t (L + M_t)), for the sum L of all gradients and the last one, M_t.

    The rate is fixed where one is given, else sqrt(ln d / (4 G^2 + sum_{s<t} e_s^2)), for the bound G on gradients and
    e_s the largest coordinate of |g_s - M_s|: the regret is then at most 2 sqrt(ln d (4 G^2 + sum e_s^2)). On a simplex
    of another sum the gradients count as many times.
    """

    rate: Literal["adaptive"] | Positive = "adaptive"  #: eta

    class State(NamedTuple):
        point: Vector  #: (d,)
        losses: Vector  #: (d,) L
        guess: Vector  #: (d,) M
        expected: Vector  #: (d,) L + M
        errors: Vector  #: (1,) 4 G^2 and the squares of the errors; 1 where the rate is fixed
        adaptive: bool
        rate: float  #: or its numerator
        radius: float

    def start(self, problem, rng) -> State:
        dim, radius, adaptive = problem.dim, simplex_of(problem), self.rate == "adaptive"
        rate, offset = self.rate, 1.0
        if adaptive:
            rate, offset = math.sqrt(math.log(dim)), (2.0 * radius * positive(problem, "gradient_bound")) ** 2
        point, losses, guess, expected = np.zeros((4, dim))
        return self.State(point, losses, guess, expected, np.array([offset]), adaptive, rate, radius)

    @staticmethod
    def choose(state, t, rng):
        for i in range(state.point.shape[0]):
            state.expected[i] = state.losses[i] + state.guess[i]
        exponential_shares(state.expected, state.rate / math.sqrt(state.errors[0]), state.radius, state.point)
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        error = 0.0
        for i in range(gradient.shape[0]):
            loss = state.radius * gradient[i]
            error = max(error, abs(loss - state.guess[i]))
            state.losses[i] += loss
            state.guess[i] = loss
        if state.adaptive:
            state.errors[0] += error * error
