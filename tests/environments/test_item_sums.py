"""Sums of items over structures: benchmarks by brute force, rewards by hand, and what is refused."""

import math
from dataclasses import replace

import networkx
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab import registry
from banditlab.checks import replay
from banditlab.environments.combinatorial.linear_items import LinearItems
from banditlab.environments.combinatorial.matching import Matching
from banditlab.environments.combinatorial.shortest_path import ShortestPath
from banditlab.environments.combinatorial.spanning_tree import SpanningTree
from banditlab.environments.combinatorial.top_k import TopK
from banditlab.games.combinatorial import REGRET
from banditlab.numerics.families import listed
from banditlab.policies.combinatorial.cucb import CUCB
from banditlab.policies.combinatorial.uniform import Uniform

SQUARE = [[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]]
WORLDS = {
    "top-k": TopK(items=6, k=2),
    "shortest-path": ShortestPath(grid=3),
    "matching": Matching(pairs=3),
    "spanning-tree": SpanningTree(edges=SQUARE),
    "linear-items": LinearItems(items=6, dim=3, k=2),
}


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("seed", range(5))
def test_the_optimum_is_the_best_of_all_sets(name, seed):
    state = replay.start_env(WORLDS[name], 10, seed)
    means = state.data.means
    best = max(math.fsum(means[list(items)]) for items in listed(state.family))
    assert_allclose(state.benchmarks, best, rtol=1e-14)
    assert frozenset(state.best.tolist()) in {frozenset(items) for items in listed(state.family)}
    facts = WORLDS[name].facts(state)
    assert facts["reward_bound"] == len(state.best) == len(next(listed(state.family)))
    assert ((means >= 0.0) & (means <= 1.0)).all()


@pytest.mark.parametrize("name", WORLDS)
def test_rewards_are_sums_of_draws_of_items_and_rounds(name):
    """An item's value in a round does not depend on who plays it; its mean is the item's, by 4.5 standard errors."""
    one, other = (replay.run(WORLDS[name], Uniform(), 400, coins_seed=seed, compiled=False) for seed in (1, 2))
    means = one.env.data.means
    for done in (one, other):
        values = np.ma.masked_less(done.outcomes[:, 1:], 0.0)
        assert_array_equal(done.outcomes[:, 0], values.sum(axis=1))
        for items, seen, lost in zip(done.actions, ~values.mask, done.totals[:, REGRET], strict=True):
            items = items[items >= 0]
            assert_array_equal(np.flatnonzero(seen), np.sort(items))
            assert lost == pytest.approx(done.env.benchmarks[0] - means[items].sum(), abs=1e-12)
        errors = np.sqrt(means * (1 - means) / values.count(axis=0))
        assert (np.abs(values.mean(axis=0) - means) < 4.5 * errors).all()
    both = (one.outcomes >= 0.0) & (other.outcomes >= 0.0)
    assert both[:, 1:].sum() > 100
    assert_array_equal(one.outcomes[:, 1:][both[:, 1:]], other.outcomes[:, 1:][both[:, 1:]])


@pytest.mark.parametrize("name", WORLDS)
def test_full_feedback_is_the_sum_alone(name):
    semi, world = WORLDS[name], replace(WORLDS[name], feedback="full-bandit")
    assert "part-values" in semi.gives() and "part-values" not in world.gives()
    one, other = (replay.run(environment, Uniform(), 50, compiled=False) for environment in (semi, world))
    assert_array_equal(one.actions, other.actions)
    assert_array_equal(one.outcomes[:, 0], other.outcomes[:, 0])
    assert other.outcomes.shape == (50, 1)


@pytest.mark.parametrize("name", WORLDS)
def test_cucb_learns_from_each(name):
    regrets = [
        sum(replay.run(WORLDS[name], policy, 300, seed, compiled=False).totals[:, REGRET].sum() for seed in range(3))
        for policy in (CUCB(width=0.3), Uniform())
    ]
    assert 0.0 < regrets[0] < 0.6 * regrets[1]


def test_a_path_by_hand():
    world = ShortestPath(grid=2, means=[0.1, 0.9, 0.5, 0.4])  # right: 0 -> 1, 2 -> 3; down: 0 -> 2, 1 -> 3
    state = replay.start_env(world, 10, 0)
    assert state.best.tolist() == [2, 1]
    assert state.benchmarks[0] == 1.4


# --- graphs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("graph", ["complete", "cycle", "wheel", "barabasi-albert", "watts-strogatz"])
def test_graphs_that_are_made(graph):
    world = SpanningTree(graph=graph, nodes=9)
    for seed in range(3):
        state = replay.start_env(world, 10, seed)
        made = networkx.Graph(state.family.ends.tolist())
        assert len(made) == 9 and networkx.is_connected(made)
        assert len(state.best) == 8
        again = replay.start_env(world, 10, seed)
        assert_array_equal(state.family.ends, again.family.ends)


def test_random_graphs_differ_by_their_seeds():
    ends = [replay.start_env(SpanningTree(graph="barabasi-albert", nodes=9), 10, seed).family.ends for seed in (0, 1)]
    assert not np.array_equal(*ends)


# --- linear items -----------------------------------------------------------------------------------------------------


def test_given_features_and_theta():
    world = LinearItems(features=[[0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [0.2, 0.2]], theta=[0.2, 0.8], k=2)
    state = replay.start_env(world, 10, 0)
    assert_allclose(state.data.means, [0.5, 0.2, 0.8, 0.2])
    assert state.best.tolist() == [2, 0]
    assert_array_equal(world.facts(state)["domain"], [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [0.2, 0.2]])


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_drawn_means_are_linear_in_unit_features(dim):
    world = LinearItems(items=30, dim=dim, k=4)
    state = replay.start_env(world, 10, 0)
    assert_allclose(np.linalg.norm(state.features, axis=1), 1.0)
    theta = np.linalg.lstsq(state.features, state.data.means)[0]
    assert_allclose(state.features @ theta, state.data.means, atol=1e-12)
    assert np.linalg.norm(theta) == pytest.approx(1.0)
    assert {"features", "domain"} <= world.gives()


# --- what is refused --------------------------------------------------------------------------------------------------

WRONG = {
    "means: 12, one an item; got 2": (ShortestPath, {"grid": 3, "means": [0.5, 0.5]}),
    "means: 9, one an item; got 2": (Matching, {"pairs": 3, "means": [0.5, 0.5]}),
    "means: 5, one an item; got 1": (SpanningTree, {"edges": SQUARE, "means": [0.5]}),
    "edges leaves nothing to nodes: drop one of them": (SpanningTree, {"edges": SQUARE, "nodes": 7}),
    "graph leaves nothing to means: drop one of them": (SpanningTree, {"graph": "wheel", "means": [0.5]}),
    "nodes: at least 5, got 3": (SpanningTree, {"graph": "complete", "nodes": 3}),
    "edges: two different nodes 0, 1, ... each; got [2, 2]": (SpanningTree, {"edges": [[0, 1], [1, 2], [2, 2]]}),
    "edges: should connect all nodes 0 .. 3, but none leads from 0 to 2": (SpanningTree, {"edges": [[0, 1], [2, 3]]}),
    "k: in 1 .. 3, fewer than the items; got 4": (LinearItems, {"items": 4, "k": 4}),
    "features leaves nothing to dim: drop one of them": (LinearItems, {"features": [[1.0]], "theta": [1.0], "dim": 1}),
    "features and theta: give both or neither": (LinearItems, {"theta": [1.0]}),
    "features: 2 in each row, as theta has; got 1": (LinearItems, {"features": [[1.0], [0.5]], "theta": [1.0, 0.0]}),
    "features: x'theta in [0, 1], got 1.5 of item 1": (LinearItems, {"features": [[0.5], [1.5]], "theta": [1.0]}),
}


@pytest.mark.parametrize("line", WRONG)
def test_what_makes_no_sense_is_refused(line):
    cls, settings = WRONG[line]
    with pytest.raises(ValueError) as error:
        cls(**settings)
    assert str(error.value) == line


def test_a_policy_that_needs_values_is_refused_where_they_are_not_seen():
    world, player = replace(WORLDS["matching"], feedback="full-bandit"), registry.find("policy", "cucb")
    assert player.needs - world.gives() == {"part-values"}
