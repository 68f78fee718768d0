"""Who plays the tasks of a run: threads for compiled pairs, processes for plain ones, or a cluster."""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle
import joblib
import threadpoolctl
from joblib.externals.loky import get_reusable_executor

from banditlab import registry
from banditlab.errors import UserError
from banditlab.runs import trace
from banditlab.runs.grid import Cell, Settings
from banditlab.runs.pair import Curve, Failure, Pair, play_replications, prepare
from banditlab.runs.precision import Precision

ANSWER = 10  #: seconds that a scheduler has to answer
LOOK = 0.1  #: seconds until Ctrl-C is seen while other processes play


class Work(NamedTuple):
    """A cell of the grid with what was found out about it."""

    cell: Cell
    key: str
    pair: Pair
    loop: str  #: what the pair's loop is found by again, in another process
    told: frozenset[str]  #: facts that the policy used


class Task(NamedTuple):
    """Replications of a cell that are played one after the other."""

    work: Work
    replications: tuple[int, ...]

    @property
    def rounds(self) -> int:
        """Rounds in all."""
        return self.work.cell.horizon * len(self.replications)


class Progress:
    """Told how a run goes on; this one stays silent."""

    def start(self, rounds: int) -> None:
        """Begin, with so many rounds to play."""

    def extend(self, rounds: int) -> None:
        """So many rounds more are to be played than was said at the start."""

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


class Workers:
    """Threads for compiled pairs, processes for plain ones, or a cluster; ended by the first Ctrl-C."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        jobs: int,
        backend: str | None,
        scheduler: str | None,
        portable: bool,
        progress: Progress,
    ):
        self.settings, self.folder, self.jobs = settings, folder.absolute(), jobs
        self.backend, self.scheduler = backend, scheduler
        self.portable, self.progress = portable, progress
        self.stopped = threading.Event()
        self._client: Any = None
        self._fast: deque[Task] = deque()  # of compiled pairs
        self._slow: deque[Task] = deque()  # of pairs in plain Python

    @contextlib.contextmanager
    def ready(self) -> Iterator[None]:
        """Have the cluster at hand, where one is to play what was taken.

        Raises
        ------
        UserError
            There is none.
        """
        if self.backend != "dask" or not self._fast:
            yield
            return
        with cluster(self.scheduler, self.jobs) as self._client:
            yield

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

    def take(self, tasks: Iterable[Task]) -> None:
        """Take tasks to play; while others are played too, if these are of the same pairs."""
        for task in tasks:
            (self._slow if task.work.pair.reason and self.backend != "dask" else self._fast).append(task)

    def play(self) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        """Yield each task with its results, in the order in which they end."""
        if self.backend == "dask":
            if self._fast:
                yield from self._on_a_cluster(self._fast)
            return
        grows = isinstance(self.settings.replications, Precision)
        for tasks, default in ((self._fast, "threading"), (self._slow, "loky")):
            workers = self.jobs if grows else min(self.jobs, len(tasks))
            if not tasks:
                continue
            if workers == 1:
                yield from self._one_by_one(tasks)
            elif (self.backend or default) == "loky":
                executor = get_reusable_executor(workers, initializer=_leave_interrupts_to_the_parent)
                yield from self._in_processes(executor, tasks, 2 * workers)
            else:
                yield from self._in_threads(tasks, workers)

    def _on_a_cluster(self, tasks: deque[Task]) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        """Play on the workers of a Dask scheduler; a task whose worker dies is played by another one."""
        ahead = 2 * max(1, sum(self._client.nthreads().values()))
        yield from self._in_processes(self._client.get_executor(pure=False), tasks, ahead)

    def _one_by_one(self, tasks: deque[Task]) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        while tasks and not self.stopped.is_set():
            task = tasks.popleft()
            yield task, self._play_here(task)

    def _in_threads(self, tasks: deque[Task], workers: int) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        running: dict[Future, Task] = {}
        with ThreadPoolExecutor(workers) as executor:
            yield from self._through(lambda task: executor.submit(self._play_here, task), tasks, 2 * workers, running)
            for played in wait(running).done:  # a thread that is stopped still has what it finished
                yield running[played], played.result()

    def _play_here(self, task: Task) -> list[Curve | Failure]:
        work = task.work
        traces = trace.folder_of(self.folder, work.key)
        return play_replications(
            work.pair, work.cell, self.settings, task.replications, self.stopped.is_set, self.progress.advance, traces
        )

    def _in_processes(
        self, executor: Executor, tasks: deque[Task], ahead: int
    ) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        files = tuple(registry.plugins)
        running: dict[Future, Task] = {}
        submit = functools.partial(executor.submit, _play_there, files)
        try:
            for task, results in self._through(lambda task: submit(self._packed(task)), tasks, ahead, running):
                yield task, results
                self.progress.advance(task.rounds)
        except BrokenExecutor:
            raise UserError("a worker process was killed: what is finished is kept; the same command goes on") from None
        finally:
            if running:  # the run was stopped, or what came could not be stored
                _give_up(executor, running)

    def _through(
        self, submit: Callable[[Task], Future], tasks: deque[Task], ahead: int, running: dict[Future, Task]
    ) -> Iterator[tuple[Task, list[Curve | Failure]]]:
        """Play elsewhere, so many tasks under way at a time; once the run is stopped, some are left in `running`."""
        while not self.stopped.is_set():
            while tasks and len(running) < ahead:
                task = tasks.popleft()
                running[submit(task)] = task
            if not running:
                break
            for played in wait(running, timeout=LOOK, return_when=FIRST_COMPLETED).done:
                yield running.pop(played), played.result()

    def _packed(self, task: Task) -> bytes:
        """Pack a task such that the worker can load the user's files before it unpacks it."""
        work = task.work
        metrics = registry.metrics(work.cell.game)
        compiled = not work.pair.reason
        way = work.loop, self.portable, compiled, bool(self.settings.trace)
        traces = trace.folder_of(self.folder, work.key)
        return cloudpickle.dumps((work.cell, self.settings, task.replications, metrics, way, traces))


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
    cell, settings, replications, metrics, way, traces = cloudpickle.loads(packed)
    registry.adopt(metrics)
    if way not in _loops:
        _, portable, compiled, _ = way
        _loops[way] = prepare(cell, settings, portable=portable, compiled=compiled)
    with threadpoolctl.threadpool_limits(1):
        return play_replications(_loops[way], cell, settings, replications, traces=traces)


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
