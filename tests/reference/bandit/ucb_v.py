"""Twin of UCB-V: Audibert, Munos, Szepesvari 2009."""

import numpy as np

from tests.reference.worlds import BERNOULLI, GAUSSIAN, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 500, {}),
    (TABLE, 300, {}),
    (GAUSSIAN, 300, {"b": 3.0}),
    (BERNOULLI, 300, {"zeta": 0.5, "c": 0.2}),
    (TABLE, 300, {"zeta": 2.0, "c": 0.1, "b": 0.5}),
]


class UCBV:
    """At time t play the arm that maximises B_{k,s,t} = mean_{k,s} + sqrt(2 V_{k,s} E_{s,t} / s) + c 3 b E_{s,t} / s,
    where s are the plays up to time t - 1, V the empirical variance, E_{s,t} = zeta log t, and 1/0 = infinity."""

    def __init__(self, policy, problem, rng):
        self.policy, self.rewards = policy, [[] for _ in range(problem.arms)]

    def choose(self, t, features, rng, pick):
        for arm, rewards in enumerate(self.rewards):
            if not rewards:
                return arm
        exploration = self.policy.zeta * np.log(t + 1)
        s = np.array([len(rewards) for rewards in self.rewards])
        mean = np.array([np.mean(rewards) for rewards in self.rewards])
        variance = np.array([np.var(rewards) for rewards in self.rewards])
        width = self.policy.c * 3 * self.policy.b * exploration / s
        return pick(mean + np.sqrt(2 * variance * exploration / s) + width)

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
