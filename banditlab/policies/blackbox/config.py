"""CONFIG: optimism on the objective, over the points that optimism takes for feasible (Xu et al. 2023).

W. Xu, Y. Jiang, B. Svetozarevic, C. N. Jones. Constrained efficient global optimization of expensive black-box
functions. ICML 2023 (arXiv 2211.00162).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.policies.surrogates import TOLD, Bands, Bounded, find_bounds, largest_constraint
from banditlab.registry import policy
from banditlab.types import Counts, Flags


@policy("config", game="blackbox", needs=("domain",), told=TOLD, cite=("xu2023constrained",))
@dataclass(frozen=True)
class CONFIG(Bounded):
    """The point of the least lower bound L_0 on the objective among those with L_i <= 0 for all constraints i.

    Where there is no such point it declares the problem infeasible. It then stops; or it continues, each time with the
    point of the least max_i L_i, until some point is optimistically feasible again. The paper stops; how to continue is
    ours. Points of equal bounds: the lowest index.

    The paper bounds regret and violations by 4 b_T sqrt(gamma_T (T + 2)) for width "rkhs", with the information gain
    gamma_T of the kernels, and no order in T is stated here. Its published code has the constant width 3, adds the
    noise's variance to that of the function, and declares nothing: where no point is optimistically feasible it plays
    the least L_0 of all.
    """

    on_infeasible: Literal["continue", "stop"] = "stop"  #: what follows a declaration

    class State(NamedTuple):
        bands: Bands
        chosen: Counts  #: (2,) the point for a round, and how many rounds have been decided
        declared: Flags  #: (1,) whether no point was optimistically feasible in some round
        stops: bool

    def start(self, problem, rng) -> State:
        return self.State(self.bands(problem), np.zeros(2, int), np.zeros(1, bool), self.on_infeasible == "stop")

    @staticmethod
    def declares(state, t):
        _decide(state, t)
        return state.declared[0]

    @staticmethod
    def stop(state, t):
        _decide(state, t)
        return state.stops and state.declared[0]

    @staticmethod
    def choose(state, t, rng):
        _decide(state, t)
        return state.chosen[0]


@kernel(inline=False, counted=False)
def _decide(state, t):
    """Choose the point for a round, once."""
    bands, chosen = state.bands, state.chosen
    if chosen[1] > t or (state.stops and state.declared[0]):
        return
    find_bounds(bands, t)
    best, least, lowest, nearest = -1, math.inf, math.inf, 0
    for k in range(bands.lower.shape[1]):
        most = largest_constraint(bands, k)
        if most <= 0.0 and (best < 0 or bands.lower[0, k] < least):
            best, least = k, bands.lower[0, k]
        if most < lowest:
            nearest, lowest = k, most
    if best < 0:
        state.declared[0] = True
        best = nearest
    chosen[0], chosen[1] = best, t + 1
