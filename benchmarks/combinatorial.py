"""Sets of items and convex play against straightforward NumPy, and how their cost grows; one thread.

The NumPy forms are the loops that one would write from the papers, environment and all, with BLAS and sorting by NumPy.
Both sides play the same rules on instances of the same law; random numbers differ, so that regrets agree only roughly.
Run it as

    python benchmarks/combinatorial.py [--repeats 3] [--full]
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded

import numba
import numpy as np

from banditlab import fuse
from banditlab.checks import replay
from banditlab.environments.combinatorial.cascade import Cascade
from banditlab.environments.combinatorial.coverage import Coverage
from banditlab.environments.combinatorial.top_k import TopK
from banditlab.environments.convex.sea import SEA
from banditlab.policies.combinatorial.c_etc import CETC
from banditlab.policies.combinatorial.cascade_ucb1 import CascadeUCB1
from banditlab.policies.combinatorial.cts_beta import CTSBeta
from banditlab.policies.combinatorial.cucb import CUCB
from banditlab.policies.combinatorial.escb import ESCB
from banditlab.policies.combinatorial.exp2 import EXP2
from banditlab.policies.combinatorial.fpl import FPL
from banditlab.policies.combinatorial.osmd import OSMD
from banditlab.policies.convex.hedge import Hedge
from banditlab.policies.convex.ogd import OGD
from banditlab.policies.convex.optimistic_omd import OptimisticOMD

Result = tuple[float, float]  #: seconds, and the regret


def gaps(items: int) -> list[float]:
    """Return means of items, evenly spread."""
    return np.linspace(0.1, 0.9, items).tolist()


# --- sets of items in NumPy ---------------------------------------------------------------------------------------


def semi_bandit(horizon: int, items: int, size: int, weigh: Callable) -> Result:
    """Play the k items of the largest weights, which a function of the round, the counts and the sums returns."""
    rng, means = np.random.default_rng(1), np.array(gaps(items))
    counts, sums, reward = np.zeros(items), np.zeros(items), 0.0
    begin = time.process_time()
    for t in range(1, horizon + 1):
        weights = np.where(counts > 0, 0.0, 1.0) if t <= items and not counts.all() else weigh(rng, t, counts, sums)
        chosen = np.argpartition(-weights, size)[:size]
        values = rng.random(size) < means[chosen]
        counts[chosen] += 1
        sums[chosen] += values
        reward += means[chosen].sum()
    return time.process_time() - begin, horizon * np.sort(means)[-size:].sum() - reward


def optimistic(rng: np.random.Generator, t: int, counts: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return the weights of CUCB."""
    return np.minimum(1.0, sums / counts + np.sqrt(1.5 * math.log(t) / counts))


def drawn(rng: np.random.Generator, t: int, counts: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Return the weights of CTS-Beta."""
    return rng.beta(1.0 + sums, 1.0 + counts - sums)


def cascade_ucb1(horizon: int, items: int, size: int) -> Result:
    """Play lists that are looked at down to the first click."""
    rng, means = np.random.default_rng(1), np.full(items, 0.05)
    means[:size] = 0.2
    counts, sums, reward = np.zeros(items), np.zeros(items), 0.0
    begin = time.process_time()
    for t in range(1, horizon + 1):
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = np.where(counts > 0, sums / counts + np.sqrt(1.5 * math.log(t) / counts), np.inf)
        chosen = np.argsort(-weights)[:size]
        clicks = np.flatnonzero(rng.random(size) < means[chosen])
        looked = chosen[: clicks[0] + 1] if len(clicks) else chosen
        counts[looked] += 1
        sums[chosen[clicks[:1]]] += 1
        reward += 1 - np.prod(1 - means[chosen])
    return time.process_time() - begin, horizon * (1 - 0.8**size) - reward


def osmd(horizon: int, items: int, size: int) -> Result:
    """Play sets by systematic sampling, and project by sorting."""
    rng, means, reward = np.random.default_rng(1), np.array(gaps(items)), 0.0
    eta, x = math.sqrt(2 * size * math.log(items / size) / (items * horizon)), np.full(items, size / items)
    begin = time.process_time()
    for _ in range(horizon):
        chosen = np.searchsorted(np.cumsum(x), rng.random() + np.arange(size), side="right")
        values = rng.random(size) < means[chosen]
        x[chosen] *= np.exp(-eta * (1 - values) / x[chosen])
        ordered = np.sort(x)[::-1]
        shares = (size - np.arange(size)) / np.cumsum(ordered[::-1])[::-1][:size]
        x = np.minimum(1.0, shares[np.argmax(shares * ordered[:size] <= 1 + 1e-12)] * x)
        reward += means[chosen].sum()
    return time.process_time() - begin, horizon * np.sort(means)[-size:].sum() - reward


def exp2(horizon: int, items: int, size: int) -> Result:
    """Play sets by exponential weights, with the inverse of P in each round."""
    rng, means, reward = np.random.default_rng(1), np.array(gaps(items)), 0.0
    sets = np.array([np.isin(np.arange(items), s) for s in itertools.combinations(range(items), size)], float)
    count, ratio = len(sets), (items - size) / (items * (items - 1))
    gamma = min(1.0, math.sqrt(math.log(count) / (ratio * horizon * (2 + ratio * items))))
    losses = np.zeros(count)
    begin = time.process_time()
    for _ in range(horizon):
        weights = np.exp(-gamma * ratio * (losses - losses.min()))
        p = (1 - gamma) * weights / weights.sum() + gamma / count
        played = sets[min(count - 1, np.searchsorted(np.cumsum(p), rng.random()))]
        total = ((rng.random(items) < means) * played).sum()
        losses += sets @ (np.linalg.inv((sets.T * p) @ sets) @ played) * (1 - total / size)
        reward += means @ played
    return time.process_time() - begin, horizon * np.sort(means)[-size:].sum() - reward


def c_etc(horizon: int) -> Result:
    """Explore for the greedy algorithm on the weights of covered elements, then commit, round by round."""
    rng, n, size = np.random.default_rng(1), 12, 4
    env = replay.start_env(Coverage(), horizon, 0)
    covers, weights = env.data.covers, env.data.weights
    delta, queries = 2 * size, n * size
    m = math.ceil((delta * horizon / queries) ** (2 / 3) * math.log(horizon) ** (1 / 3) / 2)
    found: list[int] = []
    sums, plays, worth = np.zeros(n), 0, 0.0
    begin = time.process_time()
    for _ in range(horizon):
        left = [item for item in range(n) if item not in found]
        item = left[plays // m] if len(found) < size else None
        chosen = found if item is None else [*found, item]
        value = weights[covers[chosen].any(axis=0)].sum()
        reward = rng.random() < value
        worth += value
        if item is not None:
            sums[item] += reward
            plays += 1
            if plays == m * len(left):
                found.append(max(left, key=lambda one: sums[one]))
                sums[:], plays = 0.0, 0
    return time.process_time() - begin, horizon * env.benchmarks[2] - worth


# --- convex play in NumPy -----------------------------------------------------------------------------------------


def gradients(horizon: int, dim: int) -> Iterator[np.ndarray]:
    """Yield gradients with expectation (1, 0, ...), and noise that is uniform on the sphere."""
    rng, mean = np.random.default_rng(1), np.eye(dim)[0]
    for _ in range(horizon):
        noise = rng.standard_normal(dim)
        yield mean + noise / math.sqrt(noise @ noise)


def in_ball(x: np.ndarray) -> np.ndarray:
    """Return the nearest point of the unit ball."""
    length = math.sqrt(x @ x)
    return x / length if length > 1.0 else x


def ogd(horizon: int, dim: int) -> Result:
    """Play by steps D / (G sqrt t)."""
    x, loss, begin = np.zeros(dim), 0.0, time.process_time()
    for t, gradient in enumerate(gradients(horizon, dim), 1):
        loss += x[0]
        x = in_ball(x - 2.0 / (2.0 * math.sqrt(t)) * gradient)
    return time.process_time() - begin, loss + horizon


def optimistic_omd(horizon: int, dim: int) -> Result:
    """Play by two steps, with the last gradient as the hint."""
    y, hint, errors, loss, begin = np.zeros(dim), np.zeros(dim), 0.0, 0.0, time.process_time()
    for gradient in gradients(horizon, dim):
        eta = 2.0 / math.sqrt(16.0 + errors)
        x = in_ball(y - eta * hint)
        loss += x[0]
        y = in_ball(y - eta * gradient)
        errors += (gradient - hint) @ (gradient - hint)
        hint = gradient
    return time.process_time() - begin, loss + horizon


def hedge(horizon: int, dim: int) -> Result:
    """Play exponential weights of the corners."""
    losses, loss, begin = np.zeros(dim), 0.0, time.process_time()
    rate = math.sqrt(8.0 * math.log(dim)) / (math.sqrt(2.0) * 2.0)
    for t, gradient in enumerate(gradients(horizon, dim), 1):
        weights = np.exp(-rate / math.sqrt(t) * (losses - losses.min()))
        loss += weights[0] / weights.sum()
        losses += gradient
    return time.process_time() - begin, loss


# --- ours ---------------------------------------------------------------------------------------------------------


def ours(environment: Any, policy: Any, horizon: int, metric: str = "") -> Result:
    """Return seconds of the rounds alone, and a metric, by default the first."""
    pair = replay.start(environment, policy, horizon)
    totals = np.zeros(len(pair.game.metrics))
    play = fuse.plain(pair.game.rounds, pair.verbs)
    if not hasattr(policy, "plain"):
        play, reason = fuse.prepare(pair.game.rounds, pair.verbs, pair.arguments(0, 0, totals))
        assert not reason, reason
    begin = time.process_time()
    play(*pair.arguments(0, horizon, totals))
    names = [one.name for one in pair.game.metrics]
    return time.process_time() - begin, float(totals[names.index(metric) if metric else 0])


def compare(title: str, repeats: int, horizon: int, there: Callable[[], Result], here: Callable[[], Result]) -> str:
    """Run both in turns; return a row of the table."""
    here()  # what is compiled on first use
    rows = [(*there(), *here()) for _ in range(repeats)]
    ratios = sorted(row[0] / row[2] for row in rows)
    slow, fast = (1e6 * statistics.median(row[at] for row in rows) / horizon for at in (0, 2))
    ratio = f"{statistics.median(ratios):.0f} ({ratios[0]:.0f} to {ratios[-1]:.0f})"
    return f"| {title} | {slow:.2f} | {fast:.3f} | {ratio} | {rows[0][1]:.4g} | {rows[0][3]:.4g} |"


def steady(dim: int, domain: Literal["ball", "simplex"]) -> SEA:
    """Return losses whose gradients have the expectation (1, 0, ...), and noise of norm 1."""
    return SEA(dim=dim, domain=domain, pattern="block-flip", period=10**9)


def against_numpy(repeats: int, horizon: int) -> None:
    """Print the table of both sides."""
    n, size, dim = 20, 4, 10
    top, small = TopK(means=gaps(n), k=size), TopK(means=gaps(10), k=3)
    lists, ball, simplex = Cascade(items=n, k=size), steady(dim, "ball"), steady(dim, "simplex")
    rows: list[tuple[str, Callable[[], Result], tuple]] = [
        (f"CUCB, n = {n}, k = {size}", lambda: semi_bandit(horizon, n, size, optimistic), (top, CUCB())),
        (f"CTS-Beta, n = {n}, k = {size}", lambda: semi_bandit(horizon, n, size, drawn), (top, CTSBeta())),
        (f"CascadeUCB1, n = {n}, k = {size}", lambda: cascade_ucb1(horizon, n, size), (lists, CascadeUCB1())),
        (f"OSMD, n = {n}, k = {size}", lambda: osmd(horizon, n, size), (top, OSMD())),
        ("EXP2, n = 10, k = 3", lambda: exp2(horizon, 10, 3), (small, EXP2())),
        ("C-ETC, n = 12, k = 4", lambda: c_etc(horizon), (Coverage(), CETC(), "offline-regret")),
        (f"OGD, ball, d = {dim}", lambda: ogd(horizon, dim), (ball, OGD())),
        (f"optimistic OMD, ball, d = {dim}", lambda: optimistic_omd(horizon, dim), (ball, OptimisticOMD())),
        (f"Hedge, simplex, d = {dim}", lambda: hedge(horizon, dim), (simplex, Hedge())),
    ]
    print(f"| T = {horizon:,}, us a round | NumPy | ours | ratio (range) | regret, NumPy | regret, ours |")
    print("|---|---|---|---|---|---|")
    for title, there, (world, policy, *metric) in rows:
        print(compare(title, repeats, horizon, there, lambda w=world, p=policy, m=metric: ours(w, p, horizon, *m)))


def rate(environment: Any, policy: Any, horizon: int) -> str:
    """Return millions of rounds a second."""
    ours(environment, policy, min(horizon, 100))
    return f"{horizon / ours(environment, policy, horizon)[0] / 1e6:.2f}"


def growth(horizon: int) -> None:
    """Print how costs grow with the numbers of items, of sets, and of coordinates."""
    sizes = [(10, 3), (20, 4), (20, 10), (100, 4), (100, 20)]
    print(f"\n| T = {horizon:,}, M rounds/s | {' | '.join(f'n = {n}, k = {k}' for n, k in sizes)} |")
    print("|---|" + "---|" * len(sizes))
    for policy in (CUCB(), CTSBeta(), ESCB(search="greedy"), CascadeUCB1(), OSMD(), FPL()):
        lists = isinstance(policy, CascadeUCB1)
        worlds = [Cascade(items=n, k=k) if lists else TopK(means=gaps(n), k=k) for n, k in sizes]
        print(f"| {type(policy).__name__} | {' | '.join(rate(world, policy, horizon) for world in worlds)} |")
    print("\n| us a round | " + " | ".join(f"n = {n}, k = {k}: {math.comb(n, k):,} sets" for n, k in LISTED) + " |")
    print("|---|" + "---|" * len(LISTED))
    for policy in (EXP2(), ESCB()):
        cells = []
        for n, k in LISTED:
            rounds = max(1000, horizon // math.comb(n, k))
            ours(TopK(means=gaps(n), k=k), policy, 100)
            cells.append(f"{1e6 * ours(TopK(means=gaps(n), k=k), policy, rounds)[0] / rounds:.2f}")
        print(f"| {type(policy).__name__} | {' | '.join(cells)} |")
    print("\n| C-ETC over greedy: n | k | T | ms |\n|---|---|---|---|")
    for n, k in ((12, 4), (20, 4), (20, 8)):
        seconds, _ = ours(Coverage(items=n, k=k), CETC(), horizon)
        print(f"| {n} | {k} | {horizon:,} | {1e3 * seconds:.0f} |")
    dims = (2, 10, 50, 200)
    print(f"\n| T = {horizon:,}, M rounds/s | {' | '.join(f'd = {dim}' for dim in dims)} |\n|---|" + "---|" * len(dims))
    for policy, domain in ((OGD(), "ball"), (OptimisticOMD(), "ball"), (Hedge(), "simplex")):
        cells = [rate(steady(dim, domain), policy, horizon // dim) for dim in dims]
        print(f"| {type(policy).__name__} | {' | '.join(cells)} |")


LISTED = ((6, 2), (10, 3), (15, 4), (15, 5))  #: n and k, of up to 5000 sets


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="10^6 rounds, and 10^5 against NumPy")
    options = parser.parse_args()
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"
    )
    print(f"load {os.getloadavg()[0]:.1f}\n")
    against_numpy(options.repeats, 100_000 if options.full else 10_000)
    growth(1_000_000 if options.full else 100_000)


if __name__ == "__main__":
    main()
