"""Biased feedback: each action's numbers are off by a constant of its own, as where a model is misspecified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.hashing import uniform
from banditlab.registry import wrapper
from banditlab.types import NonNegative


@wrapper("biased")
@dataclass(frozen=True)
class Biased:
    """What is learnt of an action's numbers is shifted by a constant for the action, uniform on [-size, size].

    To a policy for linear rewards, a linear environment is then one whose means are linear up to `size` (actions are
    told apart by their number, whatever their features); metrics are of the means without the shift. Where the game or
    the environment bounds numbers, they stay within these bounds. In `convex` there is one shift for all points.
    """

    size: NonNegative = 0.1  #: in the units of the outcome

    class State(NamedTuple):
        shifts: np.uint64  #: key of their stream
        size: float

    def start(self, shelf, noise, horizon) -> State:
        return self.State(noise, self.size)

    @staticmethod
    def number(own, t, which, place, value):
        return value + own.size * (2.0 * uniform(own.shifts, which, place) - 1.0)
