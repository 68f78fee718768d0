"""ESCB-2: the set with the largest upper confidence bound, where the bound is of the set and not of each item.

R. Combes, M. S. Talebi, A. Proutiere, M. Lelarge. Combinatorial bandits revisited. NeurIPS 2015, arXiv 1502.03475,
from memory: its text could not be read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.semi_bandit import Parts, ask_unseen, count_parts, start_parts
from banditlab.numerics.set_table import SetTable, sum_of, table_of, write_set
from banditlab.registry import policy
from banditlab.types import Vector


@policy(
    "escb",
    game="combinatorial",
    needs=("part-values", "sums"),
    told=("family",),
    growth={"regret": "log T"},
    cite=("combes2015combinatorial",),
)
@dataclass(frozen=True)
class ESCB:
    """The set S with the largest sum of means + sqrt(f(t) / 2 sum 1 / n), both sums over the items of S.

    n is how often an item was played, and f(t) = ln t + 4 m ln ln t where sets have at most m items; ln ln t counts as
    0 until it is positive. All sets are compared, of which there must be at most 5000; the first one that is listed
    among equals. First come sets with as many unseen items as possible, until all were seen. Values are in [0, 1].
    Regret O(sqrt(m) n log T / gap) where the items are independent.

    Search "greedy" adds the item that raises the bound most, m times, and is for all sets of m items; it is not of the
    paper, and nothing is proved.
    """

    schedule: Literal["theory", "practical"] = "theory"  #: f: as above, or ln t alone
    search: Literal["exact", "greedy"] = "exact"  #: whether all sets are compared

    class State(NamedTuple):
        parts: Parts
        spreads: Vector  #: (n,) f(t) / (2 n)
        table: SetTable  #: no sets where they are searched greedily
        size: int  #: m
        factor: float  #: of ln ln t
        greedy: bool

    def needs(self) -> frozenset[str]:
        return frozenset({"sized"} if self.search == "greedy" else ())

    def start(self, problem, rng) -> State:
        family, greedy = problem.family, self.search == "greedy"
        table = SetTable(np.zeros((0, 0), int), np.zeros(0, int)) if greedy else table_of(family)
        factor = 4.0 * family.size if self.schedule == "theory" else 0.0
        return self.State(start_parts(problem.parts), np.zeros(problem.parts), table, family.size, factor, greedy)

    @staticmethod
    def choose(state, t, items, rng):
        parts, spreads = state.parts, state.spreads
        if ask_unseen(parts, t):
            spreads[:] = 0.0
        else:
            level = math.log(t + 1)
            level += state.factor * math.log(max(1.0, level))
            for part in range(spreads.shape[0]):
                parts.weights[part] = parts.means[part]
                spreads[part] = 0.5 * level / max(1, parts.seen[part])
        if state.greedy:
            return add_best(parts.weights, spreads, state.size, items)
        return write_set(state.table, best_of(state.table, parts.weights, spreads), items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        count_parts(state.parts, parts, values)


@kernel
def best_of(table, weights, spreads):
    """Return the place of the set with the largest sum of weights + sqrt(sum of spreads), the first among equals."""
    best, found = -math.inf, 0
    for place in range(table.sizes.shape[0]):
        bound = sum_of(table, place, weights) + math.sqrt(sum_of(table, place, spreads))
        if bound > best:
            best, found = bound, place
    return found


@kernel
def add_best(weights, spreads, size, items):
    """Write items, each of which raises that bound most, the lowest among equals; uses the weights up."""
    total, square = 0.0, 0.0
    for taken in range(size):
        best, found = -math.inf, 0
        for item in range(weights.shape[0]):
            bound = total + weights[item] + math.sqrt(square + spreads[item])
            if bound > best:
                best, found = bound, item
        items[taken] = found
        total += weights[found]
        square += spreads[found]
        weights[found] = -math.inf
    return size
