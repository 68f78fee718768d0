"""MaxMinLCB in arm space against its data-space form, and how its cost grows with arms and rounds; one thread.

The data-space form is a straightforward NumPy transcription of what published code does in every round, and no more:
the matrix of the dueling kernel of all duels so far, its Cholesky factor, the weights of the estimate by Newton's
method from zero, and triangular solves for all N^2 pairs. It plays the same environment with the same rule. Run it as

    python benchmarks/kernelised.py [--horizons 50 100 200 400] [--repeats 3] [--full]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import numba
import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import expit

import banditlab
from banditlab.checks import replay
from banditlab.environments.dueling.kernelized import Kernelized
from banditlab.policies.dueling.maxminlcb import MaxMinLCB

TIE = 1e-4


class DataSpace:
    """MaxMinLCB, preset "code", by the matrices of all duels; parameters as of the policy."""

    def __init__(self, gram: np.ndarray, policy: MaxMinLCB):
        bound = 2 * policy.norm
        self.gram, self.policy = gram, policy
        self.noise = policy.ridge * (2 + np.exp(bound) + np.exp(-bound))
        self.first, self.second, self.won = [], [], []

    def dueling(self, i: Any, j: Any, k: Any, m: Any) -> np.ndarray:
        """Return k^D of pairs (i, j) and (k, m)."""
        gram = self.gram
        return gram[i, k] + gram[j, m] - gram[i, m] - gram[j, k]

    def choose(self, rng: np.random.Generator) -> tuple[int, int]:
        """Return a leader and its follower, by lower bounds that are computed from nothing."""
        arms = len(self.gram)
        i, j = (axis.ravel() for axis in np.indices((arms, arms)))
        variances, margins = self.dueling(i, j, i, j), np.zeros(arms * arms)
        if self.won:
            first, second, won = np.array(self.first), np.array(self.second), np.array(self.won, float)
            between = self.dueling(first[:, None], second[:, None], first[None], second[None])
            across = self.dueling(first[:, None], second[:, None], i[None], j[None])  # (t, N^2)
            factor = np.linalg.cholesky(between + self.noise * np.eye(len(won)))
            variances = variances - (solve_triangular(factor, across, lower=True) ** 2).sum(0)
            margins = self.weights(between, won) @ across
        lower = (expit(margins) - self.policy.width * variances).reshape(arms, arms)
        np.fill_diagonal(lower, 0.5)
        leader = draw(lower.min(1), rng)
        return leader, draw(-lower[leader], rng)

    def weights(self, between: np.ndarray, won: np.ndarray) -> np.ndarray:
        """Return the alpha (t,) that minimises the log loss plus penalty |alpha|^2."""
        alpha, twice = np.zeros(len(won)), 2 * self.policy.penalty
        for _ in range(100):
            p = expit(between @ alpha)
            gradient = between @ (p - won) + twice * alpha
            if np.linalg.norm(gradient) < 1e-6:
                break
            bend = between @ ((p * (1 - p))[:, None] * between) + twice * np.eye(len(won))
            alpha -= cho_solve(cho_factor(bend, lower=True), gradient)
        return alpha

    def learn(self, first: int, second: int, won: bool) -> None:
        """Keep a duel."""
        if first != second:
            self.first.append(first)
            self.second.append(second)
            self.won.append(won)


def draw(scores: np.ndarray, rng: np.random.Generator) -> int:
    """Return one of the largest scores."""
    return int(rng.choice(np.flatnonzero(scores >= scores.max() - TIE)))


def run_data_space(policy: MaxMinLCB, horizon: int, seed: int) -> tuple[float, float, int]:
    """Return CPU seconds, the regret, and how many duels were informative."""
    env, rng = replay.start_env(Kernelized("ackley"), horizon, seed), np.random.default_rng(seed)
    squares = ((env.features[:, None] - env.features[None]) ** 2).sum(2)
    begin = time.process_time()
    player, regret = DataSpace(policy.variance * np.exp(-squares / (2 * policy.length_scale**2)), policy), 0.0
    for _ in range(horizon):
        first, second = player.choose(rng)
        player.learn(first, second, rng.random() < env.matrix[first, second])
        regret += (env.preference[first] + env.preference[second]) / 2
    return time.process_time() - begin, regret, len(player.won)


def run_arm_space(horizon: int, replications: int, seed: int = 0, **parameters: Any) -> tuple[float, np.ndarray]:
    """Return CPU seconds of a replication, and the regrets; compiled before."""
    points = parameters.pop("points", 10)
    begin = time.process_time()
    result = banditlab.run(
        environment={"kind": "kernelized", "function": parameters.pop("function", "ackley"), "points": points},
        policies=[{"kind": "maxminlcb", **parameters}], game="dueling", horizon=horizon, replications=replications,
        seed=seed, jobs=1, progress=False,
    )  # fmt: skip
    [cell] = result.cells
    return (time.process_time() - begin) / replications, cell.curves["average-preference"][:, -1]


def compare(horizon: int, repeats: int) -> str:
    """Run both in turns; return a row of the table."""
    policy, here, there, regrets, duels = MaxMinLCB(preset="code"), [], [], [], []
    for seed in range(repeats):
        seconds, regret, informative = run_data_space(policy, horizon, seed)
        there.append(seconds)
        regrets.append(regret)
        duels.append(informative)
        seconds, ours = run_arm_space(horizon, 20, seed, preset="code")
        here.append(seconds)
    ratios = sorted(slow / fast for slow, fast in zip(there, here, strict=True))
    ratio = f"{statistics.median(ratios):.0f} ({ratios[0]:.0f} to {ratios[-1]:.0f})"
    return (
        f"| {horizon} | {statistics.mean(duels):.0f} | {statistics.median(there):.2f} "
        f"| {1e3 * statistics.median(here):.1f} | {ratio} "
        f"| {statistics.mean(regrets):.1f} | {ours.mean():.1f} |"
    )


def size_of(state: Any) -> int:
    """Return the bytes of all arrays of a state."""
    if isinstance(state, np.ndarray):
        return state.nbytes
    return sum(size_of(field) for field in state) if isinstance(state, tuple) else 0


def growth(points: int, horizon: int, preset: str, function: str) -> str:
    """Return a row of the table of costs."""
    policy = MaxMinLCB(preset=preset)
    done = replay.run(Kernelized(function, points), policy, horizon)
    informative = int((done.actions[:, 0] != done.actions[:, 1]).sum())
    seconds, _ = run_arm_space(horizon, 1 if points > 25 else 3, points=points, preset=preset, function=function)
    size = size_of(done.state)
    arms = points**2
    return (
        f"| {function} | {preset} | {arms} | {horizon} | {informative} | {seconds:.2f} "
        f"| {1e6 * seconds / horizon:.0f} | {size / 1e6:.2f} | {size / arms**2:.0f} |"
    )


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--horizons", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="N up to 2025 and T up to 20 000 in the second table")
    options = parser.parse_args()
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"
    print(f"{versions}; load {os.getloadavg()[0]:.1f}\n")
    run_arm_space(10, 1, preset="code")
    print("| T | informative | data space, s | ours, ms | ratio (range) | regret there | regret, ours |")
    print("|---|---|---|---|---|---|---|")
    for horizon in options.horizons:
        print(compare(horizon, options.repeats), flush=True)
    print("\n| function | preset | N | T | informative | s a replication | us a round | state, MB | bytes / N^2 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for points in (5, 10, 20, 30, 45) if options.full else (5, 10, 20):
        for preset in ("code", "paper"):
            print(growth(points, 500, preset, "ackley"), flush=True)
    for horizon in (1000, 2000, 5000, 20_000) if options.full else (1000, 2000):
        for function, preset in (("ackley", "code"), ("ackley", "paper"), ("rosenbrock", "paper")):
            print(growth(10, horizon, preset, function), flush=True)


if __name__ == "__main__":
    main()
