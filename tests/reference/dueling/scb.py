"""Twin of SCB: Zoghi, Karnin, Whiteson, de Rijke 2015, Algorithms 2, 3 and 4."""

import numpy as np
from scipy import optimize, special

from banditlab.environments.dueling.matrix import Matrix
from tests.reference import draws
from tests.reference.dueling.ccb import CLEAR, LOOPS
from tests.reference.worlds import CYCLE, DUELS_STATIC

#: an order without doubt
SURE = Matrix([[0.5 if i == j else float(i < j) for j in range(9)] for i in range(9)])

#: (environment, horizon, parameters); phases end after 4, 20, 276 rounds
CASES = [
    (CYCLE, 500, {}),
    (CLEAR, 500, {}),
    (LOOPS, 500, {}),
    (SURE, 500, {}),
    (DUELS_STATIC, 400, {}),
    (Matrix([[0.5, 1.0], [0.0, 0.5]]), 400, {}),
    (Matrix([[0.5, 0.8, 0.9], [0.2, 0.5, 0.9], [0.1, 0.1, 0.5]]), 500, {}),
]


def divergence(p, q):
    return special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)


def interval(mean, level):
    """All q of divergence up to the level from the mean."""
    low, high = 0.0, 1.0
    if divergence(mean, 1e-300) > level:
        low = optimize.brentq(lambda q: divergence(mean, q) - level, 1e-300, mean, xtol=1e-15)
    if mean < 1 and divergence(mean, 1 - 1e-16) > level:
        high = optimize.brentq(lambda q: divergence(mean, q) - level, mean, 1 - 1e-16, xtol=1e-15)
    return low, high


class SCB:
    """The paper's loops as a generator: it yields a pair and is sent whether the first arm won."""

    def __init__(self, policy, problem, rng):
        self.arms, self.rng = range(problem.arms), rng
        self.play, self.won = self.phases(), None

    def phases(self):
        """Algorithm 3."""
        r = 1
        while True:
            left = 2 ** (2**r)
            search, won, winner = self.search(np.log(left) / left), None, None
            while left > 0 and winner is None:
                try:
                    won = yield search.send(won)
                    left -= 1
                except StopIteration as over:
                    winner = over.value
            for _ in range(left):
                yield winner, winner
            r += 1

    def search(self, delta):
        """Algorithm 4 with the rewards of Algorithm 2."""
        arms = len(self.arms)
        s, rewards, beats = list(self.arms), {i: [] for i in self.arms}, {}
        t = 0
        while True:
            for i in list(s):
                if all((i, j) in beats for i in s for j in self.arms if i != j):
                    return max(s, key=lambda i: sum(beats[i, j] for j in self.arms if i != j))
                j = [j for j in self.arms if j != i][draws.index(self.rng, arms - 1)]
                if (i, j) not in beats:
                    outcomes = []
                    while not self.certain(outcomes, delta):
                        outcomes.append((yield i, j))
                    beats[i, j] = np.mean(outcomes) > 0.5
                    beats[j, i] = not beats[i, j]
                rewards[i].append(beats[i, j])
            t += 1
            if t >= 2:
                level = (np.log(4 * t * arms / delta) + 2 * np.log(np.log(t))) / t
                bounds = {i: interval(np.mean(rewards[i]), level) for i in s}
                s = [i for i in s if bounds[i][1] >= max(low for low, _ in bounds.values())]
                if len(s) == 1:
                    return s[0]

    def certain(self, outcomes, delta):
        n = len(outcomes)
        if n < 2:
            return False
        bound = np.log(4 * n * len(self.arms) ** 2 / delta) + 2 * np.log(np.log(n))
        return n * divergence(np.mean(outcomes), 0.5) > bound

    def choose(self, t, features, rng, pick):
        return self.play.send(self.won)

    def learn(self, t, features, first, second, won):
        self.won = won
