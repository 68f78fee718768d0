"""EPBO: optimism on an exact penalty function of the constraints (Lu and Paulson 2022).

C. Lu, J. A. Paulson. No-regret Bayesian optimization with unknown equality and inequality constraints using exact
penalty functions. IFAC-PapersOnLine 55(7), 2022.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from banditlab.policies.surrogates import TOLD, Bands, Bounded, find_bounds
from banditlab.registry import policy
from banditlab.types import NonNegative


@policy("epbo", game="blackbox", needs=("domain", "feasible-point"), told=TOLD, cite=("lu2022noregret",))
@dataclass(frozen=True)
class EPBO(Bounded):
    """The point of the least L_0 + penalty sum_i [L_i]^+ for lower bounds L; the lowest index among equals.

    The penalty is exact, so that its minimiser is the constrained one, where it exceeds the largest of the optimal
    multipliers. 1 is what the authors of CONFIG compare with, beside 0.2 and 3, and 1, 10 and 100.
    """

    penalty: NonNegative = 1.0  #: of each unit of violation

    class State(NamedTuple):
        bands: Bands
        penalty: float

    def start(self, problem, rng) -> State:
        return self.State(self.bands(problem), self.penalty)

    @staticmethod
    def choose(state, t, rng):
        find_bounds(state.bands, t)
        lower = state.bands.lower
        best, least = 0, math.inf
        for k in range(lower.shape[1]):
            score = lower[0, k]
            for f in range(1, lower.shape[0]):
                score += state.penalty * max(0.0, lower[f, k])
            if score < least:
                best, least = k, score
        return best
