"""Twin of Versatile-DB: Saha and Gaillard 2022, with the Tsallis-INF of Zimmert and Seldin 2021, Algorithm 1."""

import numpy as np
from scipy import optimize

from tests.reference import draws
from tests.reference.dueling.rucb import PAIR
from tests.reference.worlds import CYCLE, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 400, {}),
    (CYCLE, 400, {"estimator": "reduced-variance"}),
    (PAIR, 300, {}),
    (PAIR, 300, {"estimator": "reduced-variance"}),
    (DUELS_STATIC, 300, {}),
]


class Player:
    """Tsallis-INF with power 1/2, on the history of its losses."""

    def __init__(self, arms, reduced):
        self.arms, self.reduced, self.estimates = arms, reduced, []

    def distribution(self, t):
        """argmin <w, L> - (4 / eta) sum sqrt(w): w = 4 / (eta (L - x))^2 with the x at which they sum to 1."""
        eta, losses = self.rate(t), np.sum([np.zeros(self.arms), *self.estimates], axis=0)
        low, high = losses.min() - 2 * np.sqrt(self.arms) / eta, losses.min() - 2 / eta

        def excess(x):
            return (4 / (eta * (losses - x)) ** 2).sum() - 1

        x = low if excess(low) >= 0 else optimize.brentq(excess, low, high, xtol=1e-14, rtol=1e-15)
        w = 4 / (eta * (losses - x)) ** 2
        return w / w.sum()

    def rate(self, t):
        return (4 if self.reduced else 2) / np.sqrt(t)

    def learn(self, t, arm, loss):
        w = self.distribution(t)
        base = 0.5 * (w >= self.rate(t) ** 2) if self.reduced else np.zeros(self.arms)
        played = np.arange(self.arms) == arm
        self.estimates.append(played * (loss - base) / w + base)


class VersatileDB:
    """The loss of each player is 1 where its arm lost the duel."""

    def __init__(self, policy, problem, rng):
        self.players = [Player(problem.arms, policy.estimator == "reduced-variance") for _ in range(2)]

    def choose(self, t, features, rng, pick):
        return tuple(draws.weighted(rng, player.distribution(t + 1)) for player in self.players)

    def learn(self, t, features, first, second, won):
        self.players[0].learn(t + 1, first, 1 - won)
        self.players[1].learn(t + 1, second, won)
