"""Grids of very many cells: time to plan, overhead of a cell, memory, the progress bar, and files in the folder."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from banditlab.runs import reading, runner

HORIZON = 20
POLICIES = 100


class Watch(runner.Progress):
    """Notes when playing begins, and what the progress bar is told."""

    def start(self, rounds: int) -> None:
        """Note when playing begins."""
        self.total, self.told, self.planned = rounds, 0, (time.process_time(), time.perf_counter())
        self._lock = threading.Lock()
        self.halfway = 0.0

    def advance(self, rounds: int) -> None:
        """Count."""
        with self._lock:
            self.told += rounds
            if not self.halfway and 2 * self.told >= self.total:
                self.halfway = time.perf_counter()

    def stop(self) -> None:
        """Note when the last round was played."""
        self.played = time.perf_counter()


def memory(which: str) -> float:
    """Return MiB of this process: VmRSS now, VmHWM at most."""
    return int(re.search(rf"{which}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def most_files(folder: Path, over: threading.Event, found: list[int]) -> None:
    """Count the files of a folder until all is over."""
    while not over.wait(0.5):
        found.append(sum(1 for file in folder.rglob("*") if file.is_file()))


def play(cells: int, folder: Path) -> None:
    """Run a grid of so many cells, and print its row of the table."""
    runner.run(grid(POLICIES, "warm"), folder / "warm", jobs=2)  # imports, compiled code
    watch, over, files = Watch(), threading.Event(), []
    counter = threading.Thread(target=most_files, args=(folder / "wide", over, files))
    counter.start()
    before, begin, imported = time.process_time(), time.perf_counter(), memory("VmRSS")
    runner.run(grid(cells, "wide"), folder / "wide", jobs=2, progress=watch)
    cpu = time.process_time() - before
    over.set()
    counter.join()
    plan, planned = watch.planned[0] - before, watch.planned[1] - begin
    half = (watch.halfway - watch.planned[1]) / (watch.played - watch.planned[1])
    left = sum(1 for file in (folder / "wide").rglob("*") if file.is_file())
    print(
        f"| {cells:,} | {planned:.1f} ({plan:.1f}) | {1000 * (cpu - plan) / cells:.2f} | {imported:.0f} | "
        f"{memory('VmHWM'):.0f} | {watch.told / watch.total:.0%}, {half:.0%} | {max(files)}, {left} |",
        flush=True,
    )


def grid(cells: int, name: str) -> reading.Grid:
    """Return a grid of so many cells of one replication."""
    gaps = [0.1 + 0.3 * i * POLICIES / cells for i in range(cells // POLICIES)]
    worlds = [{"kind": "bernoulli", "arms": 3, "sweep": {"gap": gaps}}]
    policies = [{"kind": "epsilon-greedy", "sweep": {"epsilon": [0.001 + 0.01 * i for i in range(POLICIES)]}}]
    return reading.from_python(worlds, policies, horizon=HORIZON, replications=1, name=name)


def main() -> None:
    """Print the table; each grid is run in a process of its own."""
    print("| cells | planning, s (CPU) | ms of CPU a cell | MiB before | at most | told, half at | files, left |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for cells in (50_000, 200_000):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, __file__, str(cells), folder], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        play(int(sys.argv[1]), Path(sys.argv[2]))
    else:
        main()
