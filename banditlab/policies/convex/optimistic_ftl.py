"""Optimistic follow the leader, for strongly convex losses.

S. Sachs, H. Hadiji, T. van Erven, C. Guzman. Between stochastic and adversarial online convex optimization: improved
regret bounds via smoothness. NeurIPS 2022, Theorem 7. The closed form is ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.domains import Domain, centre, project
from banditlab.policies.domain_facts import domain_of, positive
from banditlab.registry import policy
from banditlab.types import Vector


@policy(
    "optimistic-ftl",
    game="convex",
    needs=("strongly-convex",),
    told=("form", "radius", "curvature"),
    growth={"static-regret": "log T"},
    cite=("sachs2022between",),
)
@dataclass(frozen=True)
class OptimisticFTL:
    """Minimises <M_t, x> + sum_{s<t} (<g_s, x - x_s> + mu / 2 ||x - x_s||^2); M_t is the last gradient.

    This is the point of the domain nearest to the mean of the points played, less (sum of gradients + M_t) / (mu (t -
    1)) in round t = 2, 3, ...; begins in the middle of the domain.
    """

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,)
        points: Vector  #: (d,) sum of the points played
        total: Vector  #: (d,) sum of gradients
        guess: Vector  #: (d,) M_t
        curvature: float  #: mu

    def start(self, problem, rng) -> State:
        domain, dim = domain_of(problem), problem.dim
        return self.State(
            domain, centre(domain), np.zeros(dim), np.zeros(dim), np.zeros(dim), positive(problem, "curvature")
        )  # fmt: skip

    @staticmethod
    def choose(state, t, rng):
        if t > 0:
            for i in range(state.point.shape[0]):
                step = (state.total[i] + state.guess[i]) / state.curvature
                state.point[i] = (state.points[i] - step) / t
            project(state.domain, state.point)
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        for i in range(gradient.shape[0]):
            state.points[i] += point[i]
            state.total[i] += gradient[i]
            state.guess[i] = gradient[i]
