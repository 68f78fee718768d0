"""Sets of arms, as flags (K,)."""

from __future__ import annotations

from banditlab.fuse import kernel


@kernel
def nth(flags, place):
    """Return the index of the set flag at a place, counted from 0; K where there are not as many."""
    for k in range(flags.shape[0]):
        if flags[k]:
            if place == 0:
                return k
            place -= 1
    return flags.shape[0]


@kernel
def next_set(flags, start):
    """Return the index of the first set flag from an index on; K where there is none."""
    for k in range(start, flags.shape[0]):
        if flags[k]:
            return k
    return flags.shape[0]
