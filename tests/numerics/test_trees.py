"""Spanning trees: what is one, the best one against networkx's, all of them by Kirchhoff's theorem."""

import itertools
import math

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banditlab.numerics.families import listed
from banditlab.numerics.trees import best_tree, draw_tree, is_tree, spanning_trees

few = settings(max_examples=60, deadline=None, derandomize=True)
ROUND = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0])
SQUARE = [[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]]


def found_by(kernel, family, *arguments):
    items = np.zeros(family.items, int)
    return items[: kernel(family, *arguments, items)]


@st.composite
def graphs(draw, most=8):
    """A connected graph: a random tree, and other edges; in random order."""
    nodes, rng = draw(st.integers(3, most)), np.random.default_rng(draw(st.integers(0, 10**6)))
    graph = networkx.random_labeled_tree(nodes, seed=int(rng.integers(2**32)))
    graph.add_edges_from(pair for pair in itertools.combinations(range(nodes), 2) if rng.random() < 0.4)
    return spanning_trees(rng.permutation(np.array(graph.edges)).tolist())


def as_graph(family, weights=None):
    graph = networkx.Graph()
    for i, (one, other) in enumerate(family.ends.tolist()):
        graph.add_edge(one, other, weight=1.0 if weights is None else weights[i])
    return graph


@few
@given(graphs(), st.data())
def test_the_best_tree_is_that_of_networkx(family, data):
    for _ in range(2):  # the second time from the order of the first
        weights = np.array(data.draw(st.lists(ROUND | st.floats(-1, 1), min_size=family.items, max_size=family.items)))
        found = found_by(best_tree, family, weights)
        assert networkx.is_tree(networkx.Graph(family.ends[found].tolist()))
        best = networkx.maximum_spanning_tree(as_graph(family, weights)).size("weight")
        assert math.fsum(weights[found]) == pytest.approx(best, abs=1e-12)
        in_order = sorted(range(family.items), key=lambda edge: (-weights[edge], edge))
        assert [edge for edge in in_order if edge in found] == found.tolist()


def test_equal_edges_come_by_their_index():
    family = spanning_trees(SQUARE)
    assert found_by(best_tree, family, np.arange(5.0)).tolist() == [4, 3, 1]
    assert found_by(best_tree, family, np.ones(5)).tolist() == [0, 1, 2]


@few
@given(graphs(most=6))
def test_there_are_as_many_trees_as_kirchhoff_counts(family):
    found = list(listed(family))
    assert found == sorted(set(found))
    count = networkx.number_of_spanning_trees(as_graph(family))
    assert len(found) == round(count)
    assert all(networkx.is_tree(networkx.Graph(family.ends[list(tree)].tolist())) for tree in found)


def test_the_first_trees_of_a_large_graph_come_at_once():
    family = spanning_trees(sorted(networkx.convert_node_labels_to_integers(networkx.grid_graph((5, 5))).edges))
    found = list(itertools.islice(listed(family), 200))
    assert all(is_tree(family, np.array(tree)) for tree in found)


@few
@given(graphs(most=4), st.integers(0, 10**6))
def test_only_trees_are_trees_in_any_order(family, seed):
    rng = np.random.default_rng(seed)
    items = rng.integers(-1, family.items + 1, len(family.parents) - 1)
    assert is_tree(family, items) == (tuple(sorted(items)) in set(listed(family)))
    found = rng.permutation(found_by(draw_tree, family, rng))
    assert is_tree(family, found)
    assert not is_tree(family, found[1:])
    assert not is_tree(family, np.append(found[1:], found[-1]))


def test_every_tree_comes_up_at_random():
    family, rng = spanning_trees(SQUARE), np.random.default_rng(0)
    assert {tuple(sorted(found_by(draw_tree, family, rng))) for _ in range(300)} == set(listed(family))


WRONG = {
    "edges: two different nodes 0, 1, ... each; got [1, 1]": [[0, 1], [1, 1]],
    "edges: two different nodes 0, 1, ... each; got [0, 1, 2]": [[0, 1, 2], [1, 2]],
    "edges: two different nodes 0, 1, ... each; got [-1, 2]": [[0, 1], [-1, 2]],
    "edges: all different, got [0, 1] twice": [[0, 1], [1, 2], [1, 0]],
    "edges: at least 2, got 1": [[0, 1]],
    "edges: should connect all nodes 0 .. 4, but none leads from 0 to 2": [[0, 1], [2, 3], [3, 4]],
    "edges: should connect all nodes 0 .. 7, but none leads from 0 to 3": [[0, 1], [1, 2], [2, 7]],
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_no_connected_graph_is_refused(line):
    with pytest.raises(ValueError) as error:
        spanning_trees(WRONG[line])
    assert str(error.value) == line
