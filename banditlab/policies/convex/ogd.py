"""Online gradient descent.

M. Zinkevich. Online convex programming and generalized infinitesimal gradient ascent. ICML 2003; E. Hazan, A. Agarwal,
S. Kale. Logarithmic regret algorithms for online convex optimization. Machine Learning 69, 2007, Theorem 1, for steps
under strong convexity. Constants as in E. Hazan, Introduction to online convex optimization, 2nd edition, 2022, Theorem
3.1, from memory: steps D / (G sqrt t) have a regret of at most 1.5 G D sqrt T, on any losses with gradients of at most
G.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.domains import Domain, centre, diameter, step
from banditlab.policies.domain_facts import domain_of, positive, schedule_of
from banditlab.registry import policy
from banditlab.types import NonNegative, Positive, Vector


@policy(
    "ogd",
    game="convex",
    told=("form", "radius", "gradient_bound", "curvature", "rates", "horizon"),
    growth={"static-regret": "sqrt T"},
    cite=("zinkevich2003online", "hazan2007logarithmic", "hazan2022introduction"),
)
@dataclass(frozen=True)
class OGD:
    """A step against the gradient, then the nearest point of the domain; begins in its middle.

    The step in round t = 1, 2, ... is D / (G sqrt t) with "anytime", D / (G sqrt T) with "horizon", 1 / (curvature t)
    with "strongly-convex", as an environment that knows the best schedule tells it with "optimal", or a number over
    t^power; each times `scale`.
    """

    steps: Literal["anytime", "horizon", "strongly-convex", "optimal"] | Positive = "anytime"  #: how they shrink
    power: NonNegative | None = None  #: of 1 / t, where steps are a number; 0, so that they stay the same
    scale: Positive = 1.0  #: of all steps

    class State(NamedTuple):
        domain: Domain
        point: Vector  #: (d,)
        rates: Vector  #: of each round, before the scale; (1,) of the first one where a power of t says the others
        power: float  #: of 1 / t
        scale: float

    def __post_init__(self):
        if isinstance(self.steps, str) and self.power is not None:
            raise ValueError(f"power: only of steps that are a number, here they are {self.steps!r}")

    def needs(self) -> frozenset[str]:
        words = {"strongly-convex": "strongly-convex", "optimal": "rates"}
        return frozenset({words[self.steps]} if self.steps in words else ())

    def start(self, problem, rng) -> State:
        domain = domain_of(problem)
        if self.steps == "optimal":
            return self.State(domain, centre(domain), schedule_of(problem), 0.0, self.scale)
        if self.steps == "strongly-convex":
            step, power = 1.0 / positive(problem, "curvature"), 1.0
        elif not isinstance(self.steps, str):
            step, power = self.steps, self.power or 0.0
        else:
            step, power = diameter(domain) / positive(problem, "gradient_bound"), 0.5
            if self.steps == "horizon":
                step, power = step / math.sqrt(problem.horizon), 0.0
        return self.State(domain, centre(domain), np.array([step]), power, self.scale)

    @staticmethod
    def choose(state, t, rng):
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        rate = state.rates[min(t, state.rates.shape[0] - 1)]
        step(state.domain, state.point, state.scale * rate * (t + 1.0) ** -state.power, gradient)
