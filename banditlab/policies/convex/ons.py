"""Online Newton step, for exp-concave losses.

E. Hazan, A. Agarwal, S. Kale. Logarithmic regret algorithms for online convex optimization. Machine Learning 69, 2007.
The parameters are those of E. Hazan. Introduction to online convex optimization. 2nd edition, 2022, arXiv 1909.05207,
Algorithm 12 and Theorem 4.5: with them the regret is at most 2 (1 / alpha + G D) d ln T, for T >= 4 and d >= 2. (The
first edition has 1 / (4 G D) in place of 1 / (G D).) Whatever the gradients and gamma, sum <g_t, x_t - u> is at most
gamma / 2 sum <g_t, x_t - u>^2 + (1 + sum g_t' A_t^-1 g_t) / (2 gamma).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.domains import Domain, centre, diameter
from banditlab.numerics.linear import add_outer
from banditlab.numerics.newton_steps import Room, make_room, newton_step
from banditlab.policies.domain_facts import block_of, positive
from banditlab.registry import policy
from banditlab.types import Matrix, Positive, Vector


@policy(
    "ons",
    game="convex",
    needs=("exp-concave",),
    told=("form", "radius", "gradient_bound", "exp_concavity"),
    growth={"static-regret": "log T"},
    cite=("hazan2007logarithmic", "hazan2022introduction"),
)
@dataclass(frozen=True)
class ONS:
    """Moves by A_t^-1 g_t / gamma, for A_t = I / (gamma D)^2 + sum_{s<=t} g_s g_s', then to the nearest point.

    The nearest point of the domain is by the norm of A_t; gamma = 1/2 min(1 / (G D), alpha), for the diameter D, the
    bound G on gradients and losses of the exp-concavity alpha. Begins in the middle of the domain.
    """

    scale: Positive = 1.0  #: of all steps; A_t stays as it is

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,)
        matrix: Matrix  #: (d, d) A
        room: Room
        step: float  #: scale / gamma

    def start(self, problem, rng) -> State:
        domain, dim = block_of(problem), problem.dim
        size, bound = diameter(domain), positive(problem, "gradient_bound")
        gamma = 0.5 * min(1.0 / (bound * size), positive(problem, "exp_concavity"))
        matrix = np.eye(dim) / (gamma * size) ** 2
        return self.State(domain, centre(domain), matrix, make_room(dim), self.scale / gamma)

    @staticmethod
    def choose(state, t, rng):
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        add_outer(state.matrix, gradient, 1.0)
        newton_step(state.domain, state.point, state.step, gradient, state.matrix, state.room)
