"""A progress bar for the terminal and for notebooks: rounds a second, and the time left."""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from banditlab.runs import runner

PAUSE = 0.25  #: seconds before a notebook's line is shown, and between two changes of it


def fits() -> bool:
    """Tell whether a bar would be seen: in a terminal or a notebook."""
    return Console(stderr=True).is_terminal or in_notebook()


def in_notebook() -> bool:
    """Tell whether the code runs in the kernel of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None


def bar() -> runner.Progress:
    """Return a bar for where the code runs."""
    return Line() if in_notebook() else Bar()


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed or 0.0
        return Text(f"{count(speed)} rounds/s" if speed else "")


class Bar(runner.Progress):
    """A bar on the standard error stream."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description}"), BarColumn(24), TaskProgressColumn(), _Rate(), TimeRemainingColumn()
        console = Console(file=sys.stderr) if sys.stderr.isatty() else Console()
        self._bar = Progress(*columns, console=console)
        self._task = self._bar.add_task("playing", total=None, start=False)

    def start(self, rounds: int) -> None:
        """Show the bar."""
        if rounds:
            self._bar.update(self._task, total=rounds)
            self._bar.start_task(self._task)
            self._bar.start()

    def extend(self, rounds: int) -> None:
        """Make room for more rounds."""
        self._bar.update(self._task, total=self._bar.tasks[self._task].total + rounds)

    def advance(self, rounds: int) -> None:
        """Move the bar; from any thread."""
        self._bar.advance(self._task, rounds)

    def stop(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


class Line(runner.Progress):
    """A line below a notebook's cell that changes in place, and is taken away at the end.

    A run that is over at once shows none.
    """

    def __init__(self) -> None:
        self._total = self._done = 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._writer: threading.Thread | None = None

    def start(self, rounds: int) -> None:
        """Begin to watch."""
        self._total, self._begun = rounds, time.perf_counter()
        if rounds:
            context = contextvars.copy_context()  # by which a kernel knows the cell that runs
            self._writer = threading.Thread(target=context.run, args=(self._write,), daemon=True)
            self._writer.start()

    def extend(self, rounds: int) -> None:
        """Make room for more rounds."""
        self._total += rounds

    def advance(self, rounds: int) -> None:
        """Count; from any thread."""
        with self._lock:
            self._done += rounds

    def stop(self) -> None:
        """Take the line away."""
        self._over.set()
        if self._writer is not None:
            self._writer.join()

    def _write(self) -> None:
        from IPython.display import display

        shown: Any = None
        while not self._over.wait(PAUSE):
            if shown is None:
                shown = display(self._said(), raw=True, display_id=True)
            else:
                shown.update(self._said(), raw=True)
        if shown is not None:
            shown.update({"text/plain": "", "text/html": ""}, raw=True)

    def _said(self) -> dict[str, str]:
        """Return the line as a notebook takes it."""
        seconds, total = time.perf_counter() - self._begun, max(self._total, 1)
        rate = self._done / seconds
        text = f"playing {self._done / total:.0%}, {count(rate)} rounds/s"
        if self._done:
            text += f", {max(total - self._done, 0) / rate:.0f} s left"
        return {"text/plain": text, "text/html": f'<progress value="{self._done}" max="{total}"></progress> {text}'}


def count(number: float) -> str:
    """Write a large number in three digits: 12.3 M."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"
