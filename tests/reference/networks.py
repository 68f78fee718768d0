"""Networks written plainly: dense matrices, one flat vector of weights, gradients by the chain rule; and x (x) e_a."""

import math

import numpy as np
from scipy import special


def phi(name, z):
    """Activation and derivative."""
    if name.startswith("sigma"):
        s = int(name[-1])
        factor = math.sqrt(2 / special.factorial2(2 * s - 1))
        return factor * np.maximum(z, 0) ** s, factor * s * np.maximum(z, 0) ** (s - 1) * (z > 0)
    p = special.expit(z)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    return {
        "relu": (np.maximum(z, 0), 1.0 * (z > 0)),
        "tanh": (np.tanh(z), 1 - np.tanh(z) ** 2),
        "sigmoid": (p, p * (1 - p)),
        "softplus": (np.logaddexp(0, z), p),
        "silu": (z * p, p + z * p * (1 - p)),
        "gelu": (z * special.ndtr(z), special.ndtr(z) + z * density),
        "identity": (z, np.ones_like(z)),
    }[name]


class Network:
    """scale (v'phi(W2'phi(W1'x + b1) + b2) + c), with none, one or two hidden layers, for so many inputs."""

    def __init__(self, inputs, hidden, activation, bias, scale=1.0):
        self.activation, self.bias, self.scale = activation, bias, scale
        self.shapes = list(zip([inputs, *hidden], [*hidden, 1], strict=True))

    @property
    def size(self):
        return sum(n * m + self.bias * m for n, m in self.shapes)

    def layers(self, w):
        """Split the weights into (W, b) a layer."""
        for n, m in self.shapes:
            matrix, w = w[: n * m].reshape(n, m), w[n * m :]
            shift, w = (w[:m], w[m:]) if self.bias else (np.zeros(m), w)
            yield matrix, shift

    def value(self, w, x):
        *hidden, (v, c) = self.layers(w)
        for matrix, shift in hidden:
            x, _ = phi(self.activation, x @ matrix + shift)
        return self.scale * (x @ v + c)[0]

    def gradient(self, w, x):
        layers, inputs, slopes = list(self.layers(w)), [x], []
        for matrix, shift in layers[:-1]:
            a, slope = phi(self.activation, inputs[-1] @ matrix + shift)
            inputs.append(a)
            slopes.append(slope)
        delta, parts = np.array([self.scale]), []
        for k in reversed(range(len(layers))):
            parts = [np.outer(inputs[k], delta).ravel(), *([delta] if self.bias else []), *parts]
            if k > 0:
                delta = slopes[k - 1] * (layers[k][0] @ delta)
        return np.concatenate(parts)

    # the same draws as the package, layer by layer

    def uniform(self, rng):
        return np.concatenate([rng.uniform(-1, 1, n * m + self.bias * m) / math.sqrt(n) for n, m in self.shapes])

    def gaussian(self, rng):
        parts = []
        for k, (n, m) in enumerate(self.shapes):
            width = n if k == len(self.shapes) - 1 > 0 else m
            parts += [rng.standard_normal(n * m) / math.sqrt(width), np.zeros(self.bias * m)]
        return np.concatenate(parts)


def encode(x, arm, arms, disjoint):
    """x (x) e_arm, or x where arms share the weights."""
    return np.kron(np.eye(arms)[arm], x) if disjoint else x


def disjoint(policy, problem):
    return policy.encoding == "disjoint" or (policy.encoding == "auto" and not problem.arm_features)


def network_of(policy, problem, bias, scale=1.0):
    inputs = problem.dim * (problem.arms if disjoint(policy, problem) else 1)
    return Network(inputs, policy.hidden, policy.activation, bias, scale)
