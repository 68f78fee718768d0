"""Families of sets of n items: of at most k items, within a budget, or all of them.

A set is an array of its items (k,), all different.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.sampling import draw_index
from banditlab.types import Flags, Vector

ROUNDING = 1e-9  #: share of the budget by which a sum of costs may be over it


class Family(NamedTuple):
    """The sets that may be played."""

    size: int  #: k, the most items of a set
    costs: Vector  #: (n,) above 0
    budget: float  #: B, of a set's costs; infinite where there is none
    seen: Flags  #: (n,) scratch

    @property
    def items(self) -> int:
        """The number n of items."""
        return len(self.seen)

    @property
    def kind(self) -> str:
        """What bounds its sets: "sized", "budgeted" or "free"."""
        return "budgeted" if self.budget < math.inf else "sized" if self.size < self.items else "free"

    @property
    def gives(self) -> frozenset[str]:
        """What a policy may need of its sets."""
        return {
            "sized": frozenset({"sized", "budgeted", "oracle"}),
            "budgeted": frozenset({"budgeted"}),
            "free": frozenset({"free"}),
        }[self.kind]

    @property
    def verbs(self) -> dict[str, Callable]:
        """The kernels that stand for the verbs of a game."""
        return {"draw_set": draw_from} | ({"maximise": largest_set} if "oracle" in self.gives else {})

    def sets(self) -> Iterator[tuple[int, ...]]:
        """Yield all sets; where their number alone is bounded, those of exactly k items."""
        least = self.size if self.kind == "sized" else 0
        for size in range(least, self.size + 1):
            for chosen in itertools.combinations(range(self.items), size):
                if not overspends(self, np.array(chosen, int)):
                    yield chosen


def sized(items: int, size: int) -> Family:
    """Return the sets of at most so many of n items.

    Raises
    ------
    ValueError
        None, or as many as there are.
    """
    if not 1 <= size < items:
        raise ValueError(f"k: in 1 .. {items - 1}, fewer than the items; got {size}")
    return Family(size, np.ones(items), math.inf, np.zeros(items, bool))


def budgeted(costs: Sequence[float], budget: float) -> Family:
    """Return the sets whose costs sum to at most a budget.

    Raises
    ------
    ValueError
        A cost that is not positive; a budget below all costs.
    """
    found = np.array(costs, float)
    if not (found > 0.0).all():
        raise ValueError(f"costs: above 0, got {found.min():g}")
    if not found.min() <= budget < math.inf:
        raise ValueError(f"budget: finite, and at least the least cost, {found.min():g}; got {budget:g}")
    return Family(len(found), found, float(budget), np.zeros(len(found), bool))


def free(items: int) -> Family:
    """Return all sets of n items."""
    return Family(items, np.ones(items), math.inf, np.zeros(items, bool))


def as_budgeted(family: Family) -> tuple[np.ndarray, float]:
    """Return costs (n,) and the budget; of sets of at most k items, costs of 1 and k."""
    return family.costs, family.budget if family.budget < math.inf else float(family.size)


def listed(family: Any) -> Iterator[tuple[int, ...]]:
    """Yield all sets of a family, of this kind or of a structure; where it bounds their number alone, the largest."""
    yield from family.sets()


@kernel(counted=False)
def distinct(items, seen):
    """Return whether items (k,) are different and in 0 .. n-1; `seen` (n,) is False before and after."""
    marked = 0
    for i in items:
        if not 0 <= i < seen.shape[0] or seen[i]:
            break
        seen[i] = True
        marked += 1
    for i in items[:marked]:
        seen[i] = False
    return marked == items.shape[0]


@kernel(counted=False)
def in_family(family, items):
    """Return whether a set is one of the family, but for the budget."""
    return items.shape[0] <= family.size and distinct(items, family.seen)


@kernel(counted=False)
def overspends(family, items):
    """Return whether the costs of a set sum to more than the budget."""
    cost = 0.0
    for i in items:
        cost += family.costs[i]
    return cost > family.budget * (1.0 + ROUNDING)


@kernel
def draw_from(family, rng, items):
    """Write a set at random into `items` (n,) and return its size.

    Of sets of at most k items one of exactly k, each with the same probability; of those within a budget, items in
    random order, but for those that do not fit any more; of all sets each item with probability 1/2.
    """
    n = items.shape[0]
    for i in range(n):
        items[i] = i
    bounded = family.budget < math.inf
    every = family.size == n and not bounded
    size, spent = 0, 0.0
    for place in range(n if every or bounded else family.size):
        if not every:
            other = place + draw_index(rng, n - place)
            items[place], items[other] = items[other], items[place]
        item = items[place]
        taken = rng.random() < 0.5 if every else spent + family.costs[item] <= family.budget * (1.0 + ROUNDING)
        if taken:
            items[size] = item
            spent += family.costs[item]
            size += 1
    return size


@kernel(counted=False)
def largest_set(family, weights, items):
    """Write the k items of the largest weights (n,) into `items`, as `take_largest` does, and return k."""
    return take_largest(weights, family.size, items)


@kernel(counted=False)
def take_largest(weights, size, items):
    """Write the indices of the largest weights into `items`, largest first, the lowest index among equals."""
    taken = 0
    for i in range(weights.shape[0]):
        if taken == size and not weights[i] > weights[items[size - 1]]:
            continue
        place = taken if taken < size else size - 1
        taken = min(taken + 1, size)
        while place > 0 and weights[i] > weights[items[place - 1]]:
            items[place] = items[place - 1]
            place -= 1
        items[place] = i
    return size
