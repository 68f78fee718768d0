"""Optimistic follow the regularised leader, with steps that adapt to how far the hints were off.

S. Sachs, H. Hadiji, T. van Erven, C. Guzman. Between stochastic and adversarial online convex optimization: improved
regret bounds via smoothness. NeurIPS 2022, Theorem 5. There it is played on a ball around 0; the regulariser here
is the distance from the middle of any domain. The steps fall, where the text calls them non-decreasing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.domains import Domain, centre, diameter, project
from banditlab.numerics.linear import square_distance
from banditlab.policies.domain_facts import domain_of, positive
from banditlab.registry import policy
from banditlab.types import Vector


@policy(
    "optimistic-ftrl",
    game="convex",
    told=("form", "radius", "gradient_bound", "smoothness"),
    growth={"static-regret": "sqrt T"},
    cite=("sachs2022between",),
)
@dataclass(frozen=True)
class OptimisticFTRL:
    """Plays the point that minimises <x, sum of gradients + M_t> + ||x - centre||^2 / eta_t; M_t is the last gradient.

    eta_t = D^2 / (nu + sum_{s<t} eta_s ||g_s - M_s||^2), where nu = L D^2 + D G with "smooth", and 2 D G with
    "bounded", for the diameter D, the smoothness L and the bound G on gradients. Begins in the middle of the domain.
    """

    offset: Literal["smooth", "bounded"] = "smooth"  #: nu

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,)
        centre: Vector  #: (d,)
        total: Vector  #: (d,) sum of gradients
        guess: Vector  #: (d,) M_t
        weight: Vector  #: (1,) D^2 / eta_t
        square: float  #: D^2

    def start(self, problem, rng) -> State:
        domain, dim = domain_of(problem), problem.dim
        size = diameter(domain)
        offset = 2.0 * positive(problem, "gradient_bound")
        if self.offset == "smooth":
            offset = positive(problem, "smoothness", zero=True) * size + positive(problem, "gradient_bound")
        middle, total, guess = centre(domain), np.zeros(dim), np.zeros(dim)
        return self.State(domain, np.zeros(dim), middle, total, guess, np.array([size * offset]), size**2)

    @staticmethod
    def choose(state, t, rng):
        half = 0.5 * state.square / state.weight[0]
        for i in range(state.point.shape[0]):
            state.point[i] = state.centre[i] - half * (state.total[i] + state.guess[i])
        project(state.domain, state.point)
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        state.weight[0] += state.square / state.weight[0] * square_distance(gradient, state.guess)
        for i in range(gradient.shape[0]):
            state.total[i] += gradient[i]
            state.guess[i] = gradient[i]
