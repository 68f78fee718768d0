"""Twin of Thompson sampling for cascades (Zhong, Cheung, Tan 2021)."""

from tests.reference.combinatorial_worlds import LIST, best_set, list_worth, seen
from tests.reference.draws import beta

CASES = [(LIST, 300, {})]


class CascadeTS:
    def __init__(self, policy, problem, rng):
        self.family = problem.family
        self.values = [[] for _ in range(problem.items)]

    def choose(self, t, features, rng, pick):
        draws = [beta(rng, 1 + sum(found), 1 + len(found) - sum(found)) for found in self.values]
        return pick(best_set(self.family, draws), list_worth(draws))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.values[part].append(value)
