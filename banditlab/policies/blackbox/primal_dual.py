"""Primal-dual play: optimism on a Lagrangian, whose prices of the constraints follow what was violated.

X. Zhou, B. Ji. On kernelized multi-armed bandits with constraints. NeurIPS 2022.
W. Xu, Y. Jiang, B. Svetozarevic, C. N. Jones. Constrained efficient global optimization of expensive black-box
functions. ICML 2023 (arXiv 2211.00162): the published code of its authors has a primal-dual policy too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.processes import learn_values
from banditlab.policies.surrogates import TOLD, Bands, Bounded, find_bounds
from banditlab.registry import policy
from banditlab.types import NonNegative, Positive, Vector


@policy(
    "primal-dual",
    game="blackbox",
    needs=("domain", "feasible-point"),
    told=TOLD,
    cite=("zhou2022kernelized", "xu2023constrained"),
)
@dataclass(frozen=True)
class PrimalDual(Bounded):
    """The point of the least L_0 + sum_i lambda_i L_i for lower bounds L; then lambda_i <- [lambda_i + eta v_i]^+.

    form "published": v_i is the value of g_i that was observed, and prices start at 1, as in the code of the authors of
    CONFIG. form "optimistic": v_i is the lower bound L_i of the point played, as it was when it was chosen, and prices
    start at 0, as Zhou and Ji do (from memory; their text could not be read). They also keep prices below some rho, at
    least 4 B / s for an objective of norm at most B and a point that is feasible by s, with the step rho / (G sqrt T)
    for constraints in [-G, G], to which they clip the estimates: set `most` and `step`; estimates are not clipped here.

    step "sqrt" is 3 / sqrt(t) in round t = 1, 2, ..., which that code has for the Williams-Otto reactor. Points that
    are equal: the lowest index.
    """

    form: Literal["published", "optimistic"] = "published"  #: what moves the prices
    step: NonNegative | Literal["sqrt"] = 1.0  #: eta
    prices: NonNegative | list[NonNegative] | None = None  #: lambda at the start; by default the form's
    most: Positive | None = None  #: what no price exceeds

    class State(NamedTuple):
        bands: Bands
        prices: Vector  #: (N,) lambda
        optimistic: bool
        step: float  #: eta; 0 for "sqrt"
        root: float  #: numerator of eta where it falls like 1 / sqrt(t); otherwise 0
        most: float

    def start(self, problem, rng) -> State:
        optimistic, falls = self.form == "optimistic", self.step == "sqrt"
        first = (0.0 if optimistic else 1.0) if self.prices is None else self.prices
        count, most = problem.constraints, math.inf if self.most is None else self.most
        if np.ndim(first) == 1 and len(first) != count:
            raise ValueError(f"prices: one for all constraints, or a list of {count}; got {list(first)}")
        return self.State(
            self.bands(problem), np.minimum(most, np.full(count, first)), optimistic, 0.0 if falls else self.step,
            3.0 if falls else 0.0, most,
        )  # fmt: skip

    @staticmethod
    def choose(state, t, rng):
        find_bounds(state.bands, t)
        lower = state.bands.lower
        best, least = 0, math.inf
        for k in range(lower.shape[1]):
            score = lower[0, k]
            for i in range(state.prices.shape[0]):
                score += state.prices[i] * lower[i + 1, k]
            if score < least:
                best, least = k, score
        return best

    @staticmethod
    def learn(state, t, point, values):
        step = state.step + state.root / math.sqrt(t + 1.0)
        for i in range(state.prices.shape[0]):
            excess = state.bands.lower[i + 1, point] if state.optimistic else values[i + 1]
            state.prices[i] = min(state.most, max(0.0, state.prices[i] + step * excess))
        learn_values(state.bands.processes, point, values)
