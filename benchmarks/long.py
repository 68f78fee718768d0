"""10^8 rounds of Thompson sampling in one replication: rounds per second, and memory at the start and at the end."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from banditlab.runs import reading, runner


class Watch(runner.Progress):
    """Notes the memory of this process at each hundredth of the way."""

    def start(self, rounds: int) -> None:
        """Begin."""
        self.total, self.played, self.memory, self.begin = rounds, 0, [], time.perf_counter()

    def advance(self, rounds: int) -> None:
        """Look at the memory, where another hundredth is played."""
        self.played += rounds
        if self.played * 100 // self.total >= len(self.memory):
            status = Path("/proc/self/status").read_text()
            self.memory.append(int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024)

    def stop(self) -> None:
        """End."""
        self.seconds = time.perf_counter() - self.begin


def main(horizon: int) -> None:
    """Print what was measured."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        for rounds, name in ((1000, "warm"), (horizon, "long")):
            world = {"kind": "bernoulli", "arms": 10, "gap": 0.1}
            grid = reading.from_python(world, "thompson-beta", horizon=rounds, replications=1, name=name)
            before = time.process_time()
            runner.run(grid, Path(folder) / name, jobs=1, progress=watch)
    cpu = time.process_time() - before
    print(f"{horizon:,} rounds in {watch.seconds:.1f} s, {cpu:.1f} s of CPU: {horizon / cpu / 1e6:.2f} M rounds/s")
    first, last = watch.memory[0], watch.memory[-1]
    print(f"memory: {first:.1f} MiB after the first slice, at most {max(watch.memory):.1f}, {last:.1f} at the end")


if __name__ == "__main__":
    main(int(float(sys.argv[1])) if len(sys.argv) > 1 else 10**8)
