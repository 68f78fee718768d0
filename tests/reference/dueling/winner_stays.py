"""Twin of Winner Stays: Chen and Frazier 2017, Algorithms 1 (WS-W) and 2 (WS-S)."""

import numpy as np

from banditlab.environments.dueling.matrix import Matrix
from tests.reference import draws
from tests.reference.worlds import CYCLE, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 400, {}),
    (DUELS_STATIC, 400, {}),
    (Matrix([[0.5, 0.6], [0.4, 0.5]]), 200, {}),
    (CYCLE, 400, {"version": "strong"}),
    (CYCLE, 400, {"version": "strong", "beta": 1.3}),
    (DUELS_STATIC, 400, {"version": "strong", "beta": 1.1}),
    (Matrix([[0.5, 0.9], [0.1, 0.5]]), 200, {"version": "strong"}),
]


class WinnerStays:
    def __init__(self, policy, problem, rng):
        self.policy, self.arms = policy, problem.arms
        self.duels = []  # (winner, loser) of WS-W, in order
        self.last = ()  # the pair of WS-W before
        self.block = []  # what is left of an exploitation phase
        self.rounds = 0  # rounds of WS-W that are over

    def scores(self):
        """C(t, i) = sum over j of q_ij - q_ji."""
        q = np.zeros((self.arms, self.arms), int)
        for pair in self.duels:
            q[pair] += 1
        return q.sum(1) - q.sum(0)

    def top(self, scores, arms, rng):
        best = [k for k in arms if scores[k] == max(scores[k] for k in arms)]
        for arm in self.last:  # i_{t-1} before j_{t-1}
            if arm in best:
                return arm
        return best[draws.index(rng, len(best))]

    def choose(self, t, features, rng, pick):
        if self.block:
            return self.block[0]
        scores, arms = self.scores(), range(self.arms)
        i = self.top(scores, arms, rng)
        j = self.top(scores, [k for k in arms if k != i], rng)
        self.last = (i, j)
        return i, j

    def learn(self, t, features, first, second, won):
        if self.block:
            self.block.pop()
            return
        self.duels.append((first, second) if won else (second, first))
        scores, over = self.scores(), self.rounds + 1
        # the end of round l: every arm but one has lost its pairing of the round
        if sorted(scores) == [-over] * (self.arms - 1) + [(self.arms - 1) * over]:
            self.rounds = over
            if self.policy.version == "strong":
                z = int(np.argmax(scores))
                self.block = [(z, z)] * int(self.policy.beta**over)
