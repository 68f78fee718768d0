"""A progress bar for the terminal and for notebooks: rounds a second, and the time left."""

from __future__ import annotations

import importlib.util
import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from banditlab.runs import runner


def fits() -> bool:
    """Tell whether a bar would be seen: in a terminal or a notebook."""
    console = Console(stderr=True)
    return console.is_terminal or (console.is_jupyter and importlib.util.find_spec("ipywidgets") is not None)


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


def count(number: float) -> str:
    """Write a large number in three digits: 12.3 M."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"
