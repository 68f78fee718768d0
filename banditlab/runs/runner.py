"""Runs a grid: what is missing, on all cores, into its folder; a replication gives the same bytes wherever it runs."""

from __future__ import annotations

import contextlib
import itertools
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import threadpoolctl
from joblib.externals.loky import get_reusable_executor, wait

from banditlab import registry
from banditlab.errors import UserError
from banditlab.runs import provenance
from banditlab.runs.grid import Cell, Grid, Settings
from banditlab.runs.identity import cell_key, code
from banditlab.runs.pair import Checked, Curve, Failure, Pair, check, play_replications, prepare
from banditlab.runs.store import Store

BATCH = 200_000  #: rounds that a task of a compiled pair should have at least
FLUSH = 1.0  #: seconds of finished work in a segment
LOOK = 0.1  #: seconds until Ctrl-C is seen while other processes play


@dataclass(frozen=True)
class Work:
    """A cell of the grid with what was found out about it."""

    cell: Cell
    key: str
    pair: Pair
    told: frozenset[str]  #: facts that the policy used


@dataclass(frozen=True)
class Task:
    """Replications of a cell that are played one after the other."""

    work: Work
    replications: tuple[int, ...]

    @property
    def rounds(self) -> int:
        """Rounds in all."""
        return self.work.cell.horizon * len(self.replications)


@dataclass
class Report:
    """What came of a run.

    Attributes
    ----------
    failures : list of (Cell, Failure)
    interrupted : bool
    done, found : int
        Replications that were played, and that were there already.
    plain : dict of str to str
        Policies that ran in plain Python: label to the reason and the rate.
    timings : dict of str to (float, int)
        By key of the cell: seconds and rounds played.
    notes : list of str
        What environments have to say of a run of so many rounds.
    """

    failures: list[tuple[Cell, Failure]] = field(default_factory=list)
    interrupted: bool = False
    done: int = 0
    found: int = 0
    plain: dict[str, str] = field(default_factory=dict)
    timings: dict[str, tuple[float, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def remarks(self) -> list[str]:
        """Return a line for each thing that a user should know of the run."""
        return [*(f"{policy} ran at {how}" for policy, how in self.plain.items()), *self.notes]

    def failed(self) -> list[str]:
        """Return a line for each cell and reason, with the replications that failed for it."""
        groups: dict[tuple[str, str], list[int]] = {}
        for cell, failure in self.failures:
            groups.setdefault((cell.title, failure.message), []).append(failure.replication)
        return [f"{title}, {_listed(sorted(found))}: {message}" for (title, message), found in groups.items()]


def _listed(replications: list[int]) -> str:
    if len(replications) == 1:
        return f"replication {replications[0]}"
    shown = ", ".join(map(str, replications[:5])) + (", ..." if len(replications) > 5 else "")
    return f"{len(replications)} replications ({shown})"


class Progress:
    """Told how a run goes on; this one stays silent."""

    def start(self, rounds: int) -> None:
        """Begin, with so many rounds to play."""

    def advance(self, rounds: int) -> None:
        """So many rounds more were played; called from any thread."""

    def stop(self) -> None:
        """End."""


def workers(jobs: int) -> int:
    """Return the number of workers that `jobs` asks for.

    Raises
    ------
    UserError
        It is neither positive nor -1.
    """
    if jobs == 0 or jobs < -1:
        raise UserError(f"jobs: a number of workers, or -1 for all cores; got {jobs}")
    return joblib.effective_n_jobs(jobs)


def survey(grid: Grid, *, portable: bool = False, compiled: bool = True) -> list[Work]:
    """Start every cell once and compile every pair once, here, before any worker does.

    Raises
    ------
    UserError
        A line for each cell that cannot be started.
    CacheError
        Compiled code cannot be written.
    """
    code.cache_clear()  # in a notebook, a function that a policy calls may have changed since the last run
    lines: dict[str, None] = {}
    checked: list[Checked] = []
    for cell in grid.cells:
        try:
            checked.append(check(cell, grid.settings))
        except UserError as error:
            lines |= dict.fromkeys(f"{grid.source}: {line}" for line in error.lines)
    if lines:
        raise UserError(*lines)
    pairs: dict[Any, Pair] = {}
    works = []
    for cell, found in zip(grid.cells, checked, strict=True):
        loop = (cell.game, cell.world.kind, cell.player.kind, found.layout)
        if loop not in pairs:
            pairs[loop] = prepare(cell, grid.settings, portable=portable, compiled=compiled)
        works.append(Work(cell, cell_key(cell, grid.settings, portable), pairs[loop], found.told))
    return works


def run(
    grid: Grid,
    folder: str | Path,
    *,
    jobs: int = -1,
    backend: str | None = None,
    portable: bool = False,
    compiled: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Play what is missing of a grid, and store it.

    Parameters
    ----------
    grid : Grid
    folder : path
        Made where it is missing; a folder of this grid is continued.
    jobs : int
        Workers; -1 for all cores.
    backend : str, optional
        "threading" or "loky". By default threads, and processes for policies in plain Python.
    portable : bool
        The same bits on every x86-64 CPU, at some cost.
    compiled : bool
        False runs everything in plain Python and in this process, for a debugger.

    Raises
    ------
    UserError, CacheError
        Before anything is played.
    """
    count = workers(jobs) if compiled or backend else 1  # a debugger needs everything in its own process
    store = Store(folder, grid.name, {cell.game for cell in grid.cells})
    works = survey(grid, portable=portable, compiled=compiled)
    store.open()
    with store.alone():
        return _run(grid, works, store, _Workers(grid.settings, count, backend, portable, progress or Progress()))


def _run(grid: Grid, works: list[Work], store: Store, crew: _Workers) -> Report:
    finished = store.finished()
    store.describe(grid, [(work.key, work.cell, work.told) for work in works])
    distinct = {work.key: work for work in works}.values()  # two labels may stand for the same work
    tasks = [task for work in distinct for task in _tasks(work, grid.settings.replications, finished)]
    found = sum((work.key, r) in finished for work in distinct for r in range(grid.settings.replications))
    report = Report(found=found, notes=notes(grid))
    crew.progress.start(sum(task.rounds for task in tasks))
    with threadpoolctl.threadpool_limits(1), crew.interruptible():
        try:
            _collect(crew, tasks, store, report)
        except BaseException:
            crew.stopped.set()  # threads would play on what can no longer be kept
            raise
        finally:
            crew.progress.stop()
            store.compact()
    report.interrupted = crew.stopped.is_set()
    _note_plain(report, works)
    provenance.write(store.folder, _about(report))
    return report


def notes(grid: Grid) -> list[str]:
    """Return what environments have to say of a run of so many rounds."""
    return list(dict.fromkeys(line for cell in grid.cells for line in cell.world.notes(cell.horizon)))


def _tasks(work: Work, replications: int, finished: set[tuple[str, int]]) -> Iterator[Task]:
    missing = [r for r in range(replications) if (work.key, r) not in finished]
    size = 1 if work.pair.reason else max(1, min(BATCH // work.cell.horizon, -(-len(missing) // 8)))
    for i in range(0, len(missing), size):
        yield Task(work, tuple(missing[i : i + size]))


def _collect(crew: _Workers, tasks: list[Task], store: Store, report: Report) -> None:
    """Play tasks, and store their results about every second."""
    written = time.monotonic()
    for task, results in crew.play(tasks):
        work = task.work
        curves = [result for result in results if isinstance(result, Curve)]
        store.add(work.key, work.cell, curves)
        report.failures += [(work.cell, result) for result in results if isinstance(result, Failure)]
        report.done += len(curves)
        seconds, rounds = report.timings.get(work.key, (0.0, 0))
        seconds += sum(curve.seconds for curve in curves)
        report.timings[work.key] = seconds, rounds + len(curves) * work.cell.horizon
        if time.monotonic() - written > FLUSH:
            store.flush()
            written = time.monotonic()


class _Workers:
    """Threads for compiled pairs, processes for plain ones; ended by the first Ctrl-C."""

    def __init__(self, settings: Settings, jobs: int, backend: str | None, portable: bool, progress: Progress):
        self.settings, self.jobs, self.backend, self.portable = settings, jobs, backend, portable
        self.progress = progress
        self.stopped = threading.Event()

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let Ctrl-C end the run after the slices under way, and a second one at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupt(self, number: int, frame: Any) -> None:
        if self.stopped.is_set():
            raise KeyboardInterrupt
        self.stopped.set()

    def play(self, tasks: list[Task]) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        """Yield each task with its results, in the order in which they end."""
        fast = [task for task in tasks if not task.work.pair.reason]
        slow = [task for task in tasks if task.work.pair.reason]
        for group, default in ((fast, "threading"), (slow, "loky")):
            workers = min(self.jobs, len(group))
            if workers > 1 and (self.backend or default) == "loky":
                yield from self._in_processes(group, workers)
            elif group:
                yield from self._in_threads(group, workers)

    def _in_threads(self, tasks: list[Task], workers: int) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        calls = (joblib.delayed(self._play_here)(i, task) for i, task in enumerate(tasks))
        for i, results in joblib.Parallel(workers, backend="threading", return_as="generator_unordered")(calls):
            yield tasks[i], results

    def _play_here(self, i: int, task: Task) -> tuple[int, list[Curve | Failure]]:
        work = task.work
        return i, play_replications(
            work.pair, work.cell, self.settings, task.replications, self.stopped.is_set, self.progress.advance
        )

    def _in_processes(self, tasks: list[Task], workers: int) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        files = tuple(registry.plugins)
        executor = get_reusable_executor(workers, initializer=_leave_interrupts_to_the_parent)
        coming = iter(tasks)
        running: dict[Any, Task] = {}
        try:
            while not self.stopped.is_set():
                for task in itertools.islice(coming, 2 * workers - len(running)):
                    running[executor.submit(_play_there, files, self._packed(task))] = task
                if not running:
                    break
                for played in wait(running, timeout=LOOK, return_when="FIRST_COMPLETED").done:
                    task = running.pop(played)
                    self.progress.advance(task.rounds)
                    yield task, played.result()
        finally:
            if running:  # the run was stopped, or what came could not be stored
                executor.shutdown(wait=False, kill_workers=True)

    def _packed(self, task: Task) -> bytes:
        """Pack a task such that the worker can load the user's files before it unpacks it."""
        work = task.work
        metrics = registry.metrics(work.cell.game)
        compiled = not work.pair.reason
        return cloudpickle.dumps((work.cell, self.settings, task.replications, metrics, self.portable, compiled))


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _play_there(files: tuple[str, ...], packed: bytes) -> list[Curve | Failure]:
    """Play a task in a worker process."""
    for file in files:
        if file not in registry.plugins:
            registry.load_plugin(file)
    cell, settings, replications, metrics, portable, compiled = cloudpickle.loads(packed)
    registry.adopt(metrics)
    pair = prepare(cell, settings, portable=portable, compiled=compiled)
    with threadpoolctl.threadpool_limits(1):
        return play_replications(pair, cell, settings, replications)


def _note_plain(report: Report, works: list[Work]) -> None:
    for work in works:
        seconds, rounds = report.timings.get(work.key, (0.0, 0))
        if work.pair.reason and seconds > 0:
            rate = f"{rounds / seconds:,.0f} rounds/s"
            report.plain[work.cell.player.label] = f"{rate} in plain Python ({work.pair.reason})"


def _about(report: Report) -> dict[str, Any]:
    timings = {key: {"seconds": round(s, 3), "rounds": n} for key, (s, n) in report.timings.items()}
    failures = [
        {"cell": cell.title, "replication": failure.replication, "message": failure.message}
        for cell, failure in report.failures
    ]
    return provenance.collect() | {
        "done": report.done, "found": report.found, "interrupted": report.interrupted,
        "plain": report.plain, "failures": failures, "timings": timings,
    }  # fmt: skip
