"""Twin of uniform play: draws without replacement from what is left, moved into the gap; a path step by step."""

import networkx

from banditlab.numerics.matchings import Matchings
from banditlab.numerics.paths import Paths
from banditlab.numerics.trees import Trees
from tests.reference.combinatorial_worlds import COVERED, GRID, PAIRS, TOP, TREE

CASES = [(world, 100, {}) for world in (TOP, COVERED, GRID, PAIRS, TREE)]


class Uniform:
    def __init__(self, policy, problem, rng):
        self.n, self.family = problem.items, problem.family

    def choose(self, t, features, rng, pick):
        if isinstance(self.family, Paths):
            return path(rng, self.family.side)
        if isinstance(self.family, Matchings):
            pairs = self.family.pairs
            return [row * pairs + column for row, column in enumerate(drawn(rng, pairs, pairs))]
        if isinstance(self.family, Trees):
            return tree(self.family.ends, drawn(rng, self.n, self.n))
        return drawn(rng, self.n, self.family.size)

    def learn(self, t, features, items, outcome):
        pass


def drawn(rng, n, k):
    left, chosen = list(range(n)), []
    for place in range(k):
        at = int(rng.random() * (n - place))
        chosen.append(left[at])
        left[at] = left[0]
        del left[0]
    return chosen


def path(rng, side):
    row, column, edges = 0, 0, []
    while (row, column) != (side - 1, side - 1):
        to_right, down = side - 1 - column, side - 1 - row
        if int(rng.random() * (to_right + down)) < to_right:
            edges.append(row * (side - 1) + column)
            column += 1
        else:
            edges.append(side * (side - 1) + row * side + column)
            row += 1
    return edges


def tree(ends, order):
    forest, edges = networkx.Graph(), []
    forest.add_nodes_from(range(ends.max() + 1))
    for edge in order:
        if not networkx.has_path(forest, *ends[edge]):
            forest.add_edge(*ends[edge])
            edges.append(edge)
    return edges
