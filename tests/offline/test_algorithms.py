"""Offline algorithms: their ratio, their sensitivity to wrong answers, what they ask for, and every mistake."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from banditlab import offline
from banditlab.numerics import families
from banditlab.policies.exploration import Exploration
from tests.reference import offline_algorithms

few = settings(max_examples=120, deadline=None, derandomize=True)
SIZED = ("greedy", "threshold-greedy")
BUDGETED = ("greedy-plus", "greedy-plus-max", "partial-enumeration")
NAMES = (*SIZED, *BUDGETED, "randomized-usm")


class Instance(NamedTuple):
    """A family of sets, and the values of all sets of its items."""

    family: families.Family
    values: dict[frozenset[int], float]

    def value(self, items):
        return self.values[frozenset(map(int, items))]

    @property
    def optimum(self):
        return max(self.value(items) for items in self.sets())

    def sets(self):
        return [items for items in subsets(self.family.items) if allowed(self.family, items)]


def subsets(n):
    return itertools.chain.from_iterable(itertools.combinations(range(n), size) for size in range(n + 1))


def allowed(family, items):
    """Whether a list is a set of the family, counted by hand."""
    spent = sum(family.costs[item] for item in items)
    return len(set(items)) == len(items) <= family.size and spent <= family.budget * (1 + 1e-9)


def covered(n, rng):
    """Values of weighted coverage."""
    covers, weights = rng.random((n, 9)) < 0.3, rng.random(9) ** 4
    return {
        frozenset(items): float(weights[covers[list(items)].any(axis=0)].sum() / weights.sum()) for items in subsets(n)
    }


def cut(n, rng):
    """Values of a cut; not monotone."""
    weights = np.triu(rng.random((n, n)) * (rng.random((n, n)) < 0.7), 1)
    weights += weights.T
    inside = {items: np.isin(np.arange(n), items) for items in subsets(n)}
    return {frozenset(items): float(weights[one][:, ~one].sum()) / n for items, one in inside.items()}


@st.composite
def instances(draw, name):
    n, rng = draw(st.integers(3, 6)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if name == "randomized-usm":
        return Instance(families.free(n), cut(n, rng))
    if name in SIZED or (n < 6 and draw(st.booleans())):  # which is a budget too
        return Instance(families.sized(n, draw(st.integers(1, n - 1))), covered(n, rng))
    costs = rng.choice([0.05, 0.2, 0.6, 1.0], n)
    return Instance(families.budgeted(costs, max(costs.min(), draw(st.integers(1, 12)) / 5.0)), covered(n, rng))


CASES = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), instances(name)))


def searched(name, instance, value, seed=0, **parameters):
    """(what was found, all that was asked for)."""
    asked, algorithm = [], offline.make(name, **parameters)

    def answer(items):
        asked.append(list(items))
        return value(items)

    return offline.solve(algorithm.search(instance.family, np.random.default_rng(seed)), answer), asked


def wrong_answers(instance, error, seed):
    """Answers that are off by an error, the same each time: at random; or good sets seem worse, and bad ones better."""
    rng = np.random.default_rng(seed)
    signs = {items: rng.choice([-1.0, 1.0]) for items in instance.values}
    middle = np.median(list(instance.values.values()))
    yield lambda items: instance.value(items) + error * signs[frozenset(map(int, items))]
    yield lambda items: instance.value(items) - error * np.sign(instance.value(items) - middle)


def found_value(name, instance, answer):
    """The true value of what is found; of an algorithm that draws, the mean and what it may be off."""
    if name != "randomized-usm":
        return instance.value(searched(name, instance, answer)[0]), 1e-12
    values = [instance.value(searched(name, instance, answer, seed)[0]) for seed in range(60)]
    return np.mean(values), 4.5 * np.std(values) / math.sqrt(60) + 1e-12


def test_these_are_there():
    assert set(NAMES) <= offline.algorithms().keys()


@few
@given(case=CASES)
def test_the_ratio_holds_of_the_true_values(case):
    name, instance = case
    worth, margin = found_value(name, instance, instance.value)
    assert worth >= offline.make(name).ratio * instance.optimum - margin


@few
@given(case=CASES, error=st.sampled_from([0.003, 0.02, 0.1]), seed=st.integers(0, 1000))
def test_wrong_answers_cost_no_more_than_the_sensitivity_says(case, error, seed):
    name, instance = case
    algorithm = offline.make(name)
    for answer in wrong_answers(instance, error, seed):
        worth, margin = found_value(name, instance, answer)
        least = algorithm.ratio * instance.optimum - algorithm.sensitivity(instance.family) * error
        assert worth >= least - margin


@few
@given(case=CASES, seed=st.integers(0, 1000))
def test_questions_are_sets_that_may_be_played_and_no_more_than_said(case, seed):
    name, instance = case
    for answer in (instance.value, *wrong_answers(instance, 0.3, seed)):
        found, asked = searched(name, instance, answer)
        assert all(allowed(instance.family, items) for items in [*asked, found])
        assert len(asked) <= offline.make(name).queries(instance.family)


@few
@given(case=CASES, seed=st.integers(0, 1000))
def test_they_find_what_their_papers_say(case, seed):
    """The same questions and the same set as of a second version."""
    name, instance = case
    for answer in (instance.value, *wrong_answers(instance, 0.1, seed)):
        found, asked = searched(name, instance, answer, seed)
        again, coins = [], np.random.default_rng(seed)

        def ask(items, answer=answer, again=again):
            again.append(list(items))
            return answer(items)

        twin = getattr(offline_algorithms, name.replace("-", "_"))
        assert found == list(twin(ask, instance.family, coins.random))
        assert asked == again


@few
@given(case=CASES, seed=st.integers(0, 1000), memo=st.booleans())
def test_exploration_with_exact_answers_commits_to_the_offline_set(case, seed, memo):
    name, instance = case
    found, asked = searched(name, instance, instance.value, seed)
    algorithm, rng = offline.make(name), np.random.default_rng(seed)
    under_way = Exploration(lambda: algorithm.search(instance.family, rng), lambda T: 5, 10**6, memo=memo)
    played = []
    while not under_way.committed:
        assert under_way.left == 5
        played.append(under_way.items)
        under_way.learn(2, 2 * instance.value(under_way.items))
        under_way.learn(3, 3 * instance.value(under_way.items))
    assert under_way.items == found
    assert under_way.left == 10**6 - 5 * len(played)
    known = []
    kept = [items for items in asked if not (memo and set(items) in known) and known.append(set(items)) is None]
    assert played == kept


def test_the_number_of_questions_by_hand():
    rng = np.random.default_rng(0)
    sized = Instance(families.sized(6, 3), covered(6, rng))
    assert len(searched("greedy", sized, sized.value)[1]) == 6 + 5 + 4
    assert len(searched("greedy-plus", sized, sized.value)[1]) == 6 + 5 + 4
    assert offline.make("greedy").queries(sized.family) == offline.make("greedy-plus-max").queries(sized.family) == 18
    assert offline.make("partial-enumeration").queries(sized.family) == 3 * 6**4
    assert len(searched("partial-enumeration", sized, sized.value)[1]) == 6 + 15 + 20
    free = Instance(families.free(6), cut(6, rng))
    assert (
        len(searched("randomized-usm", free, free.value)[1])
        == 24
        == offline.make("randomized-usm").queries(free.family)
    )
    # thresholds d, d / 2, d / 4, d / 8: the next one is below 0.5 d / 6
    assert offline.make("threshold-greedy", epsilon=0.5).queries(sized.family) == 6 + 4 * 5
    nothing = Instance(sized.family, dict.fromkeys(sized.values, 0.0))
    assert searched("threshold-greedy", nothing, nothing.value)[0] == [0, 1, 2]


def test_sensitivities_by_hand():
    """beta = 3 / 0.4 = 7.5, and at most 5 of 5 items, or at most 7 of 9."""
    for n, most in ((5, 5), (9, 7)):
        family = families.budgeted([0.4, *[1.0] * (n - 1)], 3.0)
        expected = {
            "greedy-plus": 2 + most + 7.5,
            "greedy-plus-max": 0.5 + most + 15,
            "partial-enumeration": 4 + 2 * most + 15,
        }
        for name, sensitivity in expected.items():
            assert offline.make(name).sensitivity(family) == pytest.approx(sensitivity)
        assert offline.make("greedy-plus").queries(family) == most * n
    family = families.sized(9, 4)
    assert offline.make("greedy").sensitivity(family) == 8
    assert offline.make("threshold-greedy").sensitivity(family) == pytest.approx(2 * 1.9 * 4)
    assert offline.make("greedy-plus").sensitivity(family) == 2 + 4 + 4
    assert offline.make("randomized-usm").sensitivity(families.free(9)) == 22.5
    thirds = families.budgeted([0.4, 0.4, 0.4], 1.2)  # 1.2 / 0.4 is below 3
    assert offline.make("greedy-plus").queries(thirds) == 9
    assert allowed(thirds, [0, 1, 2])


def test_a_dense_item_does_not_keep_out_a_better_one():
    """By density alone item 0 comes first, and item 1 does not fit any more."""
    values = {frozenset(s): 0.02 * (0 in s) + 0.9 * (1 in s) for s in subsets(2)}
    instance = Instance(families.budgeted([0.01, 1.0], 1.0), values)
    for name in BUDGETED:
        assert searched(name, instance, instance.value)[0] == [1]


def test_greedy_plus_max_takes_a_set_from_the_way():
    """After item 0 the densest is 1, then 3 does not fit; greedy-plus-max keeps 0 and 3."""
    value = {0: 0.3, 1: 0.21, 2: 0.1, 3: 0.5}
    values = {frozenset(s): sum(value[i] for i in s) / 1.2 for s in subsets(4)}
    instance = Instance(families.budgeted([0.1, 0.3, 0.6, 0.9], 1.0), values)
    assert searched("greedy-plus", instance, instance.value)[0] == [0, 1, 2]
    assert searched("greedy-plus-max", instance, instance.value)[0] == [0, 3]
    assert sorted(searched("partial-enumeration", instance, instance.value)[0]) == [0, 3]


def test_expected_value_of_one_that_draws():
    """The edge between two nodes is always cut."""
    rng, algorithm = np.random.default_rng(1), offline.make("randomized-usm")
    instance = Instance(families.free(2), {frozenset(s): float(len(s) == 1) for s in subsets(2)})
    assert offline.expected(algorithm, instance.family, rng, instance.value) == 1.0
    instance = Instance(families.free(5), cut(5, rng))
    values = [instance.value(searched("randomized-usm", instance, instance.value, seed)[0]) for seed in range(400)]
    spread = np.std(values) * math.sqrt(1 / 400 + 1 / offline.SEARCHES)
    assert abs(offline.expected(algorithm, instance.family, rng, instance.value) - np.mean(values)) <= 4.5 * spread


def test_mistakes():
    with pytest.raises(ValueError, match="no algorithm 'gredy'; did you mean 'greedy'"):
        offline.make("gredy")
    with pytest.raises(ValueError, match="epsilon: not of the offline algorithm 'greedy'"):
        offline.make("greedy", epsilon=0.1)
    with pytest.raises(ValueError, match="epsilon: below 1 - 1/e, the ratio of greedy; got 0.7"):
        offline.make("threshold-greedy", epsilon=0.7)
    with pytest.raises(ValueError, match="partial-enumeration: for at most 12 items, got 13"):
        next(offline.make("partial-enumeration").search(families.sized(13, 2), None))
