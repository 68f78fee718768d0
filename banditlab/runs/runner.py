"""Runs a grid: what is missing, on all cores, into its folder; a replication gives the same bytes wherever it runs."""

from __future__ import annotations

import contextlib
import itertools
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle
import joblib
import threadpoolctl
from joblib.externals.loky import get_reusable_executor

from banditlab import registry
from banditlab.errors import UserError
from banditlab.runs import provenance
from banditlab.runs.grid import Cell, Grid, Settings
from banditlab.runs.identity import Keys, code, code_of
from banditlab.runs.pair import Checked, Curve, Failure, Pair, check, play_replications, prepare
from banditlab.runs.store import Store

MANY = 2000  #: cells, above which not every one is started before the run
BATCH = 200_000  #: rounds that a task of a compiled pair should have at least
FLUSH = 1.0  #: seconds of finished work in a segment
ANSWER = 10  #: seconds that a scheduler has to answer
LOOK = 0.1  #: seconds until Ctrl-C is seen while other processes play


@dataclass(frozen=True)
class Work:
    """A cell of the grid with what was found out about it."""

    cell: Cell
    key: str
    pair: Pair
    loop: str  #: what the pair's loop is found by again, in another process
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


class Shard(NamedTuple):
    """A part of the work: every n-th replication, so that each has about the same of every cell."""

    number: int  #: 1 .. of
    of: int

    def has(self, place: int) -> bool:
        """Return whether it is the part of work in that place."""
        return place % self.of == self.number - 1


@dataclass
class Report:
    """What came of a run.

    Attributes
    ----------
    failures : list of (Work, Failure)
    interrupted : bool
    done, found : int
        Replications that were played, and that were there already.
    plain : dict of str to str
        Policies that ran in plain Python: label to the reason and the rate.
    timings : dict of str to Counter
        By key of the cell: replications, rounds, seconds of wall time, and seconds of CPU time ("cpu").
    notes : list of str
        What environments have to say of a run of so many rounds.
    began : dict
        Where and with what it began: code may change while it goes on.
    """

    failures: list[tuple[Work, Failure]] = field(default_factory=list)
    interrupted: bool = False
    done: int = 0
    found: int = 0
    plain: dict[str, str] = field(default_factory=dict)
    timings: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    notes: list[str] = field(default_factory=list)
    began: dict[str, Any] = field(default_factory=provenance.collect)

    def remarks(self) -> list[str]:
        """Return a line for each thing that a user should know of the run."""
        return [*(f"{policy} ran {how}" for policy, how in self.plain.items()), *self.notes]

    def failed(self) -> list[str]:
        """Return a line for each cell and reason, with the replications that failed for it."""
        groups: dict[tuple[str, str], list[int]] = {}
        for work, failure in self.failures:
            groups.setdefault((work.cell.title, failure.message), []).append(failure.replication)
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
    checked: dict[tuple, Checked] = {}  # by the kinds of a pair: that of its last cell
    found: list[Checked] = []
    for cell, wanted in _to_check(grid.cells):
        kinds = id(cell.world.kind), id(cell.player.kind), _between(cell)
        try:
            if wanted:
                checked[kinds] = check(cell, grid.settings)
            found.append(checked.get(kinds))
        except UserError as error:
            lines |= dict.fromkeys(f"{grid.source}: {line}" for line in error.lines)
    if lines:
        raise UserError(*lines)
    pairs: dict[Any, tuple[Pair, str]] = {}
    key, works = Keys(grid.settings, portable).of, []
    for cell, one in zip(grid.cells, found, strict=True):
        loop = id(cell.world.kind), id(cell.player.kind), _between(cell), one.layout
        if loop not in pairs:
            name = repr((code_of(cell), one.layout))
            pairs[loop] = prepare(cell, grid.settings, portable=portable, compiled=compiled), name
        works.append(Work(cell, key(cell), *pairs[loop], one.told))
    return works


def _between(cell: Cell) -> tuple[int, ...]:
    """Return the kinds of a cell's wrappers."""
    return tuple(id(wrapper.kind) for wrapper in cell.world.wrappers)


def _to_check(cells: Sequence[Cell]) -> Iterator[tuple[Cell, bool]]:
    """Yield each cell, and whether it is to be started: every one, or of many each environment and policy once."""
    worlds, players = set(), set()
    for cell in cells:
        world, player = (id(cell.world), id(cell.player.kind)), (id(cell.world.kind), id(cell.player))
        yield cell, len(cells) <= MANY or world not in worlds or player not in players
        worlds.add(world)
        players.add(player)


def run(
    grid: Grid,
    folder: str | Path,
    *,
    jobs: int = -1,
    backend: str | None = None,
    scheduler: str | None = None,
    portable: bool = False,
    compiled: bool = True,
    fresh: bool = False,
    shard: Shard | None = None,
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
        "threading", "loky" or "dask". By default threads, and processes for policies in plain Python.
    scheduler : str, optional
        Address of the Dask scheduler; by default a cluster of so many workers on this machine.
    portable : bool
        The same bits on every x86-64 CPU, at some cost.
    compiled : bool
        False runs everything in plain Python and in this process, for a debugger.
    fresh : bool
        Forget what the folder holds, and start over.
    shard : Shard, optional
        The part of the work that is to be played here.

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
        crew = _Workers(grid.settings, count, backend, scheduler, portable, progress or Progress())
        return _run(grid, works, store, crew, shard or Shard(1, 1), fresh)


def _run(grid: Grid, works: list[Work], store: Store, crew: _Workers, shard: Shard, fresh: bool) -> Report:
    damaged = store.repair()
    if fresh:
        store.clear()
    finished = store.finished({work.key: len(work.cell.metrics) for work in works})
    store.describe(grid, crew.portable, [(work.key, work.cell, work.told) for work in works])
    distinct = list({work.key: work for work in works}.values())  # two labels may stand for the same work
    wanted = [[r for r in range(grid.settings.replications) if shard.has(i + r)] for i in range(len(distinct))]
    tasks = [task for work, part in zip(distinct, wanted, strict=True) for task in _tasks(work, part, finished)]
    found = sum((work.key, r) in finished for work, part in zip(distinct, wanted, strict=True) for r in part)
    report = Report(found=found, notes=[*damaged, *notes(grid)])
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
            store.note_failures((work.key, failure) for work, failure in report.failures)
    report.interrupted = crew.stopped.is_set()
    _note_plain(report, works)
    provenance.write(store.folder, _about(report))
    return report


def notes(grid: Grid) -> list[str]:
    """Return what environments have to say of a run of so many rounds."""
    return list(dict.fromkeys(line for cell in grid.cells for line in cell.world.notes(cell.horizon)))


def _tasks(work: Work, wanted: list[int], finished: set[tuple[str, int]]) -> Iterator[Task]:
    missing = [r for r in wanted if (work.key, r) not in finished]
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
        report.failures += [(work, result) for result in results if isinstance(result, Failure)]
        report.done += len(curves)
        for curve in curves:
            taken = {"rounds": work.cell.horizon, "seconds": curve.seconds, "cpu": curve.cpu}
            report.timings[work.key].update(replications=1, **taken)
        if time.monotonic() - written > FLUSH:
            store.flush()
            written = time.monotonic()


class _Workers:
    """Threads for compiled pairs, processes for plain ones, or a cluster; ended by the first Ctrl-C."""

    def __init__(
        self,
        settings: Settings,
        jobs: int,
        backend: str | None,
        scheduler: str | None,
        portable: bool,
        progress: Progress,
    ):
        self.settings, self.jobs, self.backend, self.scheduler = settings, jobs, backend, scheduler
        self.portable, self.progress = portable, progress
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
        if self.backend == "dask":
            if tasks:
                yield from self._on_a_cluster(tasks)
            return
        fast = [task for task in tasks if not task.work.pair.reason]
        slow = [task for task in tasks if task.work.pair.reason]
        for group, default in ((fast, "threading"), (slow, "loky")):
            workers = min(self.jobs, len(group))
            if workers > 1 and (self.backend or default) == "loky":
                executor = get_reusable_executor(workers, initializer=_leave_interrupts_to_the_parent)
                yield from self._through(executor, group, 2 * workers)
            elif group:
                yield from self._in_threads(group, workers)

    def _on_a_cluster(self, tasks: list[Task]) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        """Play on the workers of a Dask scheduler; a task whose worker dies is played by another one."""
        with cluster(self.scheduler, self.jobs) as client:
            ahead = 2 * max(1, sum(client.nthreads().values()))
            yield from self._through(client.get_executor(pure=False), tasks, ahead)

    def _in_threads(self, tasks: list[Task], workers: int) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        calls = (joblib.delayed(self._play_here)(i, task) for i, task in enumerate(tasks))
        for i, results in joblib.Parallel(workers, backend="threading", return_as="generator_unordered")(calls):
            yield tasks[i], results

    def _play_here(self, i: int, task: Task) -> tuple[int, list[Curve | Failure]]:
        work = task.work
        return i, play_replications(
            work.pair, work.cell, self.settings, task.replications, self.stopped.is_set, self.progress.advance
        )

    def _through(
        self, executor: Executor, tasks: list[Task], ahead: int
    ) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        """Play in other processes, so many tasks under way at a time."""
        files = tuple(registry.plugins)
        coming = iter(tasks)
        running: dict[Any, Task] = {}
        try:
            while not self.stopped.is_set():
                for task in itertools.islice(coming, ahead - len(running)):
                    running[executor.submit(_play_there, files, self._packed(task))] = task
                if not running:
                    break
                for played in wait(running, timeout=LOOK, return_when=FIRST_COMPLETED).done:
                    task = running.pop(played)
                    yield task, played.result()
                    self.progress.advance(task.rounds)
        except BrokenExecutor:
            raise UserError("a worker process was killed: what is finished is kept; the same command goes on") from None
        finally:
            if running:  # the run was stopped, or what came could not be stored
                _give_up(executor, running)

    def _packed(self, task: Task) -> bytes:
        """Pack a task such that the worker can load the user's files before it unpacks it."""
        work = task.work
        metrics = registry.metrics(work.cell.game)
        compiled = not work.pair.reason
        way = work.loop, self.portable, compiled
        return cloudpickle.dumps((work.cell, self.settings, task.replications, metrics, way))


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _give_up(executor: Executor, running: Iterable[Any]) -> None:
    for future in running:
        future.cancel()
    if hasattr(executor, "_temp_folder_manager"):  # loky's, whose workers would play on
        executor.shutdown(wait=False, kill_workers=True)


_loops: dict[tuple, Pair] = {}  #: in a worker process: what it has made ready


def _play_there(files: tuple[str, ...], packed: bytes) -> list[Curve | Failure]:
    """Play a task in a worker process."""
    for file in files:
        if file not in registry.plugins:
            registry.load_plugin(file)
    cell, settings, replications, metrics, way = cloudpickle.loads(packed)
    registry.adopt(metrics)
    if way not in _loops:
        _, portable, compiled = way
        _loops[way] = prepare(cell, settings, portable=portable, compiled=compiled)
    with threadpoolctl.threadpool_limits(1):
        return play_replications(_loops[way], cell, settings, replications)


@contextlib.contextmanager
def cluster(scheduler: str | None, workers: int) -> Iterator[Any]:
    """Yield a client of the Dask scheduler at an address, or of a cluster of one's own on this machine.

    Raises
    ------
    UserError
        Dask is not installed, or nothing answers at the address.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise UserError('--backend dask: install it first: pip install "banditlab-sim[dask]"') from None
    if scheduler is None:
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as local,
            Client(local) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout=ANSWER)
    except (OSError, ValueError) as error:
        raise UserError(f"--scheduler {scheduler}: no Dask scheduler answers there ({error})") from None
    with client:
        yield client


def _note_plain(report: Report, works: list[Work]) -> None:
    for work in works:
        taken, player = report.timings.get(work.key), work.cell.player
        if work.pair.reason and taken and taken["seconds"] > 0:
            # of a policy that is meant to run so, what it decides takes time, and not what it plays
            rate = (
                "" if hasattr(player.instance, "plain") else f"at {taken['rounds'] / taken['seconds']:,.0f} rounds/s "
            )
            report.plain[player.label] = f"{rate}in plain Python ({work.pair.reason})"


def _about(report: Report) -> dict[str, Any]:
    timings = {key: {name: round(n, 6) for name, n in taken.items()} for key, taken in report.timings.items()}
    failures = [
        {"cell": work.cell.title, "replication": failure.replication, "message": failure.message}
        for work, failure in report.failures
    ]
    return report.began | {
        "done": report.done, "found": report.found, "interrupted": report.interrupted,
        "plain": report.plain, "failures": failures, "timings": timings,
    }  # fmt: skip
