"""Independent cascades on a directed graph: how they spread, and the sets of nodes that reach a node.

Each edge is tried once, when its tail has become active, and makes its head active with its own probability. So a node
becomes active if a seed reaches it over edges that succeed, and the expected share of active nodes is the probability
that there is a seed among the nodes that reach a node at random.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.numerics.hashing import uniform
from banditlab.types import Counts


class Graph(NamedTuple):
    """Directed edges, numbered 0 .. m-1, and grouped by either end."""

    tails: Counts  #: (m,)
    heads: Counts  #: (m,)
    leaving: Counts  #: (m,) edges by their tails; those of node v stand in first_leaving[v] .. first_leaving[v + 1] - 1
    first_leaving: Counts  #: (n + 1,)
    entering: Counts  #: (m,) edges by their heads
    first_entering: Counts  #: (n + 1,)


def make_graph(nodes: int, tails: np.ndarray, heads: np.ndarray) -> Graph:
    """Return the graph of these edges, from tails (m,) to heads (m,), both in 0 .. n-1."""
    bounds = np.arange(nodes + 1)
    by_tail, by_head = np.argsort(tails, kind="stable"), np.argsort(heads, kind="stable")
    return Graph(
        tails, heads,
        by_tail, np.searchsorted(tails[by_tail], bounds),
        by_head, np.searchsorted(heads[by_head], bounds),
    )  # fmt: skip


def reaching(graph: Graph, chances: np.ndarray, target: int) -> Counter[frozenset[int]]:
    """Return the probability of each set of nodes that may be those that reach a node, which is one of them.

    An edge is tossed when its head is known to be in the set and its tail is not.
    """
    found: Counter[frozenset[int]] = Counter()
    todo = [(frozenset([target]), _entering(graph, target), 1.0)]
    while todo:
        reached, edges, chance = todo.pop()
        edges = tuple(edge for edge in edges if graph.tails[edge] not in reached)
        if not edges:
            found[reached] += chance
            continue
        edge, rest = edges[0], edges[1:]
        tail = int(graph.tails[edge])
        if chances[edge] < 1.0:
            todo.append((reached, rest, chance * (1.0 - chances[edge])))
        if chances[edge] > 0.0:
            todo.append((reached | {tail}, rest + _entering(graph, tail), chance * chances[edge]))
    return found


def _entering(graph: Graph, node: int) -> tuple[int, ...]:
    return tuple(graph.entering[graph.first_entering[node] : graph.first_entering[node + 1]].tolist())


@kernel
def draw_reaching(graph, chances, key, covers, queue):
    """Draw S sets of nodes that reach a node at random: write into covers (n, S) which nodes each of them has.

    Targets and tosses are functions of the key and the set's number, so that other chances (m,) meet the same luck;
    queue (n,) is scratch.
    """
    nodes, samples = covers.shape
    for node in range(nodes):
        for sample in range(samples):
            covers[node, sample] = False
    for sample in range(samples):
        target = int(uniform(key, chances.shape[0], sample) * nodes)
        covers[target, sample] = True
        queue[0], reached, done = target, 1, 0
        while done < reached:
            node = queue[done]
            done += 1
            for place in range(graph.first_entering[node], graph.first_entering[node + 1]):
                edge = graph.entering[place]
                tail = graph.tails[edge]
                if not covers[tail, sample] and uniform(key, edge, sample) < chances[edge]:
                    covers[tail, sample] = True
                    queue[reached] = tail
                    reached += 1


@kernel
def spread(graph, chances, key, t, seeds, active, queue, parts, values):
    """Let the cascade of round t run from seeds (k,); return the numbers of active nodes, and of edges that were tried.

    The outcomes are functions of edge and round. Those of the edges that are tried are written into `parts` (m,) and
    `values` (m,), unless these are empty. `active` (n,) is False before and after; queue (n,) has the active nodes.
    """
    reached = tried = done = 0
    for seed in seeds:
        active[seed] = True
        queue[reached] = seed
        reached += 1
    while done < reached:
        node = queue[done]
        done += 1
        for place in range(graph.first_leaving[node], graph.first_leaving[node + 1]):
            edge = graph.leaving[place]
            succeeds = uniform(key, edge, t) < chances[edge]
            if parts.shape[0] > 0:
                parts[tried], values[tried] = edge, 1.0 if succeeds else 0.0
            tried += 1
            if succeeds and not active[graph.heads[edge]]:
                active[graph.heads[edge]] = True
                queue[reached] = graph.heads[edge]
                reached += 1
    for place in range(reached):
        active[queue[place]] = False
    return reached, tried
