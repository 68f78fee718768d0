"""FPL with geometric resampling: the best set for perturbed losses, whose probabilities nobody computes.

G. Neu, G. Bartok. Importance weighting without importance weights: an efficient algorithm for combinatorial
semi-bandits. JMLR 17, 2016, arXiv 1503.05087; first in ALT 2013. Theorem 1 is from memory: its text could not be read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.games.combinatorial import maximise
from banditlab.registry import policy
from banditlab.types import Counts, Flags, Vector


@policy(
    "fpl",
    game="combinatorial",
    needs=("part-values", "oracle", "sums", "prompt-feedback"),
    told=("family", "horizon"),
    growth={"regret": "sqrt T"},
    cite=("neu2016importance",),
)
@dataclass(frozen=True)
class FPL:
    """The set with the largest sum of Z_i - eta L_i, with fresh Z_i ~ Exp(1), and L_i the estimated losses so far.

    The loss of an item is 1 - value, for values in [0, 1]; all sets should have as many items. It is estimated by K
    loss: K is after how many more such draws the item comes again, a stand-in for one over its probability, and M where
    it has not come by then; 0 for an item that was not played. The draws are the same for all items of the set, and end
    when all of them came again. They are taken before the round's reward is known, on which they do not depend.

    With sets of m items, and h = ln(n / m) + 1, so that m h bounds the mean sum of the m largest perturbations, eta =
    sqrt(h / (2 n T)) and M = ceil(sqrt(n T) / (e m sqrt(2 h))). They balance the bound m h / eta + 2 eta m n T + n T /
    (e M): regret at most 3 m sqrt(2 n T h), also to the best set of an adversary. Exponentials are drawn in the order
    of the items.
    """

    class State(NamedTuple):
        family: Any
        losses: Vector  #: (n,) L
        weights: Vector  #: (n,)
        waits: Counts  #: (n,) K of the items of the set
        waiting: Flags  #: (n,) those that have not come again; False outside of `choose`
        drawn: Counts  #: (n,) a set
        eta: float
        longest: int  #: M

    def start(self, problem, rng) -> State:
        n, size = problem.items, problem.family.size
        spread = math.log(n / size) + 1.0
        longest = math.ceil(math.sqrt(n * problem.horizon / (2.0 * spread)) / (math.e * size))
        eta = math.sqrt(spread / (2.0 * n * problem.horizon))
        waits, drawn = np.zeros((2, n), int)
        return self.State(problem.family, np.zeros(n), np.zeros(n), waits, np.zeros(n, bool), drawn, eta, longest)

    @staticmethod
    def choose(state, t, items, rng):
        perturb(state, rng)
        size = maximise(state.family, state.weights, items)
        for item in items[:size]:
            state.waits[item], state.waiting[item] = state.longest, True
        left, draws = size, 0
        while left > 0 and draws < state.longest:
            draws += 1
            perturb(state, rng)
            left -= meet(state, state.drawn[: maximise(state.family, state.weights, state.drawn)], draws)
        for item in items[:size]:
            state.waiting[item] = False
        return size

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        for place in range(parts.shape[0]):
            item = parts[place]
            state.losses[item] += state.waits[item] * (1.0 - values[place])


@kernel
def perturb(state, rng):
    """Set the weights to Z_i - eta L_i."""
    for i in range(state.weights.shape[0]):
        state.weights[i] = rng.standard_exponential() - state.eta * state.losses[i]


@kernel
def meet(state, drawn, draws):
    """Note that these items came in this draw; return for how many of them it was waited."""
    found = 0
    for item in drawn:
        if state.waiting[item]:
            state.waits[item], state.waiting[item] = draws, False
            found += 1
    return found
