"""Runs a grid: what is missing, on all cores, into its folder; a replication gives the same bytes wherever it runs."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import threadpoolctl

from banditlab.errors import UserError
from banditlab.games.game import shown
from banditlab.runs import collector, provenance, trace, tuning
from banditlab.runs.grid import Cell, Grid, Settings
from banditlab.runs.identity import Keys, code, code_of
from banditlab.runs.pair import Checked, Curve, Failure, Pair, check, prepare
from banditlab.runs.precision import Precision, most, stand
from banditlab.runs.store import Store, finals, read_curves
from banditlab.runs.workers import Progress, Task, Work, Workers, workers

MANY = 2000  #: cells, above which not every one is started before the run
BATCH = 200_000  #: rounds that a task of a compiled pair should have at least
FLUSH = 1.0  #: seconds of finished work in a segment


class Shard(NamedTuple):
    """A part of the work: every n-th replication, so that each has about the same of every cell."""

    number: int  #: 1 .. of
    of: int

    def has(self, place: int) -> bool:
        """Return whether it is the part of work in that place."""
        return place % self.of == self.number - 1


@dataclass(slots=True)
class Timing:
    """What a cell has taken: there may be many cells."""

    replications: int = 0
    rounds: int = 0
    seconds: float = 0.0  #: of wall time
    cpu: float = 0.0  #: seconds of CPU time

    def add(self, rounds: int, curve: Curve) -> None:
        """Add a replication of so many rounds."""
        self.replications += 1
        self.rounds += rounds
        self.seconds += curve.seconds
        self.cpu += curve.cpu

    def plain(self) -> dict[str, int | float]:
        """Return it as plain data."""
        return {name: round(getattr(self, name), 6) for name in self.__slots__}


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
    timings : dict of str to Timing
        By key of the cell.
    notes : list of str
        What environments have to say of a run of so many rounds.
    tuning : bool
        Whether it was interrupted while policies were tuned, and nothing else was played.
    began : dict
        Where and with what it began: code may change while it goes on.
    """

    failures: list[tuple[Work, Failure]] = field(default_factory=list)
    interrupted: bool = False
    done: int = 0
    found: int = 0
    plain: dict[str, str] = field(default_factory=dict)
    timings: dict[str, Timing] = field(default_factory=lambda: defaultdict(Timing))
    notes: list[str] = field(default_factory=list)
    tuning: bool = False
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


@collector.seldom()
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
        try:
            if wanted:
                checked[cell.kinds] = check(cell, grid.settings)
            found.append(checked.get(cell.kinds))
        except UserError as error:
            lines |= dict.fromkeys(f"{grid.source}: {line}" for line in error.lines)
    if lines:
        raise UserError(*lines)
    pairs: dict[Any, tuple[Pair, str]] = {}
    key, works = Keys(grid.settings, portable).of, []
    for cell, one in zip(grid.cells, found, strict=True):
        loop = cell.kinds, one.layout
        if loop not in pairs:
            name = repr((code_of(cell), one.layout))
            pairs[loop] = prepare(cell, grid.settings, portable=portable, compiled=compiled), name
        works.append(Work(cell, key(cell), *pairs[loop], one.told))
    return works


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
    """Play what is missing of a grid, and store it; what is to be tuned first, by every shard for itself.

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
    if shard is not None and shard.of > 1 and isinstance(grid.settings.replications, Precision):
        raise UserError(
            f"{grid.source}: replications: shards do not see each other's results, and cannot tell when a precision is "
            "reached: give a number, or share the work by --backend dask"
        )
    if scheduler and backend != "dask":
        raise UserError(f"--scheduler {scheduler}: it is for --backend dask")
    count = workers(jobs) if compiled or backend else 1  # a debugger needs everything in its own process
    if grid.settings.trace:
        trace.check(most(grid.settings.replications), len(grid.cells), backend)
    store = Store(folder, grid.name, {cell.game for cell in grid.cells})
    works = survey(grid, portable=portable, compiled=compiled)
    store.open()
    progress, remarks = progress or Progress(), []
    if grid.to_tune:
        place = store.folder / tuning.FOLDER
        way = {"jobs": jobs, "backend": backend, "scheduler": scheduler, "portable": portable, "compiled": compiled}
        tried = run(tuning.trials(grid), place, fresh=fresh, progress=progress, **way)
        if tried.interrupted:
            return dataclasses.replace(tried, tuning=True)
        remarks = [f"tuning: {line}" for line in tried.failed()]
        grid = tuning.choose(grid, place, portable)
        works = survey(grid, portable=portable, compiled=compiled)
    with store.alone():
        crew = Workers(grid.settings, store.folder, count, backend, scheduler, portable, progress)
        report = _run(grid, works, store, crew, shard or Shard(1, 1), fresh)
    return dataclasses.replace(report, notes=[*remarks, *report.notes])


def _run(grid: Grid, works: list[Work], store: Store, crew: Workers, shard: Shard, fresh: bool) -> Report:
    damaged = store.repair()
    report = Report(notes=[*damaged, *notes(grid), *unread(works)])
    with collector.seldom():
        plan = _plan(grid, works, store, shard, fresh)
        tasks = plan.begin()
        store.describe(grid, crew.portable, ((work.key, work.cell, work.told) for work in works))
    crew.take(tasks)
    with threadpoolctl.threadpool_limits(1), crew.ready(), crew.interruptible():
        if fresh:
            store.clear()
        crew.progress.start(_rounds(tasks))
        try:
            _collect(crew, plan, store, report)
        except BaseException:
            crew.stopped.set()  # threads would play on what can no longer be kept
            raise
        finally:
            crew.progress.stop()
            store.compact()
            store.note_failures((work.key, failure) for work, failure in report.failures)
    report.found, report.interrupted = plan.found, crew.stopped.is_set()
    _note_plain(report, works)
    provenance.write(store.folder, _about(report))
    return report


def _plan(grid: Grid, works: list[Work], store: Store, shard: Shard, fresh: bool) -> _Plan:
    if fresh:
        return _Plan(grid.settings, works, set(), {}, shard)
    finished = store.finished({work.key: len(work.cell.metrics) for work in works}, grid.settings.trace)
    return _Plan(grid.settings, works, finished, _values(grid, works, store), shard)


def notes(grid: Grid) -> list[str]:
    """Return what environments have to say of a run of so many rounds."""
    return list(dict.fromkeys(line for cell in grid.cells for line in cell.world.notes(cell.horizon)))


def unread(works: Sequence[Work]) -> list[str]:
    """Return which facts environments tell wrong to no policy."""
    left: dict[str, frozenset[str]] = {}
    for work in works:
        world = work.cell.world
        left[world.label] = left.get(world.label, world.retold) - work.told
    return [
        f"{label}: no policy here uses the {name} that it is told"
        for label, names in left.items()
        for name in sorted(names)
    ]


def _values(grid: Grid, works: list[Work], store: Store) -> dict[str, dict[int, float]]:
    """Return by key and replication what stored work ends with, where more work depends on it."""
    if not isinstance(grid.settings.replications, Precision):
        return {}
    metrics = {work.key: work.cell.metrics for work in works}
    return finals(read_curves(store.folder), metrics, grid.settings.metric)


class _Plan:
    """The tasks of a grid: for a number of replications all at once, for a precision as results ask for more.

    A cell goes on once all replications are in that were wanted of it so far, whatever other cells do.

    Attributes
    ----------
    found : int
        Replications that were wanted, and there already.
    """

    def __init__(
        self,
        settings: Settings,
        works: list[Work],
        finished: set[tuple[str, int]],
        values: dict[str, dict[int, float]],
        shard: Shard,
    ):
        self._works = {work.key: work for work in works}  # two labels may stand for the same work
        self._places = {key: place for place, key in enumerate(self._works)}
        self._settings, self._shard = settings, shard
        self._finished, self._values = finished, defaultdict(dict, values)
        self._failed: dict[str, set[int]] = defaultdict(set)
        self._until: Counter[str] = Counter()  # replications that were wanted so far, by key
        self._open: Counter[str] = Counter()  # those of them that are not in: the rule is asked once all are
        self.found = 0

    def begin(self) -> list[Task]:
        """Return the tasks to begin with."""
        return [task for work in self._works.values() for task in self._more(work)]

    def follow(self, task: Task, results: list[Curve | Failure]) -> list[Task]:
        """Take what came of a task, and return the tasks that it leads to."""
        if not isinstance(self._settings.replications, Precision):
            return []
        work = task.work
        column = work.cell.metrics.index(shown(self._settings.metric, work.cell.metrics)[0])
        for result in results:
            if isinstance(result, Failure):
                self._failed[work.key].add(result.replication)
            else:
                self._values[work.key][result.replication] = float(result.values[-1, column])
        self._open[work.key] -= len(results)
        return [] if self._open[work.key] else [*self._more(work)]

    def _more(self, work: Work) -> Iterator[Task]:
        key, before = work.key, self._until[work.key]
        self._until[key] = self._wanted(key)
        wanted = [r for r in range(before, self._until[key]) if self._shard.has(self._places[key] + r)]
        missing = [r for r in wanted if (key, r) not in self._finished]
        self.found += len(wanted) - len(missing)
        self._open[key] = len(missing)
        size = 1 if work.pair.reason else max(1, min(BATCH // work.cell.horizon, -(-len(missing) // 8)))
        for i in range(0, len(missing), size):
            yield Task(work, tuple(missing[i : i + size]))

    def _wanted(self, key: str) -> int:
        replications = self._settings.replications
        if isinstance(replications, int):
            return replications
        return stand(replications, self._values.get(key, {}), self._failed.get(key, ())).n


def _rounds(tasks: Iterable[Task]) -> int:
    return sum(task.rounds for task in tasks)


def _collect(crew: Workers, plan: _Plan, store: Store, report: Report) -> None:
    """Play what the plan asks for, and store the results about every second."""
    written = time.monotonic()
    for task, results in crew.play():
        if more := plan.follow(task, results):
            crew.progress.extend(_rounds(more))
            crew.take(more)
        work = task.work
        curves = [result for result in results if isinstance(result, Curve)]
        store.add(work.key, work.cell, curves)
        report.failures += [(work, result) for result in results if isinstance(result, Failure)]
        report.done += len(curves)
        for curve in curves:
            report.timings[work.key].add(work.cell.horizon, curve)
        if time.monotonic() - written > FLUSH:
            store.flush()
            written = time.monotonic()


def _note_plain(report: Report, works: list[Work]) -> None:
    for work in works:
        taken, player = report.timings.get(work.key), work.cell.player
        if work.pair.reason and taken and taken.seconds > 0:
            # of a policy that is meant to run so, what it decides takes time, and not what it plays
            rate = "" if hasattr(player.instance, "plain") else f"at {taken.rounds / taken.seconds:,.0f} rounds/s "
            report.plain[player.label] = f"{rate}in plain Python ({work.pair.reason})"


def _about(report: Report) -> dict[str, Any]:
    failures = [
        {"cell": work.cell.title, "replication": failure.replication, "message": failure.message}
        for work, failure in report.failures
    ]
    return report.began | {
        "done": report.done, "found": report.found, "interrupted": report.interrupted,
        "plain": report.plain, "failures": failures, "timings": report.timings,
    }  # fmt: skip
