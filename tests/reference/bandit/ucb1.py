"""Twin of UCB1: Auer, Cesa-Bianchi, Fischer 2002, Figure 1."""

import numpy as np

from tests.reference.worlds import ADVERSARIAL, BERNOULLI, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (ADVERSARIAL, 400, {}),
    (TABLE, 300, {}),
]


class UCB1:
    """Initialization: play each machine once. Loop: the machine that maximises mean_j + sqrt(2 ln n / n_j),
    where n_j is how often machine j was played, and n the overall number of plays done so far."""

    def __init__(self, policy, problem, rng):
        self.rewards = [[] for _ in range(problem.arms)]

    def choose(self, t, features, rng, pick):
        if t < len(self.rewards):
            return t
        plays = np.array([len(rewards) for rewards in self.rewards])
        means = np.array([np.mean(rewards) for rewards in self.rewards])
        return pick(means + np.sqrt(2 * np.log(plays.sum()) / plays))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
