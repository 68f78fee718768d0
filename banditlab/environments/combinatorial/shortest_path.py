"""Paths through a grid, from corner to corner, whose edges cost 0 or 1.

B. Kveton, Z. Wen, A. Ashkan, C. Szepesvari. Tight regret bounds for stochastic combinatorial semi-bandits. AISTATS
2015, where edges have costs of another law, from memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.sets import Structure
from banditlab.numerics import paths
from banditlab.registry import environment
from banditlab.sketches import Net
from banditlab.types import Arms


@environment("shortest-path", game="combinatorial", cite=("kveton2015tight",))
@dataclass(frozen=True)
class ShortestPath(Structure):
    """The items are the edges of a grid of G x G nodes; a set is a path of 2 (G - 1) edges, each to the right or down.

    The value of an edge is 1 less its cost, and is 1 with the probability that is its mean, else 0: all paths have
    equally many edges, so that the one of the largest sum is the shortest. The edges to the right come first, row by
    row, then those down.
    """

    grid: Arms = 4  #: G

    def __post_init__(self):
        self.check_means(self.family())

    def family(self, rng: np.random.Generator | None = None) -> paths.Paths:
        """Return the sets that may be played."""
        return paths.grid_paths(self.grid)

    def sketch(self, state, horizon) -> Net:
        nodes = np.arange(self.grid**2).reshape(self.grid, -1)
        right = np.column_stack([nodes[:, :-1].ravel(), nodes[:, 1:].ravel()])
        down = np.column_stack([nodes[:-1].ravel(), nodes[1:].ravel()])
        places = np.array([(column, -row) for row in range(self.grid) for column in range(self.grid)], float)
        ends = np.vstack([right, down])
        return Net(ends, state.data.means.copy(), "mean of the edge", edges=state.best, places=places)

    @staticmethod
    def contains(env, items):
        return paths.is_path(env.family, items)

    @staticmethod
    def draw_set(family, rng, items):
        return paths.draw_path(family, rng, items)

    @staticmethod
    def maximise(family, weights, items):
        return paths.best_path(family, weights, items)
