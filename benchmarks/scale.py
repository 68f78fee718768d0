"""One grid on threads, processes, a Dask cluster that loses a worker, and in shards: the same bytes, at what cost.

    python benchmarks/scale.py        # needs the extra [dask]

The grid has 60 cells of 10 replications of 200 000 rounds. Each way is a run of its own from its start to its end,
imports, table and figure included, with compiled code in the cache. CPU time is that of all its processes.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

GRID = """
name = "scale"
horizon = 200_000
replications = 10
[[environment]]
kind = "bernoulli"
arms = 5
sweep = { gap = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55] }
[[policy]]
kind = "epsilon-greedy"
sweep = { epsilon = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3] }
"""
ROWS = 60 * 10  #: of `curves.parquet`
CANONICAL = ("grid.json", "cells.parquet", "curves.parquet", "failures.json")
ADOPT = 36  #: PR_SET_CHILD_SUBREAPER: what a run leaves behind becomes our child, whose CPU time we learn


def measure(folder: Path, *commands: list[str], disturb: Callable[[int, Path], None] | None = None) -> tuple:
    """Run commands one after the other; return seconds of wall time and of CPU time of all that they start."""
    begin, cpu = time.perf_counter(), 0.0
    for command in commands:
        running = subprocess.Popen([sys.executable, "-m", "banditlab", *command], stdout=subprocess.DEVNULL)
        if disturb:
            disturb(running.pid, folder)
        while True:
            try:
                number, status, used = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += used.ru_utime + used.ru_stime
            if number == running.pid and status:
                raise SystemExit(f"banditlab {' '.join(command)} ended with {status}")
    return time.perf_counter() - begin, cpu


def kill_a_worker_half_way(number: int, folder: Path) -> None:
    """Kill a Dask worker of a run, once half of its work is stored."""
    while sum(pq.read_metadata(file).num_rows for file in (folder / "segments").glob("*.parquet")) < ROWS / 2:
        time.sleep(0.05)
    workers = [child for child in children(number) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    os.kill(workers[-1], signal.SIGKILL)


def children(number: int) -> list[int]:
    """Return the processes that a process has started, from any of its threads."""
    tasks = Path(f"/proc/{number}/task").glob("*/children")
    return sorted(int(child) for task in tasks for child in task.read_text().split())


def main() -> None:
    """Print the table."""
    ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        grid = base / "grid.toml"
        grid.write_text(GRID)

        def run(name: str, *more: str) -> list[str]:
            return ["run", str(grid), "--out", str(base / name), *more]

        measure(base, run("warm", "--jobs", "1", "--quick"))
        shards = [run(f"shard-{i}", "--jobs", "2", "--shard", f"{i}/3") for i in (1, 2, 3)]
        merge = ["merge", *(str(base / f"shard-{i}") for i in (1, 2, 3)), "--out", str(base / "shards")]
        ways = {
            "1 thread": ("one", [run("one", "--jobs", "1")], None),
            "4 threads": ("four", [run("four", "--jobs", "4")], None),
            "2 processes": ("processes", [run("processes", "--jobs", "2", "--backend", "loky")], None),
            "Dask, 2 workers": ("dask", [run("dask", "--jobs", "2", "--backend", "dask")], None),
            "Dask, 2 workers, one killed half-way": (
                "two", [run("two", "--jobs", "2", "--backend", "dask")], kill_a_worker_half_way
            ),
            "Dask, 3 workers, one killed half-way": (
                "three", [run("three", "--jobs", "3", "--backend", "dask")], kill_a_worker_half_way
            ),
            "3 shards of 2 threads, one after the other, and merged": ("shards", [*shards, merge], None),
        }  # fmt: skip
        print("| way | wall, s | CPU, s | canonical files |\n|---|---|---|---|", flush=True)
        for title, (name, commands, disturb) in ways.items():
            wall, cpu = measure(base / name, *commands, disturb=disturb)
            same = all((base / name / file).read_bytes() == (base / "one" / file).read_bytes() for file in CANONICAL)
            print(f"| {title} | {wall:.1f} | {cpu:.1f} | {'the same bytes' if same else 'DIFFERENT'} |", flush=True)


if __name__ == "__main__":
    main()
