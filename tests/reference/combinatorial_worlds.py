"""Small environments of the combinatorial game that twins are held against, and what twins share."""

import numpy as np

from banditlab.environments.combinatorial.cascade import Cascade
from banditlab.environments.combinatorial.coverage import Coverage
from banditlab.environments.combinatorial.cut import Cut
from banditlab.environments.combinatorial.linear_items import LinearItems
from banditlab.environments.combinatorial.matching import Matching
from banditlab.environments.combinatorial.shortest_path import ShortestPath
from banditlab.environments.combinatorial.spanning_tree import SpanningTree
from banditlab.environments.combinatorial.top_k import TopK
from banditlab.numerics.families import Family

TOP = TopK(means=[0.9, 0.2, 0.6, 0.5, 0.7, 0.3], k=2)
COVERED = Coverage(items=5, universe=12, density=0.3, k=2)
BOUGHT = Coverage(items=6, universe=12, density=0.3, budget=1.6, costs=[0.4, 0.9, 0.5, 0.8, 1.7, 0.6])
CUT = Cut(items=5)
LIST = Cascade(attraction=[0.3, 0.1, 0.6, 0.2, 0.5], k=3)
GRID = ShortestPath(grid=3)
PAIRS = Matching(pairs=3)
TREE = SpanningTree(edges=[[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]])
LINEAR = LinearItems(items=6, dim=3, k=2)


def seen(outcome):
    """The parts that a round showed, and their values, of the outcome: reward, then a value for each part, or -1."""
    parts = [part for part in range(len(outcome) - 1) if outcome[1 + part] >= 0.0]
    return parts, [outcome[1 + part] for part in parts]


def best_set(family, weights):
    """The set of the largest sum of weights: largest weight first, the lowest index among equals; one of all others."""
    if not isinstance(family, Family):
        return list(max(family.sets(), key=worth(weights)))
    return sorted(range(len(weights)), key=lambda item: (-weights[item], item))[: family.size]


def worth(weights):
    """What `best_set` maximises, as a function of a set."""
    return lambda items: float(np.sum([weights[item] for item in items]))


def list_worth(weights):
    """What the list by decreasing weights maximises, as a function of the list: earlier places count more."""
    return lambda items: float(np.sum([(len(items) - place) * weights[item] for place, item in enumerate(items)]))
