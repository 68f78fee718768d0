"""Twins of the players that are told the best arm of the round."""


class Oracle:
    """Of the game `bandit`."""

    def __init__(self, policy, problem, rng):
        self.best = problem.best

    def choose(self, t, features, rng, pick):
        return int(self.best[0])

    def learn(self, t, features, arm, reward):
        pass


class OraclePair:
    """Of the game `dueling`."""

    def __init__(self, policy, problem, rng):
        self.best = problem.best

    def choose(self, t, features, rng, pick):
        return int(self.best[0]), int(self.best[0])

    def learn(self, t, features, first, second, won):
        pass
