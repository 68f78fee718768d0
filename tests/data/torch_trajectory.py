"""Writes torch_trajectory.npz: what PyTorch's networks learn, sample by sample, on one stream of data.

Needs torch, and is run by hand:

    python tests/data/torch_trajectory.py

All is float64. Each network meets the same stream under each of the rules, one step on (f(x_t) - y_t)^2 / 2 a sample.
For T = 1000 samples of dimension d = 5 and R = 3 rules, the file has the arrays

    inputs (T, d), targets (T,)
    rules (R,)                   names: "sgd", "adam", and "decay", SGD on gradients + decay * parameters
    rates (R,), decays (R,)      learning rates, weight decays
    NETWORK/start/NAME           a parameter before the first step, the same for all rules
    NETWORK/predictions (R, T)   f(x_t) before step t
    NETWORK/end/NAME (R, ...)    the parameter after the last step

A network is named by its activation and the widths of its hidden layers: "relu-8", "sigma_2-8", "tanh-6-7",
"softplus-7-6", and "linear", which has none. Parameters lie as PyTorch has them: W1 (m, d), b1 (m,), W2 (m', m),
b2 (m',), then v (m',), the last layer, and c (), its bias. "relu-8" and "sigma_2-8" have no biases.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import linear, softplus

SAMPLES, DIM = 1000, 5
PATH = Path(__file__).with_name("torch_trajectory.npz")


class Shape(NamedTuple):
    """A network's activation, the widths of its hidden layers, and whether its layers have biases."""

    activation: Callable[[torch.Tensor], torch.Tensor] | None
    widths: tuple[int, ...]
    biases: bool


class Rule(NamedTuple):
    """An optimiser, its learning rate and weight decay."""

    optimiser: type[torch.optim.Optimizer]
    rate: float
    decay: float


def sigma_2(z: torch.Tensor) -> torch.Tensor:
    """Return sqrt(2 / 3) max(0, z)^2."""
    return (2 / 3) ** 0.5 * torch.relu(z) ** 2


SHAPES = {
    "relu-8": Shape(torch.relu, (8,), biases=False),
    "sigma_2-8": Shape(sigma_2, (8,), biases=False),
    "tanh-6-7": Shape(torch.tanh, (6, 7), biases=True),
    "softplus-7-6": Shape(softplus, (7, 6), biases=True),
    "linear": Shape(None, (), biases=True),
}
RULES = {
    "sgd": Rule(torch.optim.SGD, 0.1, 0.0),
    "decay": Rule(torch.optim.SGD, 0.1, 0.01),
    "adam": Rule(torch.optim.Adam, 0.02, 0.0),
}


class Network(torch.nn.Module):
    """A network with the given parameters, by name."""

    def __init__(self, shape: Shape, start: dict[str, np.ndarray]):
        super().__init__()
        self.shape = shape
        self.named = torch.nn.ParameterDict({name: torch.tensor(value) for name, value in start.items()})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return f(x), a scalar, of x (d,)."""
        named = dict(self.named)
        for layer in range(1, len(self.shape.widths) + 1):
            x = self.shape.activation(linear(x, named[f"W{layer}"], named.get(f"b{layer}")))
        return linear(x, named["v"], named.get("c"))


def stream(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and noisy targets of a nonlinear function, in few digits so that the file is small."""
    inputs = np.round(rng.normal(0, 0.6, (SAMPLES, DIM)) * 64) / 64
    first, second = rng.normal(0, 1, (2, DIM)) / DIM**0.5
    targets = np.sin(2 * inputs @ first) + (inputs @ second) ** 2 + 0.1 * rng.normal(size=SAMPLES)
    return inputs, np.round(targets * 1024) / 1024


def draw(shape: Shape, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return parameters drawn uniformly from +-1 / sqrt(fan-in)."""
    fan_in, start = DIM, {}
    for layer, width in enumerate(shape.widths, 1):
        start[f"W{layer}"] = rng.uniform(-1, 1, (width, fan_in)) / fan_in**0.5
        start[f"b{layer}"] = rng.uniform(-1, 1, width) / fan_in**0.5
        fan_in = width
    start["v"] = rng.uniform(-1, 1, fan_in) / fan_in**0.5
    start["c"] = np.array(rng.uniform(-1, 1) / fan_in**0.5)
    return {name: value for name, value in start.items() if shape.biases or name[0] in "Wv"}


def train(network: Network, rule: Rule, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Take a step for each sample; return the predictions before each."""
    optimiser = rule.optimiser(network.parameters(), lr=rule.rate, weight_decay=rule.decay)
    predictions = np.empty(len(inputs))
    for t, (x, y) in enumerate(zip(torch.tensor(inputs), torch.tensor(targets), strict=True)):
        prediction = network(x)
        predictions[t] = prediction.item()
        optimiser.zero_grad()
        (0.5 * (prediction - y) ** 2).backward()
        optimiser.step()
    return predictions


def main() -> None:
    """Write the file, and print how the mean squared error falls."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(2024)
    inputs, targets = stream(rng)
    _, rates, decays = zip(*RULES.values(), strict=True)
    arrays = {"inputs": inputs, "targets": targets, "rules": list(RULES), "rates": rates, "decays": decays}
    print(f"variance of the targets {targets.var():.2f}")
    for name, shape in SHAPES.items():
        start, predictions, ends = draw(shape, rng), [], []
        for label, rule in RULES.items():
            network = Network(shape, start)
            predictions.append(train(network, rule, inputs, targets))
            ends.append({key: value.detach().numpy() for key, value in network.named.items()})
            errors = (predictions[-1] - targets) ** 2
            print(f"{name} {label}: error {errors[:200].mean():.2f} at first, {errors[-200:].mean():.2f} at last")
        arrays[f"{name}/predictions"] = np.array(predictions)
        for key, value in start.items():
            arrays[f"{name}/start/{key}"] = value
            arrays[f"{name}/end/{key}"] = np.array([end[key] for end in ends])
    np.savez_compressed(PATH, allow_pickle=False, **arrays)
    print(f"{PATH.name}: {PATH.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
