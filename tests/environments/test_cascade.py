"""Cascades: what is drawn, what is seen of it, and every mistake."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from banditlab.checks import check_environment, replay
from banditlab.environments.combinatorial.cascade import Cascade
from banditlab.games.combinatorial import SEEN
from banditlab.numerics.families import listed

CHANCES = [0.3, 0.1, 0.6, 0.2, 0.5]
WORLD = Cascade(attraction=CHANCES, k=3)


def begin(world=WORLD, seed=0):
    return replay.start_env(world, 1000, seed)


def play(env, t, items):
    """The reward of a round, and the parts that are seen with their values."""
    reward = Cascade.pull(env, t, 1, np.array(items), 0.0, 0.0)
    seen = env.room.block[SEEN]
    return reward, dict(zip(env.room.parts[:seen].tolist(), env.room.values[:seen].tolist(), strict=True))


def test_a_user_sees_the_list_down_to_the_first_attractive_item():
    env = begin()
    ends = set()
    for t in range(60):
        # lists of one item show what each is worth in this round
        alone = [play(env, t, [item])[0] for item in range(5)]
        for items in itertools.permutations(range(5), 3):
            worth = [alone[item] for item in items]
            end = worth.index(1.0) + 1 if 1.0 in worth else 3
            reward, seen = play(env, t, items)
            assert reward == max(worth)
            assert list(seen.items()) == list(zip(items[:end], worth[:end], strict=True))
            ends.add((end, reward))
    assert ends == {(1, 1.0), (2, 1.0), (3, 1.0), (3, 0.0)}


def test_items_are_attractive_as_often_as_they_should_be_and_independently():
    env = begin()
    drawn = np.array([[play(env, t, [item])[0] for item in range(5)] for t in range(4000)])
    spread = np.sqrt(np.array(CHANCES) * (1 - np.array(CHANCES)) / 4000)
    assert (np.abs(drawn.mean(0) - CHANCES) < 4 * spread).all()
    assert np.abs(np.corrcoef(drawn.T) - np.eye(5)).max() < 4 / np.sqrt(4000)


def test_expected_rewards_are_those_of_the_draws_and_of_any_order():
    env = begin()
    for items in listed(env.family):
        expected = 1 - np.prod([1 - CHANCES[item] for item in items])
        for order in itertools.permutations(items):
            assert_allclose(Cascade.value(env, np.array(order)), expected, rtol=1e-14)
        mean = Cascade.pull(env, 0, 3000, np.array(items), 0.0, 0.0) / 3000
        assert abs(mean - expected) < 4 * np.sqrt(expected * (1 - expected) / 3000)


def test_several_rounds_are_the_sum_of_each():
    env, items = begin(), np.array([1, 3, 0])
    total = Cascade.pull(env, 7, 40, items, 0.0, 2.0)
    assert total == 2.0 + sum(play(env, t, items)[0] for t in range(7, 47))


def test_the_best_list_has_the_largest_value_most_attractive_first():
    env = begin()
    assert_array_equal(env.best, [2, 4, 0])
    assert_array_equal(env.benchmarks, Cascade.value(env, env.best))
    assert max(listed(env.family), key=lambda items: Cascade.value(env, np.array(items))) == (0, 2, 4)
    items = np.zeros(5, int)
    assert Cascade.maximise(env.family, np.array([0.2, 0.7, 0.1, 0.7, 0.9]), items) == 3
    assert_array_equal(items[:3], [4, 1, 3])


def test_the_value_is_monotone_and_submodular_as_is_said():
    env = begin()
    value = {
        items: Cascade.value(env, np.array(items, int))
        for size in range(6)
        for items in itertools.combinations(range(5), size)
    }
    for small, large in itertools.product(value, value):
        if set(small) <= set(large):
            for item in set(range(5)) - set(large):
                gains = [value[tuple(sorted({*items, item}))] - value[items] for items in (small, large)]
                assert gains[0] >= gains[1] - 1e-15 and gains[1] >= -1e-15


@pytest.mark.parametrize("shuffled", [False, True])
def test_the_family_of_the_paper(shuffled):
    world = Cascade(items=16, k=4, p=0.2, gap=0.075, shuffled=shuffled)
    places = []
    for seed in range(20):
        chances = begin(world, seed).data.chances
        assert_allclose(np.sort(chances), [0.125] * 12 + [0.2] * 4)
        places.append(tuple(np.flatnonzero(chances == 0.2).tolist()))
    assert (len(set(places)) > 15) if shuffled else set(places) == {(0, 1, 2, 3)}
    assert begin(world).benchmarks[0] == pytest.approx(1 - 0.8**4, rel=1e-14)


def test_contracts():
    check_environment(WORLD)
    assert not WORLD.gives() & {"sums"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"attraction": [0.1, 0.2], "gap": 0.1}, "attraction leaves nothing to gap: drop one of them"),
        ({"attraction": [0.1, 0.2, 0.3], "items": 3}, "attraction leaves nothing to items"),
        ({"gap": 0.3}, "gap: at most p, 0.2; got 0.3"),
        ({"k": 16}, r"k: in 1 .. 15, fewer than the items; got 16"),
        ({"attraction": [0.1, 0.2], "k": 2}, r"k: in 1 .. 1, .*; got 2"),
    ],
)
def test_parameters_that_are_refused(parameters, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Cascade(**parameters)
