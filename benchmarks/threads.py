"""What threads and long horizons cost: CPU time of two workers against one, and memory of 10^6 rounds against 10^4."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import banditlab


def play(horizon: int, replications: int, jobs: int) -> None:
    """Run UCB1 on ten Bernoulli arms through the public runner."""
    banditlab.run(
        environment={"kind": "bernoulli", "arms": 10, "gap": 0.1}, policies=["ucb1"],
        horizon=horizon, replications=replications, jobs=jobs, progress=False,
    )  # fmt: skip


def cpu_and_wall(jobs: int) -> tuple[float, float]:
    """Return CPU and wall seconds of 100 replications of 10^5 rounds."""
    cpu, wall = time.process_time(), time.perf_counter()
    play(100_000, 100, jobs)
    return time.process_time() - cpu, time.perf_counter() - wall


def peak(horizon: int) -> float:
    """Return the peak memory in MiB of a fresh process that plays 4 replications of a horizon."""
    done = subprocess.run([sys.executable, __file__, str(horizon)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    """Print both measurements."""
    play(1_000, 2, 2)
    runs = [(cpu_and_wall(1), cpu_and_wall(2)) for _ in range(9)]
    ratios = sorted(two[0] / one[0] for one, two in runs)
    for name, column in (("CPU", 0), ("wall", 1)):
        one, two = (statistics.median(run[side][column] for run in runs) for side in (0, 1))
        print(f"100 x 10^5 rounds of UCB1: {name} {one:.2f} s with jobs=1, {two:.2f} s with jobs=2")
    middle = statistics.median(ratios)
    print(f"ratio of CPU time: {middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}); goal: at most 1.1")
    short, long = (statistics.median(peak(horizon) for _ in range(5)) for horizon in (10_000, 1_000_000))
    print(f"peak memory: {short:.0f} MiB at 10^4 rounds, {long:.0f} MiB at 10^6: {long - short:+.1f} MiB")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        play(1_000, 4, 1)
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak of imports and of loading compiled code
        play(int(sys.argv[1]), 4, 1)
        status = Path("/proc/self/status").read_text()  # getrusage would count the parent's memory in
        print(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024)
    else:
        main()
