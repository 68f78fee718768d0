"""Weighted coverage: the weight of the elements that at least one item of a set covers."""

from __future__ import annotations

from typing import NamedTuple

from banditlab.fuse import kernel
from banditlab.types import Flags, Vector


class Cover(NamedTuple):
    """What the items cover."""

    covers: Flags  #: (n, U)
    weights: Vector  #: (U,) with the sum 1
    marked: Flags  #: (U,) scratch


@kernel
def covered(cover, items):
    """Return the weight of the elements that a set covers, added up in their order."""
    for element in range(cover.weights.shape[0]):
        cover.marked[element] = False
    for i in items:
        for element in range(cover.weights.shape[0]):
            cover.marked[element] |= cover.covers[i, element]
    total = 0.0
    for element in range(cover.weights.shape[0]):
        if cover.marked[element]:
            total += cover.weights[element]
    return total
