"""CONFIG and primal-dual play against straightforward NumPy, and how their cost grows; one thread.

The NumPy form of CONFIG appends to a Cholesky factor of what was observed, as ours does, and takes its sums by BLAS. A
direct form solves for all points anew in each round. The NumPy form of primal-dual play is the loop that one would
write. All play the same rules on the same instances. Run it as

    python benchmarks/constrained.py [--repeats 3] [--full]
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import numba
import numpy as np

from banditlab import fuse
from banditlab.checks import replay
from banditlab.environments.blackbox.gp_sample import GPSample
from banditlab.environments.knapsack.bernoulli import Bernoulli
from banditlab.policies.blackbox.config import CONFIG
from banditlab.policies.knapsack.primal_dual import PrimalDual

PLANE = {"dim": 2, "bounds": [-10.0, 10.0], "noise": 0.1}


# --- CONFIG in NumPy ----------------------------------------------------------------------------------------------


class Appending:
    """Posteriors of objective and constraint that grow by a row of V with each observation, by BLAS."""

    def __init__(self, env: Any, rounds: int):
        self.points, self.noise = env.features / env.length_scales[0], env.deviations[0] ** 2
        self.scale, self.rows, self.size = env.variances[0], np.zeros((rounds + 1, len(env.features))), 0
        self.means, self.variance = np.zeros((2, len(env.features))), np.full(len(env.features), self.scale)

    def learn(self, point: int, values: np.ndarray) -> None:
        """Observe both functions at a point."""
        column = self.scale * np.exp(-0.5 * ((self.points - self.points[point]) ** 2).sum(1))
        seen = self.rows[: self.size]
        deviation = math.sqrt(self.variance[point] + self.noise)
        row = (column - seen[:, point] @ seen) / deviation
        self.rows[self.size] = row
        self.size += 1
        self.means += ((values - self.means[:, point]) / deviation)[:, None] * row
        self.variance = np.maximum(self.variance - row**2, 0.0)


class Direct:
    """The same posteriors, from a solve of all observations in each round."""

    def __init__(self, env: Any, rounds: int):
        self.env, self.seen, self.values = env, [], []
        self.points, self.noise = env.features / env.length_scales[0], env.deviations[0] ** 2
        self.means = np.zeros((2, len(env.features)))
        self.variance = np.full(len(env.features), env.variances[0])

    def learn(self, point: int, values: np.ndarray) -> None:
        """Observe both functions at a point."""
        self.seen.append(point)
        self.values.append(values)
        chosen, scale = self.points[self.seen], self.env.variances[0]
        across = scale * np.exp(-0.5 * ((chosen[:, None] - self.points[None]) ** 2).sum(2))
        weights = np.linalg.solve(across[:, self.seen] + self.noise * np.eye(len(chosen)), across)
        self.means = np.array(self.values).T @ weights
        self.variance = np.maximum(scale - (weights * across).sum(0), 0.0)


def config_in_numpy(form: type, horizon: int, points: int) -> tuple[float, float]:
    """Return seconds, and the positive regret, of CONFIG with width 3, on points x points points."""
    env, noise = replay.start_env(GPSample(points=points, **PLANE), horizon, 0), np.random.default_rng(1)
    begin, posterior, regret = time.process_time(), form(env, horizon), 0.0
    posterior.learn(int(env.initial[0, 0]), env.initial[0, 1:])
    for _ in range(horizon):
        lower = posterior.means - 3.0 * np.sqrt(posterior.variance)
        point = int(np.where(lower[1] <= 0, lower[0], np.inf).argmin())
        posterior.learn(point, env.truth[:, point] + env.deviations * noise.standard_normal(2))
        regret += max(0.0, env.truth[0, point] - env.truth[0, env.best[0]])
    return time.process_time() - begin, regret


# --- primal-dual play in NumPy ------------------------------------------------------------------------------------


def primal_dual_in_numpy(horizon: int, environment: Bernoulli) -> tuple[float, float]:
    """Return seconds, and the reward, of EXP3-IX with prices by projected gradient steps."""
    env, rng = replay.start_env(environment, horizon, 0), np.random.default_rng(1)
    table = env.table[0]
    arms, resources = table.shape[0], table.shape[1] - 1
    rho = env.budget / horizon
    nu = rho + env.void
    low, width = (rho - 1) / nu, 1 + 2 / nu
    eta, rate = math.sqrt(2 * math.log(arms) / (arms * horizon)), 1 / (nu * math.sqrt(resources * horizon))
    losses, prices, budgets, total = np.zeros(arms), np.zeros(resources), env.budgets.copy(), 0.0
    begin = time.process_time()
    for _ in range(horizon):
        forced, arm = budgets.min() < 1, 0
        if not forced:
            weights = np.exp(-eta * (losses - losses.min()))
            chances = weights / weights.sum()
            arm = int(np.searchsorted(np.cumsum(chances), rng.random()))
        drawn = np.sign(table[arm]) * (rng.random(1 + resources) < np.abs(table[arm])) if arm else table[arm]
        reward, costs = drawn[0], drawn[1:]
        if not forced:
            utility = reward + prices @ (rho - costs)
            losses[arm] += (low + width - utility) / width / (chances[arm] + eta / 2)
            prices = np.maximum(prices + rate * (costs - rho), 0.0)
            if prices.sum() > 1 / nu:
                ordered = np.sort(prices)[::-1]
                thresholds = (np.cumsum(ordered) - 1 / nu) / np.arange(1, resources + 1)
                prices = np.maximum(prices - thresholds[ordered > thresholds][-1], 0.0)
        budgets = budgets - costs
        total += reward
    return time.process_time() - begin, total


# --- ours ---------------------------------------------------------------------------------------------------------


def ours(environment: Any, policy: Any, horizon: int) -> tuple[float, np.ndarray]:
    """Return seconds of the compiled rounds alone, and the metrics."""
    pair = replay.start(environment, policy, horizon)
    arguments = pair.arguments(0, horizon, np.zeros(len(pair.game.metrics)))
    play, reason = fuse.prepare(pair.game.rounds, pair.verbs, arguments)
    assert not reason, reason
    begin = time.process_time()
    play(*arguments)
    return time.process_time() - begin, arguments[-1]


def compare(title: str, repeats: int, there: Callable[[], tuple[float, float]], here: Callable[[], tuple]) -> str:
    """Run both in turns; return a row of the table."""
    rows = [(*there(), *here()) for _ in range(repeats)]
    ratios = sorted(row[0] / row[2] for row in rows)
    ratio = f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
    slow, fast = (statistics.median(row[at] for row in rows) for at in (0, 2))
    return f"| {title} | {slow:.3g} | {fast:.3g} | {ratio} |"


def of_config(points: int, horizon: int) -> Callable[[], tuple]:
    """Return a run of CONFIG on points x points points."""
    return lambda: ours(GPSample(points=points, **PLANE), CONFIG(on_infeasible="continue"), horizon)


def instance(arms: int, resources: int, budget: float) -> Bernoulli:
    """Return an instance of that size, with a void action that replenishes."""
    rng = np.random.default_rng(3)
    costs = np.round(rng.uniform(-0.5, 0.9, (arms, resources)), 3)
    costs[0] = -0.1
    rewards = [0.0, *np.round(rng.uniform(0.2, 0.9, arms - 1), 3).tolist()]
    return Bernoulli(budget=budget, rewards=rewards, costs=costs.tolist())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="10 000 points and 500 rounds")
    options = parser.parse_args()
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"
    )
    print(f"load {os.getloadavg()[0]:.1f}\n")
    print("| against NumPy | NumPy, s | ours, s | ratio |\n|---|---|---|---|")
    sizes = [(10, 50), (32, 100), *([(100, 500)] if options.full else [])]
    for points, horizon in sizes:
        run = of_config(points, horizon)
        for name, form in (("appending", Appending), ("direct", Direct)):
            if form is Direct and points > 32:
                continue
            title = f"CONFIG, {name}, G = {points**2:,}, T = {horizon}"
            print(compare(title, options.repeats, lambda f=form, g=points, t=horizon: config_in_numpy(f, t, g), run))
    there = lambda: primal_dual_in_numpy(20_000, Bernoulli())  # noqa: E731
    print(
        compare(
            "EXP3-IX primal-dual, T = 20,000", options.repeats, there, lambda: ours(Bernoulli(), PrimalDual(), 20_000)
        )
    )
    print("\n| CONFIG: G | T | us a round | MB |\n|---|---|---|---|")
    for points, horizon in [
        (10, 50),
        (32, 50),
        (32, 200),
        (100, 100),
        *([(100, 500)] if options.full else []),
    ]:
        seconds, _ = of_config(points, horizon)()
        print(f"| {points**2:,} | {horizon} | {1e6 * seconds / horizon:.0f} | {8e-6 * points**2 * (horizon + 1):.1f} |")
    print("\n| primal-dual: A | m | primal | M rounds/s |\n|---|---|---|---|")
    for arms, resources in ((4, 2), (4, 8), (16, 2), (64, 2)):
        for primal in ("exp3-ix", "hedge"):
            horizon = 200_000
            seconds, _ = ours(instance(arms, resources, 0.05 * horizon), PrimalDual(primal=primal), horizon)
            print(f"| {arms} | {resources} | {primal} | {horizon / seconds / 1e6:.2f} |")


if __name__ == "__main__":
    main()
