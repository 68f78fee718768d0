"""Heavy-tailed noise: numbers are learnt with noise that has few moments.

The setting of S. Bubeck, N. Cesa-Bianchi, G. Lugosi. Bandits with heavy tail. IEEE Transactions on Information Theory
59, 2013 (from memory), in which noise has a moment of order 1 + epsilon only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge
from pydantic import Strict

from banditlab.numerics.hashing import positive_uniform
from banditlab.registry import wrapper
from banditlab.types import Positive


@wrapper("heavy-tailed", takes=("bounded-rewards",), cite="bubeck2013bandits")
@dataclass(frozen=True)
class HeavyTailed:
    """Noise of a symmetric Pareto law is added to every number: P(|noise| > x) = (1 + x / scale)^(-tail).

    It has moments of every order below `tail`: no variance where tail <= 2, and no mean where tail <= 1. It adds to
    the noise that the environment has itself.
    """

    tail: Annotated[float, Strict(), Ge(0.05)] = 1.5  #: at least 0.05, below which numbers overflow
    scale: Positive = 1.0  #: in the units of the outcome

    unbounded = True  #: what has bounds cannot have such noise

    class State(NamedTuple):
        noise: np.uint64  #: key of its stream
        tail: float
        scale: float

    def start(self, shelf, noise, horizon) -> State:
        return self.State(noise, self.tail, self.scale)

    @staticmethod
    def number(own, t, which, place, value):
        u = 2.0 * positive_uniform(own.noise, place, t) - 1.0
        size = own.scale * ((1.0 - abs(u)) ** (-1.0 / own.tail) - 1.0)
        return value + size if u > 0.0 else value - size
