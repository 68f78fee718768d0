"""Twins of fixed play."""


class Fixed:
    """Of the game `bandit`."""

    def __init__(self, policy, problem, rng):
        self.arm = policy.arm

    def choose(self, t, features, rng, pick):
        return self.arm

    def learn(self, t, features, arm, reward):
        pass


class FixedPair:
    """Of the game `dueling`."""

    def __init__(self, policy, problem, rng):
        self.pair = policy.first, policy.second

    def choose(self, t, features, rng, pick):
        return self.pair

    def learn(self, t, features, first, second, won):
        pass
