"""Influence maximisation: seeds in a graph, from which an independent cascade spreads; monotone and submodular.

D. Kempe, J. Kleinberg, E. Tardos. Maximizing the spread of influence through a social network. KDD 2003. C. Borgs, M.
Brautbar, J. Chayes, B. Lucier. Maximizing social influence in nearly optimal time. SODA 2014, for the sets of nodes
that reach another one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.arrays import named, numbers, read_arrays
from banditlab.environments.instances import exclusive, fill
from banditlab.environments.sets import Limited, State
from banditlab.errors import UserError
from banditlab.fuse import kernel
from banditlab.games.combinatorial import SEEN, make_room
from banditlab.numerics.covers import Cover, covered
from banditlab.numerics.families import ROUNDING, Family
from banditlab.numerics.spreads import Graph, draw_reaching, make_graph, reaching, spread
from banditlab.registry import environment
from banditlab.sketches import Net
from banditlab.types import Arms, Count, Counts, Flags, Probability, Real, Vector

ENUMERATED = 20  #: edges, of which all outcomes are summed over
#: The parameters of each kind of graph.
SHAPES = {
    "barabasi-albert": {"attached": 1},
    "erdos-renyi": {"density": 0.2},
    "watts-strogatz": {"neighbours": 2, "rewired": 0.1},
}
OF_GRAPHS = ("graph", "probability", *(name for shape in SHAPES.values() for name in shape))


class Network(NamedTuple):
    """The sets of seeds that may be played: a `Family`, with the graph that `maximise` needs."""

    size: int
    costs: Vector
    budget: float
    seen: Flags
    graph: Graph
    key: np.uint64  #: of the luck by which sets of seeds are compared
    covers: Flags  #: (n, S) scratch: the sets of nodes that reach another one
    marked: Flags  #: (S,) scratch
    queue: Counts  #: (n,) scratch

    items = Family.items
    kind = Family.kind


class Cascades(NamedTuple):
    """How seeds spread."""

    cover: Cover  #: of sets of nodes that reach another one, by the seeds in them
    chances: Vector  #: (m,)
    active: Flags  #: (n,) scratch
    queue: Counts  #: (n,) scratch


@environment("influence", game="combinatorial", cite=("kempe2003maximizing", "borgs2014maximizing"))
@dataclass(frozen=True)
class Influence(Limited):
    """The reward of a set of seeds is the share of nodes that an independent cascade from them makes active.

    Each edge of an active node is tried once, and makes its other end active with its own probability. What is seen is
    the reward, and under edge feedback the outcome of each edge that was tried, 0 or 1: of all that leave active nodes.
    An edge's outcome in a round does not depend on the seeds.

    The graph is drawn by networkx, where each edge stands for two directed ones, or is given as a list of directed
    edges, whose numbers are their places in it. The nodes are 0 .. n-1.

    With at most 20 edges expected rewards are exact: a sum over all outcomes of the edges. With more they are the means
    of `samples` draws that are made once and shared by all sets; their standard error is at most 0.5 / sqrt(samples).
    `maximise` takes weights as the probabilities of the edges, estimates rewards from `oracle_samples` such draws, the
    same for all weights, and adds the node that raises the estimate most for its cost; a single node if that is better.
    """

    edges: str | list[list[Real]] | None = None  #: [from, to, probability] each, or a CSV: source, target, probability
    graph: Literal["barabasi-albert", "erdos-renyi", "watts-strogatz"] | None = None  #: barabasi-albert, without edges
    nodes: Arms | None = None  #: n; 10, or with edges as many as these name
    attached: Count | None = None  #: edges from each new node to old ones (barabasi-albert); 1
    density: Probability | None = None  #: probability that two nodes are joined (erdos-renyi); 0.2
    neighbours: Count | None = None  #: nearest nodes on a ring that each is joined to, even (watts-strogatz); 2
    rewired: Probability | None = None  #: probability that such an edge is drawn anew (watts-strogatz); 0.1
    probability: Probability | None = None  #: of all edges of a graph that is drawn; 0.2
    feedback: Literal["edge", "full-bandit"] = "edge"  #: what is seen beside the reward: outcomes of edges, or nothing
    samples: Count = 10_000  #: for expected rewards, where there are more than 20 edges
    oracle_samples: Count = 500  #: for `maximise`

    def __post_init__(self):
        exclusive(self, "edges", OF_GRAPHS)
        if self.edges is None:
            fill(self, graph="barabasi-albert", nodes=10, probability=0.2)
            self._check_shape()
        super().__post_init__()

    def _check_shape(self) -> None:
        for shape, parameters in SHAPES.items():
            idle = [name for name in parameters if getattr(self, name) is not None]
            if idle and shape != self.graph:
                raise ValueError(f"{idle[0]}: only with graph = {shape!r}, got {self.graph!r}")
        fill(self, **SHAPES[self.graph])
        if self.graph == "barabasi-albert" and self.attached >= self.nodes:
            raise ValueError(f"attached: fewer than the nodes, {self.nodes}; got {self.attached}")
        if self.graph == "watts-strogatz" and (self.neighbours % 2 or self.neighbours >= self.nodes):
            raise ValueError(f"neighbours: even, and fewer than the nodes, {self.nodes}; got {self.neighbours}")

    def count_items(self) -> int:
        """Return n."""
        return self.nodes if self.edges is None else self._listed()[0]

    def gives(self) -> frozenset[str]:
        return super().gives() | ({"part-values", "oracle"} if self.feedback == "edge" else set())

    def start(self, rng, noise, horizon) -> State:
        state = super().start(rng, noise, horizon)
        seen = len(state.data.chances) if self.feedback == "edge" else 0
        return state._replace(room=make_room(state.family.items, seen))

    def draw(self, rng: np.random.Generator):
        nodes, tails, heads, chances = self._drawn(rng) if self.edges is None else self._listed()
        graph, queue = make_graph(nodes, tails, heads), np.zeros(nodes, int)
        family, keys = self.draw_family(rng), rng.integers(0, 2**64, 2, dtype=np.uint64)
        sets = np.zeros((nodes, self.oracle_samples), bool)
        network = Network(*family, graph, keys[0], sets, np.zeros(self.oracle_samples, bool), queue)
        if len(chances) <= ENUMERATED:
            cover = enumerate_reaching(graph, chances, nodes)
        else:
            covers = np.zeros((nodes, self.samples), bool)
            draw_reaching(graph, chances, keys[1], covers, queue)
            cover = Cover(covers, np.full(self.samples, 1.0 / self.samples), np.zeros(self.samples, bool))
        return network, Cascades(cover, chances, np.zeros(nodes, bool), queue)

    def _drawn(self, rng: np.random.Generator) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        """Return n, tails (m,), heads (m,) and probabilities (m,) of a graph at random."""
        import networkx

        n, seed = self.nodes, int(rng.integers(2**32))
        if self.graph == "barabasi-albert":
            drawn = networkx.barabasi_albert_graph(n, self.attached, seed)
        elif self.graph == "erdos-renyi":
            drawn = networkx.gnp_random_graph(n, self.density, seed)
        else:
            drawn = networkx.watts_strogatz_graph(n, self.neighbours, self.rewired, seed)
        pairs = np.array(sorted(drawn.to_directed().edges), int).reshape(-1, 2)
        return n, pairs[:, 0].copy(), pairs[:, 1].copy(), np.full(len(pairs), self.probability)

    def _listed(self) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
        """Return the same of the edges that are given."""
        if not isinstance(self.edges, str):
            return check_edges(self.edges, self.nodes)
        arrays = read_arrays(self.edges)
        columns = [numbers(self.edges, name, named(self.edges, arrays, name)) for name in COLUMNS]
        try:
            return check_edges(np.column_stack(columns).tolist(), self.nodes)
        except ValueError as error:
            raise UserError(f"{self.edges}: {error}") from None

    def sketch(self, state, horizon) -> Net:
        ends = np.column_stack([state.family.graph.tails, state.family.graph.heads])
        return Net(ends, state.data.chances.copy(), "chance to spread", nodes=state.best, directed=True)

    @staticmethod
    def value(env, items):
        return covered(env.data.cover, items)

    @staticmethod
    def pull(env, t, rounds, items, expected, total):
        graph, data, room = env.family.graph, env.data, env.room
        for s in range(t, t + rounds):
            reached, tried = spread(
                graph, data.chances, env.noise, s, items, data.active, data.queue, room.parts, room.values
            )
            total += reached / data.active.shape[0]
            if rounds == 1 and room.parts.shape[0] > 0:
                room.block[SEEN] = tried
        return total

    @staticmethod
    def maximise(family, weights, items):
        draw_reaching(family.graph, weights, family.key, family.covers, family.queue)
        return cover_most(family, items)


COLUMNS = ("source", "target", "probability")


def check_edges(edges: list[list[float]], nodes: int | None) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Return the number of nodes, tails (m,), heads (m,) and probabilities (m,) of edges.

    Raises
    ------
    ValueError
        An edge is no triple, comes twice, leads back to its node, or to one that there is not; a probability is none.
    """
    if not edges:
        raise ValueError("edges: at least one, as [from, to, probability]")
    for edge in edges:
        if len(edge) != 3:
            raise ValueError(f"edges: [from, to, probability] each, got {edge}")
        tail, head, chance = edge
        for node in (tail, head):
            if node != int(node) or not 0 <= node < (nodes or np.inf):
                raise ValueError(f"edges: nodes are 0 .. {nodes - 1 if nodes else 'n-1'}, got {node:g} in {edge}")
        if tail == head:
            raise ValueError(f"edges: between different nodes, got {edge}")
        if not 0.0 <= chance <= 1.0:
            raise ValueError(f"edges: probabilities in [0, 1], got {chance:g} in {edge}")
    tails, heads = np.array([edge[:2] for edge in edges], int).T.copy()
    [(twice, count)] = Counter(zip(tails.tolist(), heads.tolist(), strict=True)).most_common(1)
    if count > 1:
        raise ValueError(f"edges: each once, got {twice[0]} to {twice[1]} {count} times")
    return nodes or int(max(tails.max(), heads.max())) + 1, tails, heads, np.array([edge[2] for edge in edges], float)


def enumerate_reaching(graph: Graph, chances: np.ndarray, nodes: int) -> Cover:
    """Return the sets of nodes that may be those that reach a node at random, weighted by their probabilities."""
    found: Counter[frozenset[int]] = Counter()
    for target in range(nodes):
        found.update(reaching(graph, chances, target))
    covers = np.array([[node in reached for reached in found] for node in range(nodes)])
    return Cover(covers, np.array([*found.values()]) / nodes, np.zeros(len(found), bool))


@kernel
def cover_most(network, items):
    """Write a set that covers many of the columns of `network.covers` into `items` (n,) and return its size.

    It adds the item with the largest gain for its cost while one fits, the lowest index among equals; where one item
    alone covers more than these together, it is that one.
    """
    covers, marked, costs, taken = network.covers, network.marked, network.costs, network.seen
    limit = (network.budget if network.budget < np.inf else float(network.size)) * (1.0 + ROUNDING)
    for column in range(marked.shape[0]):
        marked[column] = False
    size = total = most = alone = 0
    spent = 0.0
    while True:
        best, densest, gained = -1, -1.0, 0
        for item in range(costs.shape[0]):
            if taken[item] or spent + costs[item] > limit:
                continue
            gain = uncovered(covers[item], marked)
            if size == 0 and gain > most:
                most, alone = gain, item
            if gain / costs[item] > densest:
                best, densest, gained = item, gain / costs[item], gain
        if best < 0:
            break
        items[size] = best
        taken[best] = True
        size += 1
        spent += costs[best]
        total += gained
        for column in range(marked.shape[0]):
            marked[column] |= covers[best, column]
    for place in range(size):
        taken[items[place]] = False
    if most > total:
        items[0], size = alone, 1
    return size


@kernel
def uncovered(covers, marked):
    """Return how many columns (S,) an item covers that are not marked."""
    count = 0
    for column in range(marked.shape[0]):
        if covers[column] and not marked[column]:
            count += 1
    return count
