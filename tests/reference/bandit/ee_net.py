"""Twin of EE-Net: Ban et al. 2022, in the form in which it was published."""

from types import SimpleNamespace

import numpy as np

from tests.reference.fitted import Learner
from tests.reference.networks import Network
from tests.reference.worlds import CLASSES, LINEAR

FITS = {"steps": 40, "every": 3, "until": 12, "later": 5, "exploration_rate": 0.05}
SMALL = {**FITS, "hidden": (4,), "pooling": 3, "exploration_hidden": (3,), "weight": 3.0, "later_weight": 1.0}
CONVOLUTION = {"exploration": "convolution", "kernel_size": 4, "stride": 2}

#: (environment, horizon, parameters)
CASES = [
    (CLASSES, 40, {**SMALL, **CONVOLUTION}),
    (CLASSES, 40, {**SMALL, "exploration": "dense", "optimism": 1.5, "exploration_decay": 0.1}),
    (CLASSES, 40, {**SMALL, **CONVOLUTION, "optimism": "off", "exploration_tolerance": 0.2, "stride": 3}),
    (CLASSES, 40, {**SMALL, "kernel_size": 6, "encoding": "disjoint", "exploration_hidden": (), "until": 25}),
    (LINEAR, 40, {**SMALL, "exploration_tolerance": 0.1, "exploration_decay": 0.0, "tolerance": 0.1, "weight": 9.0}),
    (LINEAR, 30, {**SMALL, **CONVOLUTION, "hidden": (4, 3), "exploration_hidden": (4, 2), "activation": "tanh"}),
    (LINEAR, 40, {**SMALL, "until": 39, "weight": 99.0, "later_weight": 0.0, "optimism": "off", "every": 1}),
    (LINEAR, 30, {**SMALL, "hidden": (), "pooling": 1, "training": "batch", "optimiser": "adam", "rate": 0.05}),
]


class Convolution:
    """A network on sums of neighbours: h_i = b + sum_k w_k x_(i stride + k); of all inputs, without a window."""

    def __init__(self, inputs, policy):
        size = policy.kernel_size
        whole = policy.exploration == "dense" or (policy.exploration == "auto" and inputs < size)
        self.windows = None if whole else np.arange(0, inputs - size + 1, policy.stride)[:, None] + np.arange(size)
        self.behind = 0 if whole else size + 1
        self.net = Network(
            inputs if whole else len(self.windows), policy.exploration_hidden, policy.activation, bias=True
        )

    def uniform(self, rng):
        window = rng.uniform(-1, 1, self.behind)
        return np.concatenate([window / np.sqrt(max(1, self.behind - 1)), self.net.uniform(rng)])

    def convolve(self, w, x):
        return x if self.windows is None else w[self.behind - 1] + x[self.windows] @ w[: self.behind - 1]

    def value(self, w, x):
        return self.net.value(w[self.behind :], self.convolve(w, x))

    def gradient(self, w, x):
        """By the chain rule; the bias's derivative is that of the layer's sums, from which the inputs' follow."""
        behind = w[self.behind :]
        g = self.net.gradient(behind, self.convolve(w, x))
        if self.windows is None:
            return g
        [[matrix, _], *_], [[_, sums], *_] = self.net.layers(behind), self.net.layers(g)
        inputs = matrix @ sums
        return np.concatenate([x[self.windows].T @ inputs, [inputs.sum()], g])


class Explorer(Learner):
    """f2, whose data are added in any number a round."""

    def __init__(self, policy, inputs, rng):
        self.policy = SimpleNamespace(
            steps=policy.steps, tolerance=policy.exploration_tolerance, optimiser="adam",
            every=policy.every, until=policy.until, later=policy.later,
        )  # fmt: skip
        self.net = Convolution(inputs, policy)
        self.w, self.decay, self.rate = self.net.uniform(rng), policy.exploration_decay, policy.exploration_rate
        self.batch = self.restart = False
        self.begin(self.policy, rng)

    def learn(self, t, samples):
        *most, (x, target) = samples
        for other, its in most:
            self.inputs.append(other)
            self.rewards.append(its)
            self.order.append(len(self.order))
        super().learn(t, x, target)


class EENet:
    """argmax f1(x) + c (f2(pooled gradient of f1) - 1)."""

    def __init__(self, policy, problem, rng):
        self.policy, self.arms = policy, problem.arms
        self.f1 = Learner(policy, problem, rng, 0.0)
        self.f2 = Explorer(policy, -(-self.f1.net.size // policy.pooling), rng)

    def pooled(self, x):
        """Block means of the gradient in PyTorch's order: matrices are (units, inputs) there."""
        layers = self.f1.net.layers(self.f1.net.gradient(self.f1.w, x))
        g = np.concatenate([part.ravel() for matrix, shift in layers for part in (matrix.T, shift)])
        g = np.concatenate([g, np.zeros(-len(g) % self.policy.pooling)])
        return g.reshape(-1, self.policy.pooling).mean(1)

    def choose(self, t, features, rng, pick):
        inputs = [self.f1.encode(x, a) for a, x in enumerate(features)]
        self.rewards = np.array([self.f1.net.value(self.f1.w, x) for x in inputs])
        self.gradients = [self.pooled(x) for x in inputs]
        c = self.policy.weight if t <= self.policy.until else self.policy.later_weight
        return pick(self.rewards + c * (np.array([self.f2.net.value(self.f2.w, g) for g in self.gradients]) - 1))

    def learn(self, t, features, arm, reward):
        self.f1.learn(t, self.f1.encode(features[arm], arm), reward)
        samples = [(self.gradients[arm], reward - self.rewards[arm] + 1)]
        if self.policy.optimism != "off" and reward == 0 and t < self.policy.until:
            samples += [(self.gradients[k], self.policy.optimism) for k in range(self.arms) if k != arm]
        self.f2.learn(t, samples)
