"""Rewards of sets as a whole: values by hand, submodularity, the optimum by brute force, benchmarks, refusals."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from banditlab import offline
from banditlab.checks import check_environment, replay
from banditlab.environments.combinatorial.coverage import Coverage
from banditlab.environments.combinatorial.cut import Cut
from banditlab.environments.combinatorial.facility_location import FacilityLocation
from banditlab.environments.combinatorial.songs import Songs
from banditlab.environments.sets import count_below
from banditlab.errors import UserError
from banditlab.runs import reading

WORLDS = {
    "coverage": Coverage(items=7, universe=15, density=0.3, k=3),
    "coverage, budget": Coverage(items=7, universe=15, density=0.3, budget=1.5),
    "facility-location": FacilityLocation(items=7, users=9, k=2),
    "facility-location, budget": FacilityLocation(items=7, users=9, budget=1.3, offline="greedy-plus-max"),
    "songs": Songs(songs=7, users=9, budget=9.0),
    "songs, k": Songs(songs=7, users=9, k=2, offline="threshold-greedy"),
    "cut": Cut(items=7),
}
GRAPH = [[0, 1, 1.0], [1, 2, 2.0], [0, 2, 3.0], [2, 3, 4.0]]
few = settings(max_examples=40, deadline=None, derandomize=True)


def value_of(world, state, items):
    return world.value(state, np.array(sorted(items), int))


def within(family, items):
    """Whether a set may be played, counted by hand."""
    return len(items) <= family.size and sum(family.costs[i] for i in items) <= family.budget * (1 + 1e-9)


def sets_of(state):
    n = state.family.items
    every = itertools.chain.from_iterable(itertools.combinations(range(n), size) for size in range(n + 1))
    return [items for items in every if within(state.family, items)]


@few
@given(
    name=st.sampled_from(sorted(WORLDS)),
    seed=st.integers(0, 1000),
    large=st.sets(st.integers(0, 6)),
    left=st.sets(st.integers(0, 6)),
    item=st.integers(0, 6),
)
def test_an_item_adds_less_to_a_larger_set(name, seed, large, left, item):
    """Submodular; where the environment says so, monotone; in [0, 1], and 0 of no item."""
    world = WORLDS[name]
    state = replay.start_env(world, 10, seed)
    small, large = (large - left) - {item}, large - {item}
    f = lambda items: value_of(world, state, items)  # noqa: E731
    assert f(small | {item}) - f(small) >= f(large | {item}) - f(large) - 1e-12
    assert f(set()) == 0.0 and -1e-12 <= f(large) <= 1.0 + 1e-12
    if "monotone" in world.gives():
        assert f(large) >= f(small)
    else:
        assert f(set(range(7))) == 0.0
        assert f(large) == pytest.approx(f(set(range(7)) - large), abs=1e-12)


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("seed", range(3))
def test_benchmarks_are_those_of_all_sets_and_of_the_offline_algorithm(name, seed):
    world = WORLDS[name]
    state = replay.start_env(world, 10, seed)
    values = [value_of(world, state, items) for items in sets_of(state)]
    algorithm = world.algorithm()
    optimum, share, reached = state.benchmarks
    assert_allclose(optimum, max(values), rtol=1e-14)
    assert share == algorithm.ratio * optimum
    assert within(state.family, state.best) and value_of(world, state, state.best) == optimum
    assert_array_equal(world.facts(state)["best_set"], state.best)
    if name == "cut":
        one = [
            value_of(world, state, offline.solve(algorithm.search(state.family, np.random.default_rng(s)), f))
            for f in [lambda items: value_of(world, state, items)]
            for s in range(300)
        ]
        assert abs(np.mean(one) - reached) <= 4.5 * np.std(one) * math.sqrt(1 / 300 + 1 / 100)
    else:
        found = offline.solve(algorithm.search(state.family, None), lambda items: value_of(world, state, items))
        assert reached == pytest.approx(value_of(world, state, found), abs=1e-12)
        assert share - 1e-12 <= reached <= optimum


def test_values_by_hand():
    state = replay.start_env(Coverage(sets=[[1, 1, 0], [0, 1, 1]], weights=[1.0, 2.0, 5.0], k=1), 10, 0)
    assert [value_of(Coverage, state, s) for s in ([0], [1], [0, 1])] == [3 / 8, 7 / 8, 1.0]
    world = FacilityLocation(worth=[[0.2, 0.9, 0.4], [0.8, 0.1, 0.4]], k=2)
    state = replay.start_env(world, 10, 0)
    assert [value_of(world, state, s) for s in ([0], [1], [2], [0, 1])] == pytest.approx([0.5, 0.5, 0.4, 0.85])
    assert state.best.tolist() == [0, 1]
    world = Cut(edges=GRAPH)
    state = replay.start_env(world, 10, 0)
    assert [value_of(world, state, s) for s in ([0], [2], [0, 1], [2, 3])] == pytest.approx([0.4, 0.9, 0.5, 0.5])
    assert state.best.tolist() == [2]
    assert state.benchmarks[:2] == pytest.approx([0.9, 0.45])


def test_graphs_that_are_drawn():
    state = replay.start_env(Cut(items=40, density=0.3), 10, 0)
    ends, weights = state.data.ends, state.data.weights
    pairs = 40 * 39 / 2
    assert len({frozenset(edge) for edge in ends.tolist()}) == len(ends)
    assert (ends[:, 0] < ends[:, 1]).all() and weights.sum() == pytest.approx(1.0) and weights.min() > 0
    assert abs(len(ends) - 0.3 * pairs) < 4.5 * math.sqrt(0.21 * pairs)
    assert len(replay.start_env(Cut(items=4, density=0.0), 10, 0).data.weights) == 1


def test_songs_that_are_drawn():
    """A user's favourite is worth 1; the most popular song is the favourite most often; lengths are in minutes."""
    state = replay.start_env(Songs(songs=21, users=4000, plays=300), 10, 0)
    worth, costs = state.data.worth, state.family.costs
    assert_array_equal(worth.max(axis=1), 1.0)
    assert costs.min() >= 2.0 and costs.max() <= 6.0 and state.family.budget == 15.0
    favourite = np.bincount(worth.argmax(axis=1), minlength=21)
    shares = worth / worth.sum(axis=1, keepdims=True)
    spread = shares.std(axis=0) / math.sqrt(4000)
    ranked = np.argsort(-favourite)
    popularity = 1.0 / np.arange(1, 22) / sum(1.0 / np.arange(1, 22))
    assert (np.abs(np.sort(shares.mean(axis=0))[::-1][:4] - popularity[:4]) < 4.5 * spread[ranked[:4]]).all()
    given_costs = replay.start_env(Songs(songs=3, costs=[1.0, 2.0, 3.0], budget=4.0), 10, 0)
    assert given_costs.family.costs.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("name", ["coverage", "cut", "songs"])
def test_rewards_of_a_round_are_one_draw_for_all_sets(name):
    """So a set earns whenever one of a lower value does; and its share of rounds is its value."""
    state = replay.start_env(WORLDS[name], 10, 0)
    rewards = []
    for chance in (0.2, 0.5, 0.9):
        rounds = [WORLDS[name].pull(state, t, 1, None, chance, 0.0) for t in range(4000)]
        assert set(rounds) == {0.0, 1.0} and WORLDS[name].pull(state, 0, 4000, None, chance, 7.0) == sum(rounds) + 7
        assert abs(np.mean(rounds) - chance) < 4.5 * math.sqrt(chance * (1 - chance) / 4000)
        rewards.append(rounds)
    assert (np.diff(rewards, axis=0) >= 0).all()
    assert count_below(state.noise, 0, 10, 0.0) == 0 and count_below(state.noise, 0, 10, 1.0) == 10


def test_what_is_counted():
    assert WORLDS["coverage"].metrics() == ("regret", "alpha-regret", "offline-regret")
    assert WORLDS["coverage, budget"].metrics()[-1] == "violations"
    assert WORLDS["cut"].metrics() == ("regret", "alpha-regret", "offline-regret")
    many = Cut(items=21)
    assert many.metrics() == ("offline-regret",)
    state = replay.start_env(many, 10, 0)
    assert np.isnan(state.benchmarks[:2]).all() and 0 < state.benchmarks[2] < 1
    assert "best_set" not in many.facts(state)


def test_what_they_give():
    words = {"sized", "budgeted", "free", "monotone"}
    assert WORLDS["songs, k"].gives() & words == {"sized", "budgeted", "monotone"}
    assert WORLDS["songs"].gives() & words == {"budgeted", "monotone"}
    assert WORLDS["cut"].gives() & words == {"free"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.compiled) for name in ("facility-location", "songs", "cut")]
)
def test_they_keep_the_contracts(name):
    check_environment(WORLDS[name])


# --- mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        (Coverage, {"k": 12}, r"k: in 1 \.\. 11, fewer than the items; got 12"),
        (Coverage, {"k": 2, "budget": 1.0}, "k leaves nothing to budget: drop one of them"),
        (Coverage, {"costs": [1.0] * 12}, "costs: only with a budget"),
        (Coverage, {"costs": [1.0], "budget": 1.0}, "costs: 12, one an item; got 1"),
        (Coverage, {"costs": [1.0] * 12, "budget": 0.5}, "budget: finite, and at least the least cost, 1; got 0.5"),
        (Coverage, {"sets": [[1, 0], [1]]}, "sets: at least 2 rows of one length, an item each"),
        (Coverage, {"sets": [[1, 0], [1, 1]], "items": 3}, "sets leaves nothing to items: drop one of them"),
        (Coverage, {"weights": [1.0]}, "weights: 40, one an element; got 1"),
        (Coverage, {"offline": "gredy"}, "offline: no algorithm 'gredy'; did you mean 'greedy'"),
        (Coverage, {"offline": "randomized-usm"}, "offline: 'randomized-usm' needs free, which this .* does not give"),
        (Coverage, {"offline": "greedy", "budget": 2.0}, "offline: 'greedy' needs sized, which this .* does not give"),
        (FacilityLocation, {"worth": [[0.1, 0.2], [0.3]]}, "worth: rows of one length, .* of at least 2 items"),
        (FacilityLocation, {"worth": []}, "worth: rows of one length, a user each, of at least 2 items"),
        (FacilityLocation, {"worth": [[0.1, 0.2]], "users": 3}, "worth leaves nothing to users: drop one of them"),
        (FacilityLocation, {"items": 4, "k": 4}, r"k: in 1 \.\. 3, fewer than the items; got 4"),
        (Songs, {"k": 3, "budget": 9.0}, "k leaves nothing to budget: drop one of them"),
        (Songs, {"costs": [3.0]}, "costs: 20, one an item; got 1"),
        (Songs, {"budget": 5.5}, "budget: at least 6, the highest cost drawn; got 5.5"),
        (Cut, {"edges": GRAPH, "density": 0.1}, "edges leaves nothing to density: drop one of them"),
        (Cut, {"edges": GRAPH, "items": 3}, r"edges: nodes in 0 \.\. 2, got 3"),
        (Cut, {"edges": [[0, -1, 1.0]]}, r"edges: each is two different nodes and a weight, as .*; got \[0, -1, 1.0\]"),
        (Cut, {"edges": [[0, 1.5, 1.0]]}, r"edges: each is two different nodes and .*; got \[0, 1.5, 1.0\]"),
        (Cut, {"edges": [[2, 2, 1.0]]}, r"edges: each is two different nodes and a weight, as .*; got \[2, 2, 1.0\]"),
        (Cut, {"edges": [[0, 1]]}, r"edges: each is two different nodes and a weight, as .*; got \[0, 1\]"),
        (Cut, {"edges": [[0, 1, -2.0]]}, r"edges: weights of at least 0, got \[0, 1, -2.0\]"),
        (Cut, {"edges": [[0, 1, 0.0]]}, "edges: at least one of a weight above 0"),
        (Cut, {"edges": []}, "edges: at least one of a weight above 0"),
        (Cut, {"offline": "greedy"}, "offline: 'greedy' needs monotone, sized, which this .* does not give"),
    ],
)  # fmt: skip
def test_parameters_that_are_refused(kind, parameters, message):
    with pytest.raises(ValueError, match=message) as error:
        kind(**parameters)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("environment", "policy", "words"),
    [
        ({"kind": "cut"}, {"kind": "c-etc"}, "monotone, sized"),
        ({"kind": "cut"}, {"kind": "og-o"}, "budgeted, monotone"),
        ({"kind": "coverage"}, {"kind": "rgl"}, "free"),
        ({"kind": "coverage", "budget": 2.0}, {"kind": "etcg"}, "sized"),
        ({"kind": "songs"}, {"kind": "c-etc", "offline": "threshold-greedy"}, "sized"),
    ],
)
def test_policies_for_other_sets_or_functions_are_refused(environment, policy, words):
    with pytest.raises(
        UserError, match=f"needs {words}, which environment '{environment['kind']}' does not give"
    ) as error:
        reading.from_python(environment, [policy], horizon=10)
    assert "\n" not in str(error.value)
