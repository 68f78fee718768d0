"""One pair of environment and policy: its loop made ready, its replications started and played in slices."""

from __future__ import annotations

import contextlib
import functools
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from banditlab import fuse, seeding
from banditlab.errors import Diverged, UserError
from banditlab.games import games
from banditlab.games.game import measure, play
from banditlab.games.letters import carry, chain, make_room, make_shelf
from banditlab.problem import Problem
from banditlab.registry import Kind
from banditlab.runs import files, switching, trace
from banditlab.runs.grid import Cell, Settings

SLICE = 0.1  #: seconds that a stretch of rounds should last, so that a run can be stopped


class Curve(NamedTuple):
    """A finished replication."""

    replication: int
    rounds: np.ndarray  #: int64 (P,), the record points
    values: np.ndarray  #: float64 (P, M), a column a metric
    seconds: float  #: of wall time
    cpu: float  #: seconds of CPU time


class Failure(NamedTuple):
    """A replication that raised, or left the finite numbers."""

    replication: int
    message: str


@dataclass(frozen=True)
class Pair:
    """The loop of an environment and a policy.

    Attributes
    ----------
    function : callable
        `games.game.play`, bound; compiled or plain.
    reason : str
        Why it runs in plain Python; empty where it is compiled.
    """

    function: Callable
    reason: str


def prepare(cell: Cell, settings: Settings, *, portable: bool = False, compiled: bool = True) -> Pair:
    """Bind the loop of a cell's game to its pair, compile it or load it from the cache.

    Raises
    ------
    UserError
        The environment or the policy cannot be started as the grid says.
    CacheError
        Compiled code cannot be written.
    """
    verbs = _verbs(cell, settings)
    reason = getattr(cell.player.instance, "plain", "") if compiled else "asked for"
    if reason:
        return Pair(fuse.plain(play, verbs, portable=portable), reason)
    start = begin(cell, settings, 0)
    points, curves = _tables(cell, settings)
    streams = start.contexts, start.coins
    arguments = (start.env, start.policy, start.channel, 0, 0, *streams, curves[0], points, curves)
    return Pair(*fuse.prepare(play, verbs, arguments, portable=portable))


class Checked(NamedTuple):
    """What starting a cell once has shown."""

    told: frozenset[str]  #: facts that the policy used
    layout: Any  #: types of all states, for which the loop is compiled


def check(cell: Cell, settings: Settings) -> Checked:
    """Start a cell once, to see that it can be.

    Raises
    ------
    UserError
        One line that names the cell, or the environment alone where that cannot be started.
    """
    title = f"environment {cell.environment!r}"  # one line for all its policies
    try:
        env = _start_world(cell, settings, 0)
        title = cell.title
        start = _start_player(cell, settings, 0, env)
    except (UserError, ValueError, MemoryError) as error:
        raise UserError(f"{title}: {error}") from error
    except Exception as error:  # of a user's own policy or environment
        raise UserError(f"{title}: {type(error).__name__}: {error}{_place(error)}") from error
    return Checked(frozenset(start.used), fuse.layout((start.env, start.policy, start.channel)))


def _place(error: Exception) -> str:
    """Return where in a user's own file an error was raised."""
    package = Path(__file__).parents[1]
    frames = [f for f in traceback.extract_tb(error.__traceback__) if package not in Path(f.filename).parents]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


def _remedy(error: Exception) -> str:
    """Return what to write where a verb assigns to a field of a state, which is a tuple."""
    assigned = isinstance(error, AttributeError) and "can't set attribute" in str(error)
    return "; fields of a state are not assigned to: write into its arrays, state.x[:] = ..." if assigned else ""


class Start(NamedTuple):
    """States and streams of a replication, which `begin` makes."""

    env: Any
    policy: Any
    channel: tuple
    contexts: np.random.Generator
    coins: np.random.Generator
    used: set[str]


def start_environment(
    kind: Kind, environment: Any, root: int, instance: int, replication: int, horizon: int, turn: int = 0
) -> Any:
    """Return the state of an environment: the instance of that number, with the noise of a replication.

    Those that take turns have streams of their own, but for the first.
    """
    place = (kind.game, kind.name, *(("turn", turn) if turn else ()))
    streams = seeding.stream(root, "instance", *place, instance), seeding.key(root, "noise", *place, replication)
    return fuse.settle(environment.start(*streams, horizon))


def start_contexts(kind: Kind, root: int, replication: int) -> np.random.Generator:
    """Return the stream that an environment's contexts are drawn from, round by round."""
    return seeding.stream(root, "contexts", kind.game, kind.name, replication)


def begin(cell: Cell, settings: Settings, replication: int) -> Start:
    """Return fresh states and the streams of a replication."""
    return _start_player(cell, settings, replication, _start_world(cell, settings, replication))


def _start_world(cell: Cell, settings: Settings, replication: int) -> Any:
    """Return a fresh state of the environment."""
    world, instance = cell.world, 0 if cell.world.fixed else replication
    states = [
        start_environment(part.kind, part.instance, settings.seed, instance, replication, cell.horizon, turn)
        for turn, part in enumerate(world.parts)
    ]
    return fuse.settle(switching.start(states, world.schedule, cell.horizon)) if world.then else states[0]


def _start_player(cell: Cell, settings: Settings, replication: int, env: Any) -> Start:
    """Return a fresh state of the policy beside that of the environment, and the streams."""
    root, place = settings.seed, (cell.game, cell.world.kind.name)
    facts = cell.world.facts(env, cell.horizon)
    player = cell.player
    problem = Problem(player.kind.name, games()[cell.game].shape(env), facts, player.kind.told)
    coins = seeding.stream(root, "policy", *place, player.kind.name, replication)
    policy = fuse.settle(player.instance.start(problem, coins))
    if cell.world.channel and (reason := games()[cell.game].letters.past(player.instance, policy)):
        raise UserError(f"{player.kind.name} {reason}, which wrappers do not reach")
    channel = _start_channel(cell, settings, replication, env)
    return Start(env, policy, channel, start_contexts(cell.world.kind, root, replication), coins, problem.used)


def _start_channel(cell: Cell, settings: Settings, replication: int, env: Any) -> tuple:
    """Return fresh states of the wrappers, each with room for what it changes."""
    game, states = games()[cell.game], []
    letters, shape, bounded = game.letters, game.shape(env), "bounded-rewards" in cell.world.gives
    for slot, wrapper in enumerate(cell.world.channel):
        axes = cell.game, cell.world.kind.name, slot, wrapper.kind.name, replication
        noise = seeding.key(settings.seed, "wrapper", *axes)
        own = wrapper.instance.start(functools.partial(make_shelf, letters, shape), noise, cell.horizon)
        room = () if hasattr(wrapper.kind.cls, "handle") else make_room(letters, shape, bounded)
        states.append((fuse.settle(own), room))
    return tuple(states)


def _tables(cell: Cell, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    points = settings.record.rounds(cell.horizon)
    width = len(games()[cell.game].metrics) + len(cell.user_metrics)
    return points, np.zeros((len(points), width))


def play_replications(
    pair: Pair,
    cell: Cell,
    settings: Settings,
    replications: Iterable[int],
    stopped: Callable[[], bool] = lambda: False,
    advance: Callable[[int], None] = lambda rounds: None,
    traces: Path | None = None,
) -> list[Curve | Failure]:
    """Play replications one after the other, in slices of about a tenth of a second.

    Parameters
    ----------
    stopped : callable
        Asked between slices; once it is true, the unfinished replication is given up and the rest left out.
    advance : callable
        Told the number of rounds after each slice.
    traces : path, optional
        Folder for those of the cell, where the settings ask for traces.
    """
    done: list[Curve | Failure] = []
    pace = _Pace()
    for replication in replications:
        try:
            result = _play(pair, cell, settings, replication, stopped, advance, pace, traces)
        except files.CannotWrite:
            raise
        except Diverged as error:
            result = Failure(replication, f"{error}; a smaller rate may help ({cell.player.described})")
        except Exception as error:  # of a user's own policy or environment: the others go on
            result = Failure(replication, f"{type(error).__name__}: {error}{_place(error)}{_remedy(error)}")
        if result is None:
            break
        done.append(result)
    return done


def play_one(cell: Cell, settings: Settings, replication: int) -> Curve | Failure:
    """Play one replication in plain Python; what its policy or environment raises is raised, for a debugger."""
    settings = replace(settings, trace=())
    return _play(
        prepare(cell, settings, compiled=False), cell, settings, replication, bool, lambda rounds: None, _Pace(), None
    )


def open_pair(cell: Cell, settings: Settings, replication: int) -> tuple[dict[Callable, Callable], Start]:
    """Return the verbs of a cell, and the states and streams of a replication before its first round."""
    return _verbs(cell, replace(settings, trace=())), begin(cell, settings, replication)


class _Pace:
    """How many rounds last a slice."""

    def __init__(self) -> None:
        self.rounds = 16

    def adapt(self, rounds: int, seconds: float) -> None:
        fitting = int(rounds * SLICE / max(seconds, 1e-9))
        self.rounds = max(1, min(fitting, 8 * self.rounds))


def _play(pair, cell, settings, replication, stopped, advance, pace, traces) -> Curve | Failure | None:
    clock = time.perf_counter(), time.thread_time()
    points, curves = _tables(cell, settings)
    start, played = begin(cell, settings, replication), 0
    with _totals(cell, settings, start.env, traces and traces / trace.name_of(replication)) as totals:
        for length in _slices(pair, cell, start, points, curves, totals, pace, stopped):
            advance(length)
            played += length
        return _finish(cell, replication, points, curves, totals, clock) if played == cell.horizon else None


def _totals(cell: Cell, settings: Settings, env: Any, path: Path | None) -> contextlib.closing[trace.Totals]:
    """Return the running totals of a replication; with a tape for its rounds, where they are traced."""
    game = games()[cell.game]
    width = len(game.metrics) + len(cell.user_metrics)
    if not settings.trace:
        return contextlib.closing(trace.Totals(width))
    return contextlib.closing(trace.Tape(width, trace.Writer(path, game.columns(game.shape(env)), settings.trace)))


def measure_rate(pair: Pair, cell: Cell, settings: Settings, seconds: float = 0.2) -> float:
    """Return rounds per second over the first rounds of a replication."""

    def slices(start, stopped):
        with _totals(cell, settings, start.env, None) as totals:
            yield from _slices(pair, cell, start, *_tables(cell, settings), totals, _Pace(), stopped)

    next(slices(begin(cell, settings, 0), bool))  # without the clock: kernels that plain Python calls are compiled now
    start = begin(cell, settings, 0)
    clock = time.perf_counter()
    played = sum(slices(start, lambda: time.perf_counter() - clock >= seconds))
    return played / (time.perf_counter() - clock)


def _slices(pair, cell, start, points, curves, totals, pace, stopped) -> Iterator[int]:
    """Play a replication until its horizon, or until `stopped`; yield the number of rounds of each slice."""
    t = 0
    while t < cell.horizon and not stopped():
        before, stop = time.perf_counter(), min(cell.horizon, t + min(pace.rounds, totals.room))
        streams = start.contexts, start.coins
        pair.function(start.env, start.policy, start.channel, t, stop, *streams, totals.array, points, curves)
        totals.turn()
        pace.adapt(stop - t, time.perf_counter() - before)
        yield stop - t
        t = stop


def _finish(cell, replication, points, curves, totals, clock) -> Curve | Failure:
    own, kept = games()[cell.game].metrics, cell.world.metrics_with(cell.player.kind)
    keep = [m for m, metric in enumerate(own) if metric.name in kept]
    values = curves[:, keep + list(range(len(own), curves.shape[1]))]
    if not np.isfinite(values).all():
        p, m = np.argwhere(~np.isfinite(values))[0]
        return Failure(replication, f"{cell.metrics[m]} is {values[p, m]} at round {points[p]}")
    totals.finish()
    return Curve(replication, points, values, time.perf_counter() - clock[0], time.thread_time() - clock[1])


def _verbs(cell: Cell, settings: Settings) -> dict[Callable, Callable]:
    verbs = {**games()[cell.game].loop, **cell.world.verbs, **cell.player.kind.verbs}
    if wrappers := [wrapper.kind.cls for wrapper in cell.world.channel]:
        letters = games()[cell.game].letters
        verbs |= {letters.hear: letters.send, carry: chain(letters, wrappers)}
    measures = _measures(cell)
    if settings.trace:
        game = games()[cell.game]
        measures = trace.keeping(game, measures, len(game.metrics) + len(cell.user_metrics))
    return verbs if measures is None else {**verbs, measure: measures}


# --- users' metrics, chained into one function --------------------------------------------------------------------


def before(env, policy, round, last, totals):
    """Stand for the metrics that come first."""


def probe(env, policy, round):
    """Stand for a user's metric."""
    raise NotImplementedError


SLOT = 0


def add_up(env, policy, round, last, totals):
    """Add a cumulative metric of a user's after the ones before it."""
    before(env, policy, round, last, totals)
    totals[SLOT] += probe(env, policy, round)


def read_off(env, policy, round, last, totals):
    """Read a metric of a user's before a record point, after the ones before it."""
    before(env, policy, round, last, totals)
    if last:
        totals[SLOT] = probe(env, policy, round)


def _measures(cell: Cell) -> Callable | None:
    chain = None
    for slot, entry in enumerate(cell.user_metrics, len(games()[cell.game].metrics)):
        template = add_up if entry.metric.cumulative else read_off
        chain = fuse.bind(template, {"before": chain or before, "probe": entry.function, "SLOT": slot})
    return chain
