"""What policies of the convex game share that move by decaying means of gradients and of their squares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.domains import Domain, centre, step_weighted
from banditlab.policies.domain_facts import domain_of
from banditlab.types import Positive, Probability, Vector


class State(NamedTuple):
    """A point, and decaying means."""

    domain: Domain
    point: Vector  #: (d,)
    first: Vector  #: (d,) m
    second: Vector  #: (d,) v
    largest: Vector  #: (d,) of squares, where the policy keeps it
    roots: Vector  #: (d,) by which a step is divided
    rate: float
    power: float  #: of 1 / t
    beta1: float
    beta2: float
    epsilon: float


@dataclass(frozen=True)
class Moments:
    """After a step the point goes back to the domain, by the projection in the norm that its divisors weight.

    Begins in the middle of the domain.
    """

    # A class has a parameter `rate`, and the verb `learn`.

    schedule: Literal["constant", "sqrt"] = "constant"  #: the step in round t = 1, 2, ..., rate or rate / sqrt t
    beta1: Probability = 0.9  #: by which m decays, below 1
    beta2: Probability = 0.999  #: by which v decays, below 1
    epsilon: Positive = 1e-8  #: that each divisor has beside the root

    def __post_init__(self):
        for name in ("beta1", "beta2"):
            if getattr(self, name) == 1.0:
                raise ValueError(f"{name}: below 1")

    def start(self, problem, rng) -> State:
        domain, dim = domain_of(problem), problem.dim
        power = 0.5 if self.schedule == "sqrt" else 0.0
        return State(
            domain, centre(domain), np.zeros(dim), np.zeros(dim), np.zeros(dim), np.zeros(dim), self.rate, power,
            self.beta1, self.beta2, self.epsilon,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, rng):
        return state.point


@kernel
def average(state, gradient):
    """Let the mean of gradients decay, and add one."""
    for i in range(gradient.shape[0]):
        state.first[i] = state.beta1 * state.first[i] + (1.0 - state.beta1) * gradient[i]


@kernel
def average_squares(state, gradient):
    """Let the mean of squared gradients decay, and add one."""
    for i in range(gradient.shape[0]):
        state.second[i] = state.beta2 * state.second[i] + (1.0 - state.beta2) * gradient[i] * gradient[i]


@kernel
def descend(state, t, squares, correction1, correction2):
    """Move by the step of round t times (m / correction1) / (sqrt(squares / correction2) + epsilon); squares (d,)."""
    for i in range(squares.shape[0]):
        state.roots[i] = math.sqrt(squares[i] / correction2) + state.epsilon
    step = state.rate * (t + 1.0) ** -state.power / correction1
    step_weighted(state.domain, state.point, step, state.first, state.roots)
