"""DoG: steps by the distance from the first point over the root of the squared gradients, with no rate to set.

M. Ivgi, O. Hinder, Y. Carmon. DoG is SGD's best friend: a parameter-free dynamic step size schedule. ICML 2023; `reach`
and the 1e-8 as in the authors' code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.domains import Domain, centre, step
from banditlab.numerics.linear import dot, square_distance
from banditlab.policies.domain_facts import domain_of
from banditlab.registry import policy
from banditlab.types import Positive, Vector


@policy("dog", game="convex", told=("form", "radius"), cite=("ivgi2023dog",))
@dataclass(frozen=True)
class DoG:
    """The step in round t is max(r, largest distance so far from the first point) / sqrt(sum ||g_s||^2 + 1e-8).

    r = reach (1 + ||x_1||). Begins in the middle of the domain. The paper recommends an average of the points, for
    stochastic optimisation; here each round's own point is played.
    """

    reach: Positive = 1e-6  #: of the first step, relative to 1 + ||x_1||

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,)
        first: Vector  #: (d,) x_1
        distance: Vector  #: (1,) max(r, largest distance)
        squares: Vector  #: (1,) sum of ||g_s||^2, and 1e-8

    def start(self, problem, rng) -> State:
        domain = domain_of(problem)
        first = centre(domain)
        reach = self.reach * (1.0 + math.sqrt(dot(first, first)))
        return self.State(domain, first.copy(), first, np.array([reach]), np.array([1e-8]))

    @staticmethod
    def choose(state, t, rng):
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        state.distance[0] = max(state.distance[0], math.sqrt(square_distance(point, state.first)))
        state.squares[0] += dot(gradient, gradient)
        step(state.domain, state.point, state.distance[0] / math.sqrt(state.squares[0]), gradient)
