"""Eight runs that start at once on an empty cache of compiled code: none may fail, and all must give the same bytes.

    python benchmarks/cold_starts.py [TURNS]

Each turn empties the cache, and lets eight processes, forked off one that has only imported, run one grid into a folder
each. A ninth process then runs it with what they have left.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from banditlab.runs import reading, runner

STARTS = 8
WORLD = {"kind": "bernoulli", "arms": 2, "gap": 0.1}


def play(folder: Path) -> None:
    """Run a tiny grid of the cheapest pair."""
    grid = reading.from_python(WORLD, "bandit/uniform", horizon=100, replications=2, name="cold")
    runner.run(grid, folder, jobs=1)


def fork(work: Callable[[Path], None], folder: Path) -> int:
    """Start work in a process of its own, and return its number."""
    number = os.fork()
    if number:
        return number
    try:
        work(folder)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def failures(numbers: list[int]) -> int:
    """Wait for processes, and return how many failed."""
    return sum(os.waitpid(number, 0)[1] != 0 for number in numbers)


def turn(cache: Path, place: Path) -> tuple[int, int]:
    """Return how many of the starts failed, and how many files a warm start then added to the cache."""
    for file in cache.rglob("*.nb?"):
        file.unlink()
    folders = [place / str(i) for i in range(STARTS + 1)]
    failed = failures([fork(play, folder) for folder in folders[:-1]])
    kept = sum(1 for _ in cache.rglob("*.nb?"))
    failed += failures([fork(play, folders[-1])])
    if not failed and len({(folder / "curves.parquet").read_bytes() for folder in folders}) > 1:
        raise SystemExit("the runs differ")
    return failed, sum(1 for _ in cache.rglob("*.nb?")) - kept


def main(turns: int) -> None:
    """Print how many starts failed."""
    begin, failed, added = time.perf_counter(), 0, 0
    for n in range(1, turns + 1):
        with tempfile.TemporaryDirectory() as place:
            found = turn(Path(os.environ["NUMBA_CACHE_DIR"]), Path(place))
        failed, added = failed + found[0], added + found[1]
        if n % 5 == 0 or n == turns:
            print(
                f"{n} x {STARTS} cold starts: {failed} failed; warm starts after them added {added} files to the cache;"
                f" {(time.perf_counter() - begin) / n:.1f} s a turn",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main(int(sys.argv[2]))
    else:
        turns = sys.argv[1] if len(sys.argv) > 1 else "100"
        with tempfile.TemporaryDirectory() as cache:  # which Numba must know of when it is imported
            environment = os.environ | {"NUMBA_CACHE_DIR": cache}
            subprocess.run([sys.executable, __file__, "in", turns], check=True, env=environment)
