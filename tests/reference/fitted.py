"""Networks that are fitted to the history, written plainly, and the uncertainty of their predictions."""

import numpy as np

from tests.reference import draws
from tests.reference.networks import Network, disjoint, encode, network_of


class Learner:
    """`fit` after a round t = 0, 1, ...: by single observations, by all at once, or anew from the first weights."""

    def __init__(self, policy, problem, rng, decay):
        self.policy, self.decay, self.arms = policy, decay, problem.arms
        self.disjoint = disjoint(policy, problem)
        self.net = network_of(policy, problem, bias=True)
        self.w = self.net.uniform(rng)
        self.batch, self.restart = policy.training == "batch", False
        self.rate = 0.01 if policy.rate is None else policy.rate
        self.begin(policy, rng)

    def begin(self, policy, rng):
        self.w0 = self.w
        replay = not (self.batch or self.restart)
        self.steps = policy.steps or (1000 if replay else 100)
        self.tolerance = (0.001 if replay else 0.0) if policy.tolerance is None else policy.tolerance
        self.key, self.drawn = rng.integers(2**64, dtype=np.uint64), 0
        self.order, self.inputs, self.rewards = [], [], []

    def encode(self, x, arm):
        return encode(x, arm, self.arms, self.disjoint)

    def learn(self, t, x, reward):
        self.inputs.append(x)
        self.rewards.append(reward)
        self.order.append(len(self.order))
        if t % (self.policy.every if t < self.policy.until else self.policy.later) == 0:
            self.m1, self.m2, self.taken = np.zeros_like(self.w), np.zeros_like(self.w), 0
            self.fit() if self.batch or self.restart else self.replay()

    def error(self, i):
        return self.net.value(self.w, self.inputs[i]) - self.rewards[i]

    def replay(self):
        """One permutation a fit, drawn as far as it is used; the loss of a pass is that before each step."""
        n, total = len(self.rewards), 0.0
        for i in range(min(n, self.steps)):
            j = i + int(draws.hashed_uniform(self.key, 0, self.drawn) * (n - i))
            self.order[i], self.order[j] = self.order[j], self.order[i]
            self.drawn += 1
        for step in range(self.steps):
            i = self.order[step % n]
            r = self.error(i)
            self.move(2 * r * self.net.gradient(self.w, self.inputs[i]) + self.decay * self.w)
            total += r**2
            if (step + 1) % n == 0:
                if total <= self.tolerance * n:
                    return
                total = 0.0

    def fit(self):
        n, self.w = len(self.rewards), self.w0 if self.restart else self.w
        for _ in range(self.steps):
            errors = [self.error(i) for i in range(n)]
            g = sum(r * self.net.gradient(self.w, x) for r, x in zip(errors, self.inputs, strict=True))
            g = g + self.decay * (self.w - self.w0) if self.restart else (2 * g + self.decay * self.w) / n
            self.move(g)
            if sum(r**2 for r in errors) <= self.tolerance * n:
                return

    def move(self, g):
        if self.policy.optimiser == "sgd":
            self.w = self.w - self.rate * g
            return
        self.taken += 1
        self.m1, self.m2 = 0.9 * self.m1 + 0.1 * g, 0.999 * self.m2 + 0.001 * g**2
        a, b = self.m1 / (1 - 0.9**self.taken), self.m2 / (1 - 0.999**self.taken)
        self.w = self.w - self.rate * a / (np.sqrt(b) + 1e-8)


class Analysed(Learner):
    """f = sqrt(m) w'phi(W x) on (x, x) / sqrt(2), zero at first, and fitted from the first weights each time."""

    def __init__(self, policy, problem, rng):
        self.policy, self.arms, self.disjoint = policy, problem.arms, disjoint(policy, problem)
        self.batch, self.restart = False, True
        m, blocks = policy.hidden[-1] if policy.hidden else 1, problem.arms if self.disjoint else 1
        dim = problem.dim * (2 if policy.hidden else 1)
        self.net = Network(dim * blocks, policy.hidden, policy.activation, False, np.sqrt(m))
        self.w, self.decay = self.symmetric(rng, dim, blocks, m), m * policy.ridge
        layers = len(policy.hidden) + 1
        self.rate = 1 / (m * problem.rounds * layers + self.decay) if policy.rate is None else policy.rate
        self.begin(policy, rng)

    def encode(self, x, arm):
        twice = np.concatenate([x, x]) / np.sqrt(2) if self.policy.hidden else x
        return super().encode(twice, arm)

    def symmetric(self, rng, dim, blocks, m):
        if not self.policy.hidden:
            return np.zeros(dim * blocks)
        parts, n = [], dim
        for layer, _ in enumerate(self.policy.hidden):
            for _ in range(blocks if layer == 0 else 1):
                half = rng.standard_normal((n // 2, m // 2)) * np.sqrt(4 / m)
                parts.append(np.block([[half, np.zeros_like(half)], [np.zeros_like(half), half]]).ravel())
            n = m
        w = rng.standard_normal(m // 2) * np.sqrt(2 / m)
        return np.concatenate([*parts, w, -w])

    def replay(self):
        raise AssertionError("analysed networks are fitted anew")


class Posterior:
    """Predictions, and g'U^-1 g with U = lambda I + the sum of gg' / m (no m in preset "code"), or of its diagonal."""

    def __init__(self, policy, problem, rng):
        self.policy, paper = policy, policy.preset == "paper"
        self.learner = Analysed(policy, problem, rng) if paper else Learner(policy, problem, rng, policy.ridge)
        self.m = policy.hidden[-1] if paper and policy.hidden else 1
        self.u = policy.ridge * np.eye(self.learner.net.size)

    def predict(self, features):
        means, squares = [], []
        for arm, x in enumerate(features):
            x = self.learner.encode(x, arm)
            g = self.learner.net.gradient(self.learner.w, x) / np.sqrt(self.m)
            means.append(self.learner.net.value(self.learner.w, x))
            squares.append(g @ np.linalg.solve(self.u, g))
        return np.array(means), np.array(squares)

    def learn(self, t, features, arm, reward):
        x = self.learner.encode(features[arm], arm)
        g = self.learner.net.gradient(self.learner.w, x) / np.sqrt(self.m)
        more = np.outer(g, g)
        self.u = self.u + (more if self.policy.covariance == "full" else np.diag(np.diag(more)))
        self.learner.learn(t, x, reward)
