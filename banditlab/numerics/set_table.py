"""All sets of a family in a table, for policies that go through them in every round."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.families import listed
from banditlab.types import Counts

MOST = 5000  #: sets


class SetTable(NamedTuple):
    """The sets of a family."""

    sets: Counts  #: (V, k) items, in the first places
    sizes: Counts  #: (V,)


def table_of(family: Any) -> SetTable:
    """Return all sets of a family, in the order in which it lists them.

    Raises
    ------
    ValueError
        There are too many.
    """
    found = list(itertools.islice(listed(family), MOST + 1))
    if len(found) > MOST:
        raise ValueError(f"family: at most {MOST} sets, since each is gone through in every round; here are more")
    return as_table(found)


def as_table(found: Sequence[Sequence[int]]) -> SetTable:
    """Return these sets as a table."""
    sizes = np.array([len(items) for items in found], int)
    sets = np.zeros((len(found), sizes.max()), int)
    for row, items in zip(sets, found, strict=True):
        row[: len(items)] = items
    return SetTable(sets, sizes)


@kernel
def sum_of(table, place, numbers):
    """Return the sum of the numbers (n,) of a set's items."""
    total = 0.0
    for i in range(table.sizes[place]):
        total += numbers[table.sets[place, i]]
    return total


@kernel
def write_set(table, place, items):
    """Write a set into `items` (n,) and return its size."""
    size = table.sizes[place]
    for i in range(size):
        items[i] = table.sets[place, i]
    return size
