"""Influence maximisation: expected spread, cascades, what is seen of them, the greedy choice, and every mistake."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.checks import check_environment, replay
from banditlab.checks.pairs import cell_of, finals, play
from banditlab.environments.combinatorial.influence import Influence, cover_most, enumerate_reaching
from banditlab.errors import UserError
from banditlab.games.combinatorial import SEEN
from banditlab.numerics.spreads import draw_reaching, reaching
from banditlab.policies.combinatorial.cucb import CUCB
from banditlab.policies.combinatorial.uniform import Uniform

few = settings(max_examples=25, deadline=None, derandomize=True)
#: A digraph with cycles, a chord, a sure edge, one that never succeeds, and a node without edges.
EDGES = [
    [0, 1, 0.5], [1, 2, 0.4], [2, 0, 0.3], [0, 3, 0.7], [3, 4, 0.2], [4, 0, 0.6],
    [1, 4, 0.35], [5, 3, 1.0], [2, 5, 0.25], [4, 5, 0.0], [5, 1, 0.15],
]  # fmt: skip
NODES = 7
WORLD = Influence(edges=EDGES, nodes=NODES, k=2)


def begin(world=WORLD, seed=0):
    return replay.start_env(world, 1000, seed)


def closure(seeds, edges):
    """The nodes that seeds reach over edges (tail, head)."""
    reached = set(seeds)
    while new := {head for tail, head in edges if tail in reached} - reached:
        reached |= new
    return reached


def expected_share(edges, nodes, seeds):
    """By all outcomes of the edges."""
    total = 0.0
    for live in itertools.product([False, True], repeat=len(edges)):
        chance = np.prod([edge[2] if on else 1 - edge[2] for edge, on in zip(edges, live, strict=True)])
        if chance > 0:
            kept = [tuple(edge[:2]) for edge, on in zip(edges, live, strict=True) if on]
            total += chance * len(closure(seeds, kept))
    return total / nodes


def value(env, seeds):
    return Influence.value(env, np.array(sorted(seeds), int))


def subsets(nodes):
    return [frozenset(chosen) for size in range(nodes + 1) for chosen in itertools.combinations(range(nodes), size)]


# --- expected spread ----------------------------------------------------------------------------------------------


def test_expected_rewards_are_sums_over_all_outcomes():
    env = begin()
    for seeds in ({0}, {2}, {4}, {5}, {6}, {0, 5}, {1, 3, 6}):
        assert_allclose(value(env, seeds), expected_share(EDGES, NODES, seeds), rtol=1e-12)


@pytest.mark.compiled
def test_expected_rewards_are_the_means_of_cascades():
    env, rounds = begin(), 20_000
    for seeds in ([0], [2, 6]):
        drawn = np.array([Influence.pull(env, t, 1, np.array(seeds), 0.0, 0.0) for t in range(rounds)])
        assert abs(drawn.mean() - value(env, seeds)) < 4 * drawn.std() / np.sqrt(rounds)
        assert drawn.std() > 0.0 and drawn.min() >= len(seeds) / NODES and drawn.max() <= 1.0


def test_spread_is_monotone_and_submodular_on_all_pairs():
    env = begin()
    worth = {seeds: value(env, seeds) for seeds in subsets(NODES)}
    assert worth[frozenset()] == 0.0
    assert_allclose(worth[frozenset(range(NODES))], 1.0, rtol=1e-12)
    for small, large in itertools.product(worth, worth):
        if small <= large:
            for node in set(range(NODES)) - large:
                late = worth[large | {node}] - worth[large]
                assert worth[small | {node}] - worth[small] >= late - 1e-12 and late >= -1e-12


def test_what_reaches_a_node_has_probabilities_that_sum_to_1():
    env = begin()
    for target in range(NODES):
        found = reaching(env.family.graph, env.data.chances, target)
        assert all(target in reached for reached in found)
        assert_allclose(sum(found.values()), 1.0, rtol=1e-12)
    assert set(reaching(env.family.graph, env.data.chances, 6)) == {frozenset({6})}


@pytest.mark.compiled
def test_sampled_rewards_are_exact_but_for_their_standard_error():
    world = Influence(nodes=14, attached=2, probability=0.15, samples=4000, k=3)
    for seed in range(3):
        env = begin(world, seed)
        graph, chances, rng = env.family.graph, env.data.chances, np.random.default_rng(seed)
        assert len(chances) == 48 and env.data.cover.covers.shape == (14, 4000)
        for seeds in ([0], [3, 8], rng.choice(14, 5, replace=False).tolist()):
            drawn = [Influence.pull(env, t, 1, np.array(seeds), 0.0, 0.0) for t in range(6000)]
            assert abs(np.mean(drawn) - value(env, seeds)) < 4 * np.hypot(0.5 / 4000**0.5, np.std(drawn) / 6000**0.5)
        assert_allclose(value(env, range(14)), 1.0, rtol=1e-12)
        assert_array_equal(graph.tails[graph.leaving], np.sort(graph.tails))


def test_the_best_set_is_that_of_brute_force():
    env = begin()
    best = max((seeds for seeds in subsets(NODES) if len(seeds) <= 2), key=lambda seeds: value(env, seeds))
    assert set(env.best.tolist()) == best
    assert_allclose(env.benchmarks[:2], np.array([1.0, 1 - np.exp(-1)]) * value(env, best), rtol=1e-12)


# --- cascades -----------------------------------------------------------------------------------------------------


def test_outcomes_of_edges_are_those_of_the_nodes_that_became_active():
    env = begin()
    sizes = set()
    for t in range(200):
        outcomes = {}
        for seeds in ([0], [6], [2, 3], [5, 1]):
            reward = Influence.pull(env, t, 1, np.array(seeds), 0.0, 0.0)
            tried = env.room.parts[: env.room.block[SEEN]].tolist()
            seen = dict(zip(tried, env.room.values[: len(tried)].tolist(), strict=True))
            active = closure(seeds, [tuple(EDGES[edge][:2]) for edge, succeeds in seen.items() if succeeds])
            assert reward == len(active) / NODES
            assert len(seen) == len(tried) and set(seen) == {i for i, edge in enumerate(EDGES) if edge[0] in active}
            assert all(outcomes.setdefault(edge, succeeds) == succeeds for edge, succeeds in seen.items())
            sizes.add(len(active))
        assert not env.data.active.any()
        assert outcomes.get(7, 1.0) == 1.0 and outcomes.get(9, 0.0) == 0.0
    assert sizes >= {1, 2, 3, 4, 5}


def test_several_rounds_are_the_sum_of_each():
    env, seeds = begin(), np.array([0, 2])
    total = Influence.pull(env, 7, 40, seeds, 0.0, 2.0)
    assert_allclose(total, 2.0 + sum(Influence.pull(env, t, 1, seeds, 0.0, 0.0) for t in range(7, 47)), rtol=1e-12)


def test_full_feedback_shows_no_edges():
    full = Influence(edges=EDGES, nodes=NODES, k=2, feedback="full-bandit")
    env, other = begin(full), begin()
    seeds = np.array([0, 2])
    assert [Influence.pull(env, t, 1, seeds, 0.0, 0.0) for t in range(50)] == [
        Influence.pull(other, t, 1, seeds, 0.0, 0.0) for t in range(50)
    ]
    assert env.room.block[SEEN] == 0 and len(env.room.parts) == 0 and not full.gives() & {"part-values", "oracle"}


# --- the greedy choice --------------------------------------------------------------------------------------------


def naive(covers, costs, limit):
    """The best of density greedy and single items, by Python sets."""
    columns = [set(np.flatnonzero(row)) for row in covers]
    chosen, spent = [], 0.0
    while True:
        fitting = [i for i in range(len(costs)) if i not in chosen and spent + costs[i] <= limit * (1 + 1e-9)]
        if not fitting:
            break
        before = set().union(*(columns[i] for i in chosen))
        best = max(fitting, key=lambda i: (len(columns[i] - before) / costs[i], -i))
        chosen.append(best)
        spent += costs[best]
    alone = max((i for i in range(len(costs)) if costs[i] <= limit), key=lambda i: (len(columns[i]), -i))
    return [alone] if len(columns[alone]) > len(set().union(*(columns[i] for i in chosen))) else chosen


def chosen(covers, costs, budget, size):
    """What the kernel chooses, in plain Python."""
    n, columns = covers.shape
    network = SimpleNamespace(
        covers=covers, marked=np.ones(columns, bool), costs=costs, budget=budget, size=size, seen=np.zeros(n, bool)
    )
    items = np.full(n, -1)
    size = getattr(cover_most, "py_func", cover_most)(network, items)
    assert not network.seen.any()
    return items[:size].tolist()


@few
@given(data=st.data())
def test_the_choice_is_that_of_sets(data):
    n, columns = data.draw(st.integers(2, 6)), data.draw(st.integers(1, 12))
    covers = np.array(
        data.draw(st.lists(st.lists(st.booleans(), min_size=columns, max_size=columns), min_size=n, max_size=n))
    )
    costs, budget, size = np.ones(n), np.inf, data.draw(st.integers(1, n))
    if data.draw(st.booleans()):
        costs = np.array(data.draw(st.lists(st.sampled_from([0.25, 0.5, 1.0, 2.0]), min_size=n, max_size=n)))
        budget, size = data.draw(st.sampled_from([2.0, 2.5, 3.0])), n
    assert chosen(covers, costs, budget, size) == naive(covers, costs, min(budget, float(size)))


def test_one_item_alone_can_be_better_than_the_dense_ones():
    covers, costs = np.array([[1, 0, 0], [0, 1, 1]], bool), np.array([0.25, 2.0])
    assert chosen(covers, costs, 2.0, 2) == naive(covers, costs, 2.0) == [1]
    assert chosen(covers, costs, 2.25, 2) == naive(covers, costs, 2.25) == [0, 1]


@pytest.mark.compiled
def test_drawn_sets_reach_as_often_as_their_probabilities():
    env = begin()
    graph, chances = env.family.graph, env.data.chances
    covers = np.zeros((NODES, 20_000), bool)
    draw_reaching(graph, chances, np.uint64(5), covers, np.zeros(NODES, int))
    exact = enumerate_reaching(graph, chances, NODES)
    for column, weight in zip(exact.covers.T, exact.weights, strict=True):
        share = (covers == column[:, None]).all(0).mean()
        assert abs(share - weight) < 4 * np.sqrt(weight * (1 - weight) / 20_000) + 1e-12


@pytest.mark.parametrize("bounded", [{"k": 3}, {"costs": [0.4, 0.9, 0.3, 0.5, 1.0, 0.7, 0.2], "budget": 1.3}])
def test_maximise_is_nearly_greedy_on_expected_spread_and_keeps_to_the_family(bounded):
    world = Influence(edges=EDGES, nodes=NODES, oracle_samples=2000, **bounded)
    env, items = begin(world), np.zeros(NODES, int)
    limit = bounded.get("budget", 3.0)
    for weights in (env.data.chances, np.zeros(len(EDGES)), np.ones(len(EDGES)), env.data.chances[::-1].copy()):
        found = items[: Influence.maximise(env.family, weights, items)].copy()
        again = items[: Influence.maximise(env.family, weights, items)]
        assert_array_equal(found, again)
        assert Influence.contains(env, found) and not Influence.overspends(env, found)
        cover = enumerate_reaching(env.family.graph, weights, NODES)

        def worth(seeds, cover=cover):
            return cover.weights[cover.covers[sorted(seeds)].any(0)].sum()

        costs = env.family.costs
        best = max(worth(seeds) for seeds in subsets(NODES) if costs[sorted(seeds)].sum() <= limit)
        ratio = 1 - np.exp(-1) if "k" in bounded else (1 - np.exp(-1)) / 2
        assert worth(found.tolist()) >= ratio * best - 4 * 0.5 / np.sqrt(2000)


@pytest.mark.compiled
def test_cucb_learns_the_edges():
    worlds = [Influence(nodes=8, probability=0.3, k=2), Influence(nodes=8, probability=0.3, budget=1.2)]
    for world in worlds:
        learned, uniform = (finals(play(cell_of(world, policy, 1500), 4)) for policy in (CUCB(), Uniform()))
        assert learned.mean() < 0.3 * uniform.mean()


def test_contracts():
    check_environment(WORLD)


# --- graphs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "edges"),
    [
        ({"graph": "barabasi-albert", "attached": 3, "nodes": 12}, 2 * 3 * 9),
        ({"graph": "watts-strogatz", "neighbours": 4, "rewired": 0.3, "nodes": 11}, 2 * 2 * 11),
        ({"graph": "erdos-renyi", "density": 1.0, "nodes": 6}, 6 * 5),
        ({"graph": "erdos-renyi", "density": 0.0, "nodes": 6}, 0),
    ],
)
def test_graphs_that_are_drawn_join_both_ways(parameters, edges):
    env = begin(Influence(probability=0.4, k=2, samples=50, **parameters))
    graph = env.family.graph
    pairs = list(zip(graph.tails.tolist(), graph.heads.tolist(), strict=True))
    assert len(set(pairs)) == edges and pairs == sorted(pairs)
    assert {(head, tail) for tail, head in pairs} == set(pairs)
    assert set(env.data.chances) <= {0.4} and env.family.items == parameters["nodes"]


def test_seeds_draw_other_graphs():
    drawn = [begin(Influence(nodes=8), seed).family.graph.tails.tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_edges_from_a_file(csv):
    rows = "\n".join(f"{int(u)},{int(v)},{p}" for u, v, p in EDGES)
    world = Influence(edges=csv(f"source,target,probability\n{rows}\n"), nodes=NODES, k=2)
    env, listed = begin(world), begin()
    assert_array_equal(env.family.graph.heads, listed.family.graph.heads)
    assert value(env, {0, 2}) == value(listed, {0, 2})
    assert Influence(edges=EDGES, k=2).count_items() == 6


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([], r"edges: at least one, as \[from, to, probability\]"),
        ([[0, 1]], r"edges: \[from, to, probability\] each, got \[0, 1\]"),
        ([[0, 1, 0.5], [1, 5, 0.5]], r"edges: nodes are 0 .. 3, got 5 in \[1, 5, 0.5\]"),
        ([[-1, 1, 0.5]], r"edges: nodes are 0 .. 3, got -1 in"),
        ([[0.5, 1, 0.5]], r"edges: nodes are 0 .. 3, got 0.5 in"),
        ([[2, 2, 0.5]], r"edges: between different nodes, got \[2, 2, 0.5\]"),
        ([[0, 1, 1.5]], r"edges: probabilities in \[0, 1\], got 1.5 in"),
        ([[0, 1, 0.5], [0, 2, 0.5], [0, 1, 0.3]], "edges: each once, got 0 to 1 2 times"),
    ],
)
def test_edges_that_are_refused(edges, message, csv):
    with pytest.raises(ValueError, match=f"^{message}"):
        Influence(edges=edges, nodes=4, k=2)
    if edges and len(edges[0]) == 3:
        rows = "\n".join(",".join(map(str, edge)) for edge in edges)
        with pytest.raises(UserError, match=rf"data\.csv: edges: {message.split(': ')[1][:12]}") as error:
            Influence(edges=csv(f"source,target,probability\n{rows}\n"), nodes=4, k=2)
        assert "\n" not in str(error.value)


def test_files_that_are_refused(csv):
    with pytest.raises(UserError, match=r"data\.csv: no column 'probability'; there are 'source', 'target'"):
        Influence(edges=csv("source,target\n0,1\n"))
    with pytest.raises(UserError, match="column 'target': should hold numbers only"):
        Influence(edges=csv("source,target,probability\n0,a,0.5\n"))
    with pytest.raises(UserError, match=r"none\.csv: no such file"):
        Influence(edges="none.csv")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"edges": EDGES, "graph": "erdos-renyi"}, "edges leaves nothing to graph: drop one of them"),
        ({"edges": EDGES, "probability": 0.2}, "edges leaves nothing to probability"),
        ({"density": 0.2}, "density: only with graph = 'erdos-renyi', got 'barabasi-albert'"),
        ({"graph": "erdos-renyi", "rewired": 0.2}, "rewired: only with graph = 'watts-strogatz'"),
        ({"attached": 10}, "attached: fewer than the nodes, 10; got 10"),
        ({"graph": "watts-strogatz", "neighbours": 3}, "neighbours: even, and fewer than the nodes, 10; got 3"),
        ({"graph": "watts-strogatz", "neighbours": 10}, "neighbours: even, and fewer than the nodes, 10; got 10"),
        ({"k": 10}, "k: in 1 .. 9, fewer than the items; got 10"),
        ({"budget": 1.0, "costs": [1.0]}, "costs: 10, one an item; got 1"),
    ],
)
def test_parameters_that_are_refused(parameters, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Influence(**parameters)
