"""Twin of AE-DPO's choice of duels for an ensemble of log-linear policies: theta itself, DPO's loss by its terms."""

import numpy as np
from scipy.special import expit, log_softmax

from banditlab.environments.active_dueling.log_linear import LogLinear
from tests.reference import draws
from tests.reference.kernels import draw_near

WORLD = LogLinear(contexts=5, actions=4, dim=3)

#: (environment, horizon, parameters)
CASES = [
    (WORLD, 60, {"batch": 5}),
    (WORLD, 60, {"batch": 5, "masks": "labels", "dropout": 0.5}),
    (WORLD, 60, {"batch": 8, "pool": 2, "ensemble": 2, "width": 0.0}),
    (WORLD, 60, {"batch": 1, "pool": 4, "gamma": 1.0, "rate": 2.0, "dropout": 0.4}),
    (LogLinear(contexts=2, actions=2, dim=2), 60, {"ensemble": 3}),
]


class AEDPO:
    def __init__(self, policy, problem, rng):
        self.policy, self.points = policy, problem.domain
        self.theta = np.zeros((policy.ensemble, problem.dim))
        self.queue = []

    def choose(self, t, features, rng, pick):
        if not self.queue:
            pool = [self.draw(rng) for _ in range(self.policy.pool * self.policy.batch)]
            for _ in range(self.policy.batch):
                self.queue.append(pool.pop(draw_near(rng, [score for score, _ in pool], 1e-8))[1])
        shape = (len(self.theta), 1 if self.policy.masks == "labels" else self.theta.shape[1])
        dropped = rng.random(shape) < self.policy.dropout
        self.masks = np.broadcast_to(np.where(dropped, 0, 1 / (1 - self.policy.dropout)), self.theta.shape)
        return self.queue[0]

    def draw(self, rng):
        """The score of a pair, and the pair."""
        contexts, arms, _ = self.points.shape
        context = draws.index(rng, contexts)
        pair = draws.pair(rng, arms)
        logs = log_softmax(self.theta @ self.points[context].T, axis=1)
        reference = -np.log(arms)
        mean, std = logs.mean(0)[list(pair)], logs.std(0, ddof=1)[list(pair)]
        high, low = mean + self.policy.width * std - reference, mean - self.policy.width * std - reference
        return high.max() - low.max(), (context, *pair)

    def learn(self, t, features, context, first, second, won):
        self.queue.pop(0)
        winner, loser = (first, second) if won else (second, first)
        gamma = self.policy.gamma
        for theta, mask in zip(self.theta, self.masks, strict=True):
            points = self.points[context] * mask
            logs = log_softmax(points @ theta)
            gradient = -gamma * expit(-gamma * (logs[winner] - logs[loser])) * (points[winner] - points[loser])
            theta -= self.policy.rate / gamma**2 * gradient

    def recommend(self, t):
        rewards = self.policy.gamma * (self.points @ self.theta.T).mean(2)
        return np.argmax(rewards >= rewards.max(1, keepdims=True) - 1e-8, axis=1)
