"""Explore then commit, as C-ETC, ETCG and RGL do: m plays of each set that is asked for, then the one found."""

import numpy as np

from tests.reference.offline_algorithms import Asked


class ExploreThenCommit:
    def explore(self, problem, rng, name, m, epsilon=None, memo=False):
        """Begin a search."""
        self.search, self.m, self.memo = Asked(name, problem.family, rng, epsilon), m, memo
        self.rewards, (self.items, self.committed) = [], self.search.next(memo)

    def choose(self, t, features, rng, pick):
        if not self.committed and len(self.rewards) == self.m:
            self.search.answers.append(np.mean(self.rewards))
            self.rewards, (self.items, self.committed) = [], self.search.next(self.memo)
        return self.items

    def learn(self, t, features, items, outcome):
        self.rewards.append(outcome[0])
