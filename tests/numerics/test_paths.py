"""Paths through a grid: what is one, the best one against all of them, and the law of one at random."""

import math
from collections import Counter

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from banditlab.numerics.families import listed
from banditlab.numerics.paths import best_path, draw_path, grid_paths, is_path

few = settings(max_examples=60, deadline=None, derandomize=True)
ROUND = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0])


@st.composite
def weighed(draw):
    paths = grid_paths(draw(st.integers(2, 5)))
    weights = draw(st.lists(ROUND | st.floats(-1, 1), min_size=paths.items, max_size=paths.items))
    return paths, np.array(weights)


def edges_of(side):
    """The edges by their numbers, as the module's docstring says: pairs of nodes (row, column)."""
    right = [((r, c), (r, c + 1)) for r in range(side) for c in range(side - 1)]
    return right + [((r, c), (r + 1, c)) for r in range(side - 1) for c in range(side)]


def found_by(kernel, family, *arguments):
    items = np.zeros(family.items, int)
    return items[: kernel(family, *arguments, items)]


@pytest.mark.parametrize("side", [2, 3, 4, 5])
def test_all_paths_of_a_grid(side):
    paths, edges = grid_paths(side), edges_of(side)
    found = list(listed(paths))
    assert len(found) == len(set(found)) == math.comb(2 * side - 2, side - 1)
    graph = networkx.DiGraph(edges)
    every = networkx.all_simple_edge_paths(graph, (0, 0), (side - 1, side - 1))
    assert {tuple(edges[i] for i in path) for path in found} == {tuple(path) for path in every}
    assert paths.items == len(edges)


@few
@given(weighed())
def test_the_best_path_is_the_best_of_all(instance):
    paths, weights = instance
    found = found_by(best_path, paths, weights)
    assert tuple(found) in set(listed(paths))
    best = max(math.fsum(weights[list(path)]) for path in listed(paths))
    assert math.fsum(weights[found]) == pytest.approx(best, abs=1e-12)


def test_equal_ways_lead_to_the_right():
    assert found_by(best_path, grid_paths(3), np.zeros(12)).tolist() == [0, 1, 8, 11]


@few
@given(st.integers(2, 3), st.integers(0, 10**6))
def test_only_paths_are_paths_in_any_order(side, seed):
    rng, paths = np.random.default_rng(seed), grid_paths(side)
    items = rng.integers(-1, paths.items + 1, 2 * side - 2)
    assert is_path(paths, items) == (tuple(sorted(items)) in {tuple(sorted(path)) for path in listed(paths)})
    found = rng.permutation(found_by(draw_path, paths, rng))
    assert is_path(paths, found)
    assert not is_path(paths, found[1:])
    assert not is_path(paths, np.append(found[1:], found[1]))
    assert not paths.taken.any()


def test_a_path_at_random_is_each_one_with_the_same_probability():
    paths, rng = grid_paths(4), np.random.default_rng(0)
    counts = Counter(tuple(found_by(draw_path, paths, rng)) for _ in range(4000))
    assert chisquare([counts[path] for path in listed(paths)]).pvalue > 1e-3


def test_a_grid_of_one_node_has_no_path():
    with pytest.raises(ValueError, match="grid: at least 2 nodes a side, got 1"):
        grid_paths(1)
