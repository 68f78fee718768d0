"""Families of sets by plain data, as a user writes them."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from banditlab.numerics.families import budgeted, free, sized
from banditlab.numerics.matchings import perfect_matchings
from banditlab.numerics.paths import grid_paths
from banditlab.numerics.trees import spanning_trees


def _costs(told: Any, items: int) -> np.ndarray:
    try:
        found = np.array(told, float)
    except (TypeError, ValueError):
        found = np.zeros(())
    if found.shape != (items,) or not np.isfinite(found).all():
        raise ValueError(f"family: costs: {items} finite numbers, one an item; got {' '.join(repr(told).split())}")
    return found


#: What a user writes, by its keys, and what it makes for n items.
FORMS = {
    ("k",): lambda n, k: sized(n, index(k)),
    ("budget", "costs"): lambda n, budget, costs: budgeted(_costs(costs, n), budget),
    ("grid",): lambda n, grid: grid_paths(index(grid)),
    ("pairs",): lambda n, pairs: perfect_matchings(index(pairs)),
    ("edges",): lambda n, edges: spanning_trees([[index(node) for node in edge] for edge in edges]),
    (): lambda n: free(n),
}
#: What a family may give that a policy needs.
WORDS = frozenset({"sized", "budgeted", "free", "oracle"})


def read_family(told: Any, items: int) -> Any:
    """Return the family of sets of n items that a user describes.

    {"k": 3}: at most 3 items; {"costs": [...], "budget": 2.0}: costs within a budget; {"grid": 4}, {"pairs": 4} and
    {"edges": [[0, 1], ...]}: paths, matchings and spanning trees, as the environments of these parameters have them;
    {}: all sets.

    Raises
    ------
    ValueError
        It is none of these, or has another number of items.
    """
    try:
        form = FORMS[tuple(sorted(told))]
    except (TypeError, KeyError):
        known = ", ".join(f"{{{', '.join(keys)}}}" for keys in FORMS)
        raise ValueError(f"family: a dict with the keys of one of {known}; got {told!r}") from None
    try:
        family = form(items, **told)
    except (TypeError, IndexError) as error:
        raise ValueError(f"family: {', '.join(told)} should be of other types; got {told!r}") from error
    if family.items != items:
        raise ValueError(f"family: sets of {items} items, as the agent has; got one of {family.items}")
    return family
