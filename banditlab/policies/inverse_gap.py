"""The learning rate of inverse gap weighting, which policies with different oracles share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from banditlab.types import NonNegative, Positive


@dataclass(frozen=True)
class InverseGap:
    """Parameters of the learning rate, gamma t^exponent after t rounds."""

    gamma: Positive | Literal["horizon"] = "horizon"  #: learning rate: larger is greedier
    exponent: NonNegative = 0.0  #: of t, for gamma a number

    def __post_init__(self):
        if self.gamma == "horizon" and self.exponent not in (0.0, None):
            raise ValueError('exponent: only for gamma a number; "horizon" does not change from round to round')


def square_rate(problem: Any, regret: float, delta: float) -> float:
    """Return SquareCB's sqrt(K T / (Reg + ln(2 / delta))), for regression with at most this regret in squared loss."""
    return math.sqrt(problem.arms * problem.horizon / (regret + math.log(2.0 / delta)))


def fast_rate(problem: Any, regret: float, level: float) -> float:
    """Return FastCB's max(sqrt(K L / (3 Reg)), 10 K), for regression with at most this regret in logarithmic loss.

    level : bound on the mean loss of the best policy, L / T
    """
    return max(math.sqrt(problem.arms * level * problem.horizon / (3.0 * regret)), 10.0 * problem.arms)
