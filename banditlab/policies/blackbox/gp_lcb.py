"""GP-LCB: optimism on the objective alone, which knows of no constraints (Srinivas et al. 2010).

N. Srinivas, A. Krause, S. Kakade, M. Seeger. Gaussian process optimization in the bandit setting: no regret and
experimental design. ICML 2010.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.policies.surrogates import TOLD, Bands, Bounded, find_bounds
from banditlab.registry import policy


@policy("gp-lcb", game="blackbox", needs=("domain",), told=TOLD, cite=("srinivas2010gaussian",))
@dataclass(frozen=True)
class GPLCB(Bounded):
    """The point of the least lower bound on the objective; the lowest index among equals."""

    class State(NamedTuple):
        bands: Bands

    def start(self, problem, rng) -> State:
        return self.State(self.bands(problem))

    @staticmethod
    def choose(state, t, rng):
        find_bounds(state.bands, t)
        lower = state.bands.lower[0]
        best = 0
        for k in range(lower.shape[0]):
            if lower[k] < lower[best]:
                best = k
        return best
