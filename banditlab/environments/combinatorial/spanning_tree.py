"""Spanning trees of a graph, whose edges are worth 0 or 1.

B. Kveton, Z. Wen, A. Ashkan, H. Eydgahi, B. Eriksson. Matroid bandits: fast combinatorial optimization with learning.
UAI 2014.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from banditlab.environments.instances import exclusive, fill
from banditlab.environments.sets import Structure
from banditlab.numerics import trees
from banditlab.registry import environment
from banditlab.sketches import Net
from banditlab.types import Arms, Index

LEAST = 5  #: nodes of a graph that is made


@environment("spanning-tree", game="combinatorial", cite=("kveton2014matroid",))
@dataclass(frozen=True)
class SpanningTree(Structure):
    """The items are the edges of a graph; a set is a spanning tree.

    The value of an edge is 1 with the probability that is its mean, else 0. Graphs of Barabasi and Albert have two
    edges for each new node; those of Watts and Strogatz four neighbours, of which each is exchanged with probability
    0.3.
    """

    edges: list[list[Index]] | None = None  #: (n, 2) the two nodes of each edge; nodes are 0, 1, ...
    graph: Literal["complete", "cycle", "wheel", "barabasi-albert", "watts-strogatz"] | None = None
    nodes: Arms | None = None  #: of the graph, at least 5; 6

    def __post_init__(self):
        exclusive(self, "edges", ("graph", "nodes"))
        if self.edges is None:
            fill(self, graph="complete", nodes=6)
            exclusive(self, "graph", ("means",))
            if self.nodes < LEAST:
                raise ValueError(f"nodes: at least {LEAST}, got {self.nodes}")
        else:
            self.check_means(trees.spanning_trees(self.edges))

    def family(self, rng: np.random.Generator) -> trees.Trees:
        """Return the sets that may be played."""
        if self.edges is not None:
            return trees.spanning_trees(self.edges)
        return trees.spanning_trees(sorted(self._drawn(int(rng.integers(2**32))).edges))

    def _drawn(self, seed: int) -> Any:
        """Return a connected graph."""
        import networkx

        if self.graph == "barabasi-albert":
            return networkx.barabasi_albert_graph(self.nodes, 2, seed)
        if self.graph == "watts-strogatz":
            return networkx.connected_watts_strogatz_graph(self.nodes, 4, 0.3, seed=seed)
        plain = {"complete": networkx.complete_graph, "cycle": networkx.cycle_graph, "wheel": networkx.wheel_graph}
        return plain[self.graph](self.nodes)

    def sketch(self, state, horizon) -> Net:
        return Net(state.family.ends.copy(), state.data.means.copy(), "mean of the edge", edges=state.best)

    @staticmethod
    def contains(env, items):
        return trees.is_tree(env.family, items)

    @staticmethod
    def draw_set(family, rng, items):
        return trees.draw_tree(family, rng, items)

    @staticmethod
    def maximise(family, weights, items):
        return trees.best_tree(family, weights, items)
