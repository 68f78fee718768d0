"""Rounds per second of BanditLab's public runner, one thread, against plain C of the same loops (`c/bandits.c`).

Both are run in turns; times are CPU time. The C side is the loop alone; ours is everything that `banditlab.run` does,
from the grid to the result, with the code compiled before. Run it as

    python benchmarks/against_c.py [workload ...] [--repeats 7] [--flags="-O3 -march=native"] [--portable]
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import statistics
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

import banditlab
from banditlab import seeding
from banditlab.registry import find

SOURCE = Path(__file__).parent / "c" / "bandits.c"


def compile_c(folder: str, flags: str) -> ctypes.CDLL:
    """Build the C twins with NumPy's installed headers and its library of samplers."""
    library = Path(folder) / "bandits.so"
    numpy_random = Path(np.__file__).parent / "random" / "lib"
    includes = [f"-I{np.get_include()}", f"-I{sysconfig.get_paths()['include']}"]
    command = ["gcc", *flags.split(), "-std=c11", "-shared", "-fPIC", *includes, SOURCE]
    subprocess.run([*command, f"-L{numpy_random}", "-lnpyrandom", "-lm", "-o", library], check=True)
    return ctypes.CDLL(str(library))


@dataclass(frozen=True)
class Workload:
    """A pair, its size, and the arguments of its C twin before (horizon, record points, curves)."""

    game: str
    environment: dict[str, Any]
    policy: str
    horizon: int
    replications: int
    twin: str
    arguments: Callable[[Any, Any, Any], tuple]  #: of the environment's state, the contexts, the policy's coins
    metrics: int = 2  #: that the twin records; the first is compared
    metric: str = "regret"


def integer(value: int) -> ctypes.c_int64:
    """Return a C int64."""
    return ctypes.c_int64(int(value))


def key(value: np.uint64) -> ctypes.c_uint64:
    """Return a C uint64."""
    return ctypes.c_uint64(int(value))


def array(values: np.ndarray) -> ctypes.c_void_p:
    """Return a pointer to the entries, which the caller keeps alive."""
    return values.ctypes.data_as(ctypes.c_void_p)


def bits(rng: np.random.Generator) -> ctypes.c_void_p:
    """Return the `bitgen_t *` of a generator."""
    return rng.bit_generator.ctypes.bit_generator


def real(value: float) -> ctypes.c_double:
    """Return a C double."""
    return ctypes.c_double(value)


def arms(env: Any, *coins: np.random.Generator) -> tuple:
    """Bernoulli arms, and the coins of a policy that has some."""
    return (integer(len(env.means)), array(env.means), key(env.noise), *map(bits, coins))


def thompson(env: Any, contexts: Any, coins: np.random.Generator) -> tuple:
    """Bernoulli arms, and the coins after the key for fractional rewards, which 0/1 rewards never use."""
    coins.integers(0, 2**64, dtype=np.uint64)
    return arms(env, coins)


def switching(env: Any, contexts: Any, coins: np.random.Generator) -> tuple:
    """Adversarial arms."""
    period = env.starts[1] if len(env.starts) > 1 else 1 << 40
    return integer(env.table.shape[1]), integer(period), array(env.table), key(env.noise), bits(coins)


def linear(models: int) -> Callable:
    """Linear environment, with one model for all arms or one for each."""

    def arguments(env: Any, contexts: np.random.Generator, coins: Any) -> tuple:
        number, dim = env.features.shape
        sizes = integer(models), integer(number), integer(dim)
        return (*sizes, array(env.theta), real(env.std), key(env.noise), bits(contexts), real(1.0), real(1.0))

    return arguments


def duels(env: Any, contexts: Any, coins: np.random.Generator) -> tuple:
    """Preference matrix, and the alpha of confidence bounds."""
    return integer(len(env.matrix)), array(env.matrix), integer(env.best[0]), key(env.noise), real(0.51), bits(coins)


def logistic_matrix(number: int) -> list[list[float]]:
    """Preferences of arms whose utilities fall evenly from 1 to 0, by the logistic link."""
    utilities = np.linspace(1.0, 0.0, number)
    above = np.triu(1.0 / (1.0 + np.exp(utilities[None, :] - utilities[:, None])), 1)
    return (above + np.tril(1.0 - above.T, -1) + 0.5 * np.eye(number)).tolist()


BERNOULLI = {"kind": "bernoulli", "arms": 10, "gap": 0.1}
ADVERSARIAL = {"kind": "adversarial", "arms": 10}
LINEAR = {"kind": "linear", "arms": 10, "dim": 20}
MATRIX = {"kind": "matrix", "matrix": logistic_matrix(10)}

WORKLOADS = {
    "UCB1": Workload("bandit", BERNOULLI, "ucb1", 100_000, 200, "ucb1_bernoulli", lambda env, *_: arms(env)),
    "UCB1, kept roots": Workload(
        "bandit", BERNOULLI, "ucb1", 100_000, 200, "ucb1_kept_bernoulli", lambda env, *_: arms(env)
    ),
    "Beta-Thompson": Workload("bandit", BERNOULLI, "thompson-beta", 100_000, 20, "thompson_bernoulli", thompson),
    "EXP3": Workload("bandit", ADVERSARIAL, "exp3", 100_000, 50, "exp3_adversarial", switching, 3),
    "LinUCB, shared": Workload("bandit", LINEAR, "linucb", 10_000, 40, "linucb_linear", linear(1)),
    "LinUCB, disjoint": Workload("bandit", LINEAR, "linucb-disjoint", 10_000, 40, "linucb_linear", linear(10)),
    "Double Thompson": Workload(
        "dueling", MATRIX, "double-thompson", 20_000, 20, "double_thompson_matrix", duels, 3, "average-preference"
    ),
    "RUCB": Workload("dueling", MATRIX, "rucb", 100_000, 40, "rucb_matrix", duels, 3, "average-preference"),
    "RUCB, kept bounds": Workload(
        "dueling", MATRIX, "rucb", 100_000, 40, "rucb_kept_matrix", duels, 3, "average-preference"
    ),
}


def run_ours(work: Workload, replications: int, portable: bool) -> tuple[float, np.ndarray, np.ndarray]:
    """Return CPU seconds, final regrets by replication, record points."""
    begin = time.process_time()
    result = banditlab.run(
        environment=work.environment, policies=[{"kind": work.policy}], game=work.game,
        horizon=work.horizon, replications=replications, portable=portable, jobs=1, progress=False,
    )  # fmt: skip
    seconds = time.process_time() - begin
    (cell,) = result.cells
    return seconds, cell.curves[work.metric][:, -1], cell.x


def run_c(library: ctypes.CDLL, work: Workload, points: np.ndarray) -> tuple[float, np.ndarray]:
    """Return CPU seconds of the loop, final regrets by replication, on the streams that the runner uses."""
    kind = find("environment", work.environment["kind"], work.game)
    environment = kind.cls(**{name: value for name, value in work.environment.items() if name != "kind"})
    function, place = getattr(library, work.twin), (work.game, kind.name)
    seconds, finals = 0.0, np.zeros(work.replications)
    for r in range(work.replications):
        instance = seeding.stream(0, "instance", *place, r)
        env = environment.start(instance, seeding.key(0, "noise", *place, r), work.horizon)
        contexts = seeding.stream(0, "contexts", *place, r)
        coins = seeding.stream(0, "policy", *place, work.policy, r)
        curves = np.zeros((len(points), work.metrics))
        arguments = work.arguments(env, contexts, coins)
        begin = time.process_time()
        function(*arguments, integer(work.horizon), integer(len(points)), array(points), array(curves))
        seconds += time.process_time() - begin
        finals[r] = curves[-1, 0]
    return seconds, finals


def compare(library: ctypes.CDLL, name: str, work: Workload, repeats: int, portable: bool) -> str:
    """Run both in turns; return a row of the table."""
    _, _, points = run_ours(work, 1, portable)
    times = []
    for _ in range(repeats):
        there, regret_there = run_c(library, work, points)
        here, regret_here, _ = run_ours(work, work.replications, portable)
        times.append((there, here))
    million = work.horizon * work.replications / 1e6
    rates = [million / statistics.median(side) for side in zip(*times, strict=True)]
    ratios = sorted(there / here for there, here in times)
    equal = f"{(regret_there == regret_here).sum()}/{work.replications}"
    ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    return (
        f"| {name} | {rates[0]:.2f} | {rates[1]:.2f} | {ratio} "
        f"| {regret_there.mean():.4f} | {regret_here.mean():.4f} | {equal} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", help=f"some of: {'; '.join(WORKLOADS)}")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--flags", default="-O3 -march=native", help="of gcc")
    parser.add_argument("--portable", action="store_true", help="the same order of sums on both sides, no fused ones")
    options = parser.parse_args()
    options.flags += " -ffp-contract=off" * options.portable
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}"
    print(f"gcc {options.flags}; {versions}; load {os.getloadavg()[0]:.1f}\n")
    print("| workload | C, M rounds/s | ours, M rounds/s | ours / C (range) | regret, C | regret, ours | equal runs |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        library = compile_c(folder, options.flags)
        for name in options.workloads or WORKLOADS:
            print(compare(library, name, WORKLOADS[name], options.repeats, options.portable), flush=True)


if __name__ == "__main__":
    main()
