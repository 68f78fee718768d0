"""Safe LCB: optimism on the objective, over the points that pessimism takes for feasible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from banditlab.policies.surrogates import TOLD, Bands, Bounded, find_bounds, is_safe, start_safe
from banditlab.registry import policy
from banditlab.types import Flags


@policy("safe-lcb", game="blackbox", needs=("domain", "feasible-point"), told=TOLD)
@dataclass(frozen=True)
class SafeLCB(Bounded):
    """The point of the least lower bound on the objective among those where no upper bound on a constraint is above 0.

    The point observed before the first round counts as safe for ever; there must be one. Points of equal bounds: the
    lowest index. Nothing is played to learn which further points are safe: SafeOpt does that.
    """

    class State(NamedTuple):
        bands: Bands
        safe: Flags  #: (G,) the points observed before the first round

    def start(self, problem, rng) -> State:
        return self.State(self.bands(problem), start_safe(problem))

    @staticmethod
    def choose(state, t, rng):
        find_bounds(state.bands, t)
        lower, best = state.bands.lower[0], -1
        for k in range(lower.shape[0]):
            if (state.safe[k] or is_safe(state.bands, k)) and (best < 0 or lower[k] < lower[best]):
                best = k
        return best
