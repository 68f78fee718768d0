"""OSMD: online stochastic mirror descent on how likely each item is in a set, under semi-bandit feedback.

J.-Y. Audibert, S. Bubeck, G. Lugosi. Regret in online combinatorial optimization. Math. Oper. Res. 39, 2014, with the
negative entropy. Its text could not be read, and eta was derived anew: T. Lattimore, C. Szepesvari, Bandit algorithms,
2020, Theorem 30.2, have 1 + ln(n / m) in place of ln(n / m), by a larger bound on the divergence from the first point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.capped_simplex import draw_systematic, project_entropic
from banditlab.registry import policy
from banditlab.types import Vector


@policy(
    "osmd",
    game="combinatorial",
    needs=("part-values", "sums", "sized", "prompt-feedback"),
    told=("family", "horizon"),
    growth={"regret": "sqrt T"},
    cite=("audibert2014regret", "lattimore2020bandit"),
)
@dataclass(frozen=True)
class OSMD:
    """A set of m items, item i with the probability x_i, where x is in {0 <= x_i <= 1, sum x_i = m}.

    The loss of an item is 1 - value, for values in [0, 1], and is estimated by loss / x_i where the item was played,
    else by 0. x_i is multiplied by exp(-eta estimate), and the result projected back by the divergence of the negative
    entropy, to min(1, c x_i). eta = sqrt(2 m ln(n / m) / (n T)). Sets are drawn by systematic sampling, by one
    uniform a round. Regret at most sqrt(2 m n T ln(n / m)), also to the best set of an adversary.
    """

    class State(NamedTuple):
        chances: Vector  #: (n,) x
        eta: float
        size: int  #: m

    def start(self, problem, rng) -> State:
        n, size = problem.items, problem.family.size
        eta = math.sqrt(2.0 * size * math.log(n / size) / (n * problem.horizon))
        return self.State(np.full(n, size / n), eta, size)

    @staticmethod
    def choose(state, t, items, rng):
        return draw_systematic(state.chances, state.size, rng.random(), items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        chances = state.chances
        for place in range(parts.shape[0]):
            item = parts[place]
            chances[item] *= math.exp(-state.eta * (1.0 - values[place]) / chances[item])
        project_entropic(chances, state.size)
