"""Online mirror descent with half the squared p-norm as its mirror map.

C. Gentile. The robustness of the p-norm algorithms. Machine Learning 53, 2003, for the links and for q = 2 ln d; F.
Orabona. A modern introduction to online learning. 2019, arXiv 1912.13213, for mirror descent; both from memory. psi is
(p - 1)-strongly convex in the p-norm, and its Bregman divergence between two points of the p-norm ball of radius R is
at most 2 R^2. So the regret to each point of that ball is at most 2 sqrt(2 / (p - 1)) R sqrt(sum ||g_t||_q^2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import banditlab
from banditlab.policies.domain_facts import positive
from banditlab.types import Real, Vector


@banditlab.policy("p-norm-omd", game="convex", needs=("ball",), told=("form", "radius"))
@dataclass(frozen=True)
class PNormOMD:
    """Descends in theta = grad psi(x), for psi(x) = 1/2 ||x||_p^2, and stays where ||x||_p <= R, from x = 0 on.

    The step in round t is R sqrt(2 (p - 1) / sum_{s<=t} ||g_s||_q^2), where 1/p + 1/q = 1. For p = 2 this is
    `adaptive-ogd`. For p < 2 points of the ball with ||x||_p > R are out of its reach: regret to them can be linear.
    """

    p: Real | None = None  #: above 1, at most 2; by default q = 2 ln d, or p = q = 2 where that is smaller

    class State(NamedTuple):
        point: Vector  #: (d,) x
        dual: Vector  #: (d,) theta
        squares: Vector  #: (1,) sum of ||g_s||_q^2
        q: float
        radius: float
        step: float  #: R sqrt(2 (p - 1))

    def __post_init__(self):
        if self.p is not None and not 1.0 < self.p <= 2.0:
            raise ValueError(f"p: above 1 and at most 2, got {self.p}")

    def start(self, problem, rng) -> State:
        if not (isinstance(problem.form, str) and problem.form == "ball"):
            raise ValueError(f"form: should be 'ball', got {problem.form!r}")
        dim, radius = problem.dim, positive(problem, "radius")
        q = max(2.0, 2.0 * math.log(dim)) if self.p is None else self.p / (self.p - 1.0)
        step = radius * math.sqrt(2.0 / (q - 1.0))  # p - 1 = 1 / (q - 1)
        return self.State(np.zeros(dim), np.zeros(dim), np.zeros(1), q, radius, step)

    @staticmethod
    def choose(state, t, rng):
        return state.point

    @staticmethod
    def learn(state, t, point, gradient):
        state.squares[0] += norm(gradient, state.q) ** 2
        size = state.step / math.sqrt(state.squares[0]) if state.squares[0] > 0.0 else 0.0
        for i in range(gradient.shape[0]):
            state.dual[i] -= size * gradient[i]
        shrink(state.dual, state.q, state.radius)
        link(state.dual, state.q, state.point)


@banditlab.kernel
def norm(x, q):
    """Return ||x||_q; by the largest coordinate, so that no power overflows."""
    largest = 0.0
    for i in range(x.shape[0]):
        largest = max(largest, abs(x[i]))
    total = 0.0
    for i in range(x.shape[0] if largest > 0.0 else 0):
        total += (abs(x[i]) / largest) ** q
    return largest * total ** (1.0 / q)


@banditlab.kernel
def shrink(dual, q, radius):
    """Project onto the p-norm ball, where ||x||_p = ||theta||_q: in the divergence of psi that only scales."""
    length = norm(dual, q)
    for i in range(dual.shape[0] if length > radius else 0):
        dual[i] *= radius / length


@banditlab.kernel
def link(dual, q, out):
    """Write x = grad psi*(theta): f_i = sign(theta_i) |theta_i|^(q-1) / ||theta||_q^(q-2)."""
    length = norm(dual, q)
    for i in range(dual.shape[0]):
        share = abs(dual[i]) / length if length > 0.0 else 0.0
        out[i] = math.copysign(length * share ** (q - 1.0), dual[i])
