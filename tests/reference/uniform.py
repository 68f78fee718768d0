"""Twins of uniform play."""

from tests.reference import draws


class Uniform:
    """Of the game `bandit`."""

    def __init__(self, policy, problem, rng):
        self.arms = problem.arms

    def choose(self, t, features, rng, pick):
        return draws.index(rng, self.arms)

    def learn(self, t, features, arm, reward):
        pass


class UniformPair:
    """Of the game `dueling`."""

    def __init__(self, policy, problem, rng):
        self.arms = problem.arms

    def choose(self, t, features, rng, pick):
        return draws.pair(rng, self.arms)

    def learn(self, t, features, first, second, won):
        pass
