"""Cuts of a graph: the edges between a set of nodes and all others; submodular, but not monotone.

M. Goemans, D. Williamson. Improved approximation algorithms for maximum cut and satisfiability problems using
semidefinite programming. Journal of the ACM 42, 1995.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.environments.instances import exclusive, fill
from banditlab.environments.sets import SetFunction
from banditlab.fuse import kernel
from banditlab.numerics import families
from banditlab.registry import environment
from banditlab.sketches import Net
from banditlab.types import Arms, Counts, Flags, Probability, Real, Vector


class Graph(NamedTuple):
    """Undirected edges."""

    ends: Counts  #: (E, 2) nodes
    weights: Vector  #: (E,) with the sum 1
    inside: Flags  #: (n,) scratch


@environment("cut", game="combinatorial", cite=("goemans1995improved",))
@dataclass(frozen=True)
class Cut(SetFunction):
    """The value of a set of nodes is the weight of the edges with one end in it, as a share of all.

    There is an edge between two nodes with the probability `density`, and its weight is uniform on [0, 1], unless
    `edges` says otherwise. All sets may be played.
    """

    edges: list[list[Real]] | None = None  #: (E, 3): first node, second node and weight; nodes are 0 .. n-1
    items: Arms | None = None  #: n, nodes; by default 10, or up to the last one of the edges
    density: Probability | None = None  #: in place of edges; 0.5

    monotone = False

    def __post_init__(self):
        exclusive(self, "edges", ("density",))
        if self.edges is None:
            fill(self, items=10, density=0.5)
        else:
            for edge in self.edges:
                check_edge(edge)
            last = int(max((max(edge[:2]) for edge in self.edges), default=0))
            fill(self, items=max(2, last + 1))
            if last >= self.items:
                raise ValueError(f"edges: nodes in 0 .. {self.items - 1}, got {last}")
            if not any(weight for *_, weight in self.edges):
                raise ValueError("edges: at least one of a weight above 0")
        self.algorithm()

    def count_items(self) -> int:
        """Return n."""
        return self.items

    def kind(self) -> str:
        """Return what bounds the sets."""
        return "free"

    def draw(self, rng: np.random.Generator):
        if self.edges is None:
            pairs = np.transpose(np.triu_indices(self.items, 1))
            there = rng.random(len(pairs)) < self.density
            there[rng.integers(len(pairs))] = True  # so that there is one
            ends, weights = pairs[there], 1.0 - rng.random(int(there.sum()))
        else:
            table = np.array(self.edges, float)
            ends, weights = table[:, :2].astype(int), table[:, 2]
        return families.free(self.items), Graph(ends, weights / weights.sum(), np.zeros(self.items, bool))

    def sketch(self, state, horizon) -> Net:
        weights = state.data.weights.copy()
        return Net(state.data.ends.copy(), weights, "share of all weight", nodes=state.best)

    @staticmethod
    def value(env, items):
        return cut_by(env.data, items)


def check_edge(edge: list[float]) -> None:
    """Check an edge by itself.

    Raises
    ------
    ValueError
        It is none: two different nodes and a weight that is not negative.
    """
    nodes, weight = edge[:2], edge[2:]
    if len(weight) != 1 or any(node < 0 or node != int(node) for node in nodes) or nodes[0] == nodes[1]:
        raise ValueError(f"edges: each is two different nodes and a weight, as [0, 3, 1.5]; got {list(edge)}")
    if weight[0] < 0.0:
        raise ValueError(f"edges: weights of at least 0, got {list(edge)}")


@kernel
def cut_by(graph, items):
    """Return the weight of the edges between a set and the other nodes."""
    for node in range(graph.inside.shape[0]):
        graph.inside[node] = False
    for node in items:
        graph.inside[node] = True
    total = 0.0
    for edge in range(graph.weights.shape[0]):
        if graph.inside[graph.ends[edge, 0]] != graph.inside[graph.ends[edge, 1]]:
            total += graph.weights[edge]
    return total
