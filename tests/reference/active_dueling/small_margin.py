"""Twin of small-margin pairs: the smallest margin in each context of a pool, the contexts of the smallest ones."""

import itertools
import math

import numpy as np

from banditlab.environments.active_dueling.log_linear import LogLinear
from banditlab.environments.active_dueling.rkhs import Rkhs
from tests.reference import draws
from tests.reference.active_dueling.uniform_pairs import Estimate
from tests.reference.kernels import draw_near

#: (environment, horizon, parameters)
CASES = [
    (Rkhs(contexts=4, actions=4), 60, {"length_scale": 0.3, "batch": 7, "candidates": 3}),
    (Rkhs(contexts=4, actions=4), 60, {"length_scale": 0.3, "batch": 7, "schedule": "uniform", "pool": 1}),
    (Rkhs(contexts=3, actions=5, structure="independent"), 60, {"length_scale": "told", "batch": 4, "candidates": 2}),
    (LogLinear(contexts=4, actions=4, dim=3), 40, {"kernel": "linear", "batch": 1, "pool": 2}),
    (LogLinear(contexts=4, actions=4, dim=3), 20, {"kernel": "linear"}),
]


class SmallMargin:
    sign = -1

    def __init__(self, policy, problem, rng):
        self.estimate, self.policy = Estimate(policy, problem), policy
        self.arms = list(range(problem.arms))
        self.queue, self.sizes = [], itertools.repeat(policy.batch)
        if policy.schedule == "decreasing":
            self.sizes = iter(decreasing(problem.horizon, math.ceil(problem.horizon / policy.batch)))

    def choose(self, t, features, rng, pick):
        if not self.queue:
            pool = [self.draw(rng) for _ in range(self.policy.pool * self.policy.batch)]
            for _ in range(next(self.sizes)):
                self.queue.append(pool.pop(draw_near(rng, [score for score, _ in pool], 1e-8))[1])
        return self.queue[0]

    def draw(self, rng):
        """The score of a context's pair, and the pair."""
        contexts, arms = self.estimate.shape
        context, count = draws.index(rng, contexts), min(self.policy.candidates, arms)
        for i in range(count):
            j = i + draws.index(rng, arms - i)
            self.arms[i], self.arms[j] = self.arms[j], self.arms[i]
        f = self.estimate.f[context]
        pairs = [(self.arms[i], self.arms[j]) for j in range(count) for i in range(j)]
        scores = [self.sign * abs(f[a] - f[b]) for a, b in pairs]
        best = draw_near(rng, scores, 1e-8)
        return scores[best], (context, *pairs[best])

    def learn(self, t, features, context, first, second, won):
        self.queue.pop(0)
        self.estimate.learn(context, first, second, won)

    def recommend(self, t):
        return self.estimate.best()


def decreasing(total, batches):
    """Shares proportional to I, I - 1, ..., 1: rounded down, what is left one each from the first, without zeros."""
    sizes = [2 * total * (batches - i) // (batches * (batches + 1)) for i in range(batches)]
    left = total - sum(sizes)
    return [size for size in np.array(sizes) + (np.arange(batches) < left) if size > 0]
