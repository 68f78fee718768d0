"""Spanning trees of a connected graph: as few edges as connect all its nodes.

J. B. Kruskal. On the shortest spanning subtree of a graph and the traveling salesman problem. Proceedings of the AMS 7,
1956.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.families import distinct
from banditlab.numerics.sampling import draw_index
from banditlab.types import Counts, Flags


@kernel
def _part_of(parents, node):
    """Return the node that stands for a node's part of the graph, and shorten the way to it."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@kernel
def _joins(trees, edge):
    """Join the two parts that an edge connects; return False where it closes a cycle."""
    one, other = _part_of(trees.parents, trees.ends[edge, 0]), _part_of(trees.parents, trees.ends[edge, 1])
    trees.parents[one] = other
    return one != other


@kernel
def _separate(trees):
    """Make every node a part of its own."""
    for node in range(trees.parents.shape[0]):
        trees.parents[node] = node


@kernel
def is_tree(trees, items):
    """Return whether edges, in any order, are a spanning tree."""
    if items.shape[0] != trees.parents.shape[0] - 1 or not distinct(items, trees.taken):
        return False
    _separate(trees)
    joined = 0
    for edge in items:
        joined += _joins(trees, edge)
    return joined == items.shape[0]


@kernel
def draw_tree(trees, rng, items):
    """Write a spanning tree into `items` and return its size: edges in random order, but for those that close a cycle.

    Not every tree has the same probability.
    """
    n = trees.ends.shape[0]
    for edge in range(n):
        items[edge] = edge
    _separate(trees)
    size = 0
    for place in range(n):
        other = place + draw_index(rng, n - place)
        items[place], items[other] = items[other], items[place]
        if _joins(trees, items[place]):
            items[size] = items[place]
            size += 1
    return size


@kernel(inline=False, counted=False)
def best_tree(trees, weights, items):
    """Write the spanning tree of the largest sum of weights (n,) into `items`, and return its size.

    The edges come by falling weight, the lowest index among equals.
    """
    order, size = trees.order, 0
    for place in range(1, order.shape[0]):  # the order of the last time is nearly that of now
        edge, free = order[place], place
        while free > 0 and _before(weights, edge, order[free - 1]):
            order[free] = order[free - 1]
            free -= 1
        order[free] = edge
    _separate(trees)
    for edge in order:
        if _joins(trees, edge):
            items[size] = edge
            size += 1
    return size


@kernel
def _before(weights, one, other):
    return weights[one] > weights[other] or (weights[one] == weights[other] and one < other)


class Trees(NamedTuple):
    """The spanning trees of a graph."""

    ends: Counts  #: (n, 2) the nodes of each edge
    parents: Counts  #: (V,) scratch: of each node on the way to the one that stands for its part
    order: Counts  #: (n,) the edges, as `best_tree` sorted them last
    taken: Flags  #: (n,) scratch: False between uses

    @property
    def items(self) -> int:
        """The number n of items."""
        return len(self.ends)

    @property
    def size(self) -> int:
        """The number of edges of a tree."""
        return len(self.parents) - 1

    gives = frozenset({"oracle"})
    verbs = {"draw_set": draw_tree, "maximise": best_tree}

    def sets(self) -> Iterator[tuple[int, ...]]:
        """Yield all spanning trees, each with rising edges, in the order of their edges."""
        return _trees(self.ends.tolist(), list(range(len(self.parents))), ())


def spanning_trees(edges: Sequence[Sequence[int]]) -> Trees:
    """Return the spanning trees of a graph of nodes 0 .. V-1.

    Parameters
    ----------
    edges : (n, 2)
        The two nodes of each edge; V - 1 is the largest of all.

    Raises
    ------
    ValueError
        An edge that is no pair, or of a node with itself; the same edge twice; a graph that is not connected.
    """
    pairs = [tuple(sorted(edge)) for edge in edges]
    for edge, pair in zip(edges, pairs, strict=True):
        if len(pair) != 2 or pair[0] == pair[1] or pair[0] < 0:
            raise ValueError(f"edges: two different nodes 0, 1, ... each; got {list(edge)}")
    if twice := [list(pair) for pair in dict.fromkeys(pairs) if pairs.count(pair) > 1]:
        raise ValueError(f"edges: all different, got {twice[0]} twice")
    if len(pairs) < 2:
        raise ValueError(f"edges: at least 2, got {len(pairs)}")
    nodes = 1 + max(pair[1] for pair in pairs)
    parts = _joined(list(range(nodes)), pairs)
    if len(set(parts)) > 1:
        apart = next(node for node in range(nodes) if parts[node] != parts[0])
        raise ValueError(f"edges: should connect all nodes 0 .. {nodes - 1}, but none leads from 0 to {apart}")
    ends = np.array(pairs, int)
    return Trees(ends, np.zeros(nodes, int), np.arange(len(ends)), np.zeros(len(ends), bool))


def _trees(ends: list, parts: list[int], chosen: tuple[int, ...], first: int = 0) -> Iterator[tuple[int, ...]]:
    """Yield the spanning trees that have the chosen edges, and others from the first on only; `parts` of each node."""
    if len(set(parts)) == 1:
        yield chosen
    elif len(set(_joined(parts, ends[first:]))) == 1:
        with_first = _joined(parts, ends[first : first + 1])
        if with_first != parts:
            yield from _trees(ends, with_first, (*chosen, first), first + 1)
        yield from _trees(ends, parts, chosen, first + 1)


def _joined(parts: list[int], edges: Sequence[Sequence[int]]) -> list[int]:
    """Return the part of each node after some more edges."""
    for one, other in edges:
        parts = [parts[one] if part == parts[other] else part for part in parts]
    return parts
