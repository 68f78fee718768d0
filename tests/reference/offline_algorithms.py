"""Offline algorithms as their papers have them: functions that ask for values, `ask(list) -> float`, and return a set.

For policies that answer by playing, `Asked` runs such a function from its beginning, on the answers that there are.
"""

import itertools
import math


def costs_of(family):
    """Costs, and the budget with what rounding may add; of sets of at most k items, costs of 1 and k."""
    if math.isinf(family.budget):
        return [1.0] * len(family.costs), family.size
    return list(family.costs), family.budget * (1 + 1e-9)


def first_best(pairs):
    """The second entry of the pair with the largest first one; the first of several."""
    best = None
    for pair in pairs:
        if best is None or pair[0] > best[0]:
            best = pair
    return best[1]


def greedy(ask, family, rng, epsilon=None):
    found = []
    for _ in range(family.size):
        found = found + [first_best([(ask([*found, a]), a) for a in range(len(family.costs)) if a not in found])]
    return found


def threshold_greedy(ask, family, rng, epsilon=None):
    epsilon, n = epsilon or 0.1, len(family.costs)
    value = {(a,): ask([a]) for a in range(n)}
    found, d = [], max(value.values())
    assert d > 0, "a case with more rewards is needed"
    w = d
    while w >= epsilon / n * d and len(found) < family.size:
        for a in range(n):
            if a in found or len(found) == family.size:
                continue
            answer = ask([*found, a]) if found else value[a,]
            if answer - (value[tuple(found)] if found else 0.0) >= w:
                found = [*found, a]
                value[tuple(found)] = answer
        w *= 1 - epsilon
    return found


def fill(ask, family, found, worth):
    """Density greedy: the set, its answer, and all sets asked for, step by step."""
    costs, budget = costs_of(family)
    steps = []
    while True:
        spent = sum(costs[a] for a in found)
        left = [a for a in range(len(costs)) if a not in found and spent + costs[a] <= budget]
        if not left:
            return found, worth, steps
        answers = {a: ask([*found, a]) for a in left}
        steps.append([(answers[a], [*found, a]) for a in left])
        a = first_best([((answers[a] - worth) / costs[a], a) for a in left])
        found, worth = [*found, a], answers[a]


def greedy_plus(ask, family, rng, epsilon=None):
    found, worth, steps = fill(ask, family, [], 0.0)
    return first_best([(worth, found), *steps[0]])


def greedy_plus_max(ask, family, rng, epsilon=None):
    found, worth, steps = fill(ask, family, [], 0.0)
    return first_best([(worth, found), *itertools.chain(*steps)])


def partial_enumeration(ask, family, rng, epsilon=None):
    costs, budget = costs_of(family)
    tried = []
    for size in (1, 2, 3):
        for seed in itertools.combinations(range(len(costs)), size):
            if sum(costs[a] for a in seed) <= budget:
                found, worth = list(seed), ask(list(seed))
                if size == 3:
                    found, worth, _ = fill(ask, family, found, worth)
                tried.append((worth, found))
    return first_best(tried)


def randomized_usm(ask, family, rng, epsilon=None):
    x, y = [], list(range(len(family.costs)))
    for u in range(len(family.costs)):
        y_without = [v for v in y if v != u]
        a = max(ask([*x, u]) - ask(x), 0.0)
        b = -ask(y)
        b = max(b + ask(y_without), 0.0)
        p = 1.0 if a == b == 0 else a / (a + b)
        if rng() < p:
            x = [*x, u]
        else:
            y = y_without
    return x


class Unanswered(Exception):
    """The set that must be played next."""


class Asked:
    """A search that is begun again, with the same coins, for each new answer."""

    def __init__(self, name, family, rng, epsilon=None):
        self.algorithm = globals()[name.replace("-", "_")]
        self.family, self.rng, self.epsilon = family, rng, epsilon
        self.answers, self.coins, self.known = [], [], {}

    def next(self, memo=False):
        """(set to play, whether it is what was found)."""
        answers, coins = iter(self.answers), iter(self.coins)

        def ask(items):
            if memo and frozenset(items) in self.known:
                return self.known[frozenset(items)]
            for answer in answers:
                self.known[frozenset(items)] = answer
                return answer
            raise Unanswered(items)

        def coin():
            for old in coins:
                return old
            self.coins.append(self.rng.random())
            return self.coins[-1]

        self.known = {}
        try:
            return self.algorithm(ask, self.family, coin, self.epsilon), True
        except Unanswered as question:
            return list(question.args[0]), False
