"""What algorithms for a budget share: items are added by the value that they add, for each unit of their cost."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from banditlab.numerics.families import ROUNDING, Family, as_budgeted, overspends
from banditlab.offline import ask_each, best_of


class Filled(NamedTuple):
    """What was found until no further item fitted."""

    worth: float  #: the answer for the set
    items: list[int]
    tops: list[tuple[float, list[int]]]  #: of each step the best set of all that were asked for, and the answer


def fits(family: Family, items: list[int]) -> bool:
    """Return whether different items are a set within its bounds."""
    return len(items) <= family.size and not overspends(family, np.array(items, int))


def fill_by_density(family: Family, items: list[int], worth: float) -> Generator[list[int], float, Filled]:
    """Add items to a set of that worth, each time the one that adds most for its cost, until none fits."""
    tops = []
    while fitting := [item for item in range(family.items) if item not in items and fits(family, [*items, item])]:
        answers = yield from ask_each(items, fitting)
        top, item = best_of(answers)
        tops.append((top, [*items, item]))
        densities = [((answer - worth) / family.costs[item], (answer, item)) for answer, item in answers]
        worth, item = best_of(densities)[1]
        items = [*items, item]
    return Filled(worth, items, tops)


def extent(family: Family) -> tuple[int, float]:
    """Return K~, the most items of a set, and beta, the budget in units of the least cost."""
    costs, budget = as_budgeted(family)
    beta = budget / costs.min()
    return min(family.items, int(beta * (1.0 + ROUNDING))), float(beta)
