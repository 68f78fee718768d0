"""Monotone paths through a grid: the edges between its opposite corners, each one to the right or down.

The grid has G x G nodes. Edge r (G-1) + c leads to the right from node (r, c); after these G (G-1) edges, edge
G (G-1) + r G + c leads down from it. A path has 2 (G-1) edges.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.families import distinct
from banditlab.numerics.sampling import draw_index
from banditlab.types import Flags, Vector


@kernel
def right_of(side, row, column):
    """Return the edge that leads to the right from a node."""
    return row * (side - 1) + column


@kernel
def below(side, row, column):
    """Return the edge that leads down from a node."""
    return side * (side - 1) + row * side + column


@kernel
def is_path(paths, items):
    """Return whether edges, in any order, are a path."""
    side, taken = paths.side, paths.taken
    if items.shape[0] != 2 * (side - 1) or not distinct(items, taken):
        return False
    for edge in items:
        taken[edge] = True
    row = column = steps = 0
    while row < side - 1 or column < side - 1:
        if column < side - 1 and taken[right_of(side, row, column)]:
            column += 1
        elif row < side - 1 and taken[below(side, row, column)]:
            row += 1
        else:
            break
        steps += 1
    for edge in items:
        taken[edge] = False
    return steps == items.shape[0]


@kernel
def draw_path(paths, rng, items):
    """Write a path into `items` and return its length: each one with the same probability."""
    left, down = paths.side - 1, paths.side - 1  # steps to come to the right, and down
    size = 0
    while left + down > 0:
        row, column = paths.side - 1 - down, paths.side - 1 - left
        if draw_index(rng, left + down) < left:
            items[size] = right_of(paths.side, row, column)
            left -= 1
        else:
            items[size] = below(paths.side, row, column)
            down -= 1
        size += 1
    return size


@kernel(inline=False, counted=False)
def best_path(paths, weights, items):
    """Write the path of the largest sum of weights (n,) into `items`, from its start, and return its length.

    Where two ways from a node are equally good, it is the one to the right.
    """
    side, values = paths.side, paths.values
    end = side - 1
    for row in range(end, -1, -1):
        for column in range(end, -1, -1):
            here = row * side + column
            if row < end:
                values[here] = weights[below(side, row, column)] + values[here + side]
            if column < end:
                right = weights[right_of(side, row, column)] + values[here + 1]
                values[here] = right if row == end else max(values[here], right)
    row = column = size = 0
    while row < end or column < end:
        here, edge = row * side + column, right_of(side, row, column)
        if column < end and (row == end or weights[edge] + values[here + 1] == values[here]):
            items[size] = edge
            column += 1
        else:
            items[size] = below(side, row, column)
            row += 1
        size += 1
    return size


class Paths(NamedTuple):
    """The paths of a grid."""

    side: int  #: G
    values: Vector  #: (G G,) scratch: the largest sum from each node; 0 at the end
    taken: Flags  #: (n,) scratch: False between uses

    @property
    def items(self) -> int:
        """The number n of items."""
        return len(self.taken)

    @property
    def size(self) -> int:
        """The number of edges of a path."""
        return 2 * (self.side - 1)

    gives = frozenset({"oracle"})
    verbs = {"draw_set": draw_path, "maximise": best_path}

    def sets(self) -> Iterator[tuple[int, ...]]:
        """Yield all paths, each from its start; those that begin to the right first."""
        for turns in itertools.combinations(range(2 * self.side - 2), self.side - 1):
            row, found = 0, []
            for step in range(2 * self.side - 2):
                to_right = step in turns
                found.append(int((right_of if to_right else below)(self.side, row, step - row)))
                row += not to_right
            yield tuple(found)


def grid_paths(side: int) -> Paths:
    """Return the paths of a grid of so many nodes a side.

    Raises
    ------
    ValueError
        Fewer than 2.
    """
    if side < 2:
        raise ValueError(f"grid: at least 2 nodes a side, got {side}")
    return Paths(side, np.zeros(side * side), np.zeros(2 * side * (side - 1), bool))
