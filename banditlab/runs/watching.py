"""A replication watched round by round: what was shown, how the policy scored it, what was played, heard and learnt."""

from __future__ import annotations

import contextlib
import itertools
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from banditlab.games import games
from banditlab.games.game import Column, Indices
from banditlab.runs import trace
from banditlab.runs.grid import Cell, Settings
from banditlab.runs.pair import Start, begin, prepare


class Watched(NamedTuple):
    """A round as it was watched."""

    round: int  #: 0, 1, ...
    shown: list[np.ndarray]  #: the features (d,) of each arm that was played, or what else the round showed
    scores: tuple[str, dict[int, float]]  #: a number of `choose` by arm, largest or least of one that was played
    played: dict[str, Any]  #: by the names of a trace's columns; of a list that has gaps, what was seen by its place
    answered: dict[str, Any]  #: likewise
    heard: list[dict[str, Any]]  #: the arguments of each call of `learn`, but for states and features
    learnt: dict[str, dict[tuple[int, ...], Any]]  #: numbers of the policy's state that changed, by name and index
    added: float  #: to the metric; of one that is no sum over rounds, its value after this one


def watch(
    cell: Cell, settings: Settings, replication: int, rounds: range, metric: str, *, portable: bool = False
) -> Iterator[Watched]:
    """Play a replication, and yield some of its rounds, until the policy stops.

    The rounds before them are compiled, these are in plain Python; the numbers are those of a run, to the bit.

    Parameters
    ----------
    rounds : range
        Of 0 .. T-1.
    metric : str
        One that the cell keeps.
    portable : bool
        As of the run.

    Raises
    ------
    Exception
        What the policy or the environment raises.
    """
    start, stage = begin(cell, settings, replication), _Stage(cell, metric)
    fast = prepare(cell, replace(settings, trace=()), portable=portable)
    if rounds.start:
        stage.play(fast.function, start, 0, rounds.start, stage.totals[: stage.width])
    slow = prepare(cell, replace(settings, trace=trace.PARTS), portable=portable, compiled=False)
    stage.size(games()[cell.game].shape(start.env))
    for t in rounds:
        seen = stage.watch(slow.function, start, t)
        if seen is None:
            return
        yield seen


class _Stage:
    """What a cell is watched on: totals with room for a round behind them."""

    def __init__(self, cell: Cell, metric: str):
        self.game, self._verbs = games()[cell.game], cell.player.kind.verbs
        self._metrics = [*self.game.metrics, *(entry.metric for entry in cell.user_metrics)]
        self._at = [one.name for one in self._metrics].index(metric)
        self._policy = cell.player.instance
        self.width = len(self._metrics)
        self.totals = np.zeros(self.width)

    def size(self, shape: dict[str, int]) -> None:
        """Make room for a round."""
        self._columns = self.game.columns(shape)
        numbers = trace.width_of([*self._columns.actions, *self._columns.rewards])
        self.totals = np.concatenate([self.totals, [0.0, numbers], np.zeros(2 * numbers)])

    def play(self, loop: Any, start: Start, t: int, end: int, totals: np.ndarray) -> np.ndarray:
        """Play rounds t .. end - 1 and return the metrics (M,) after them."""
        points, curves = np.array([end]), np.zeros((1, self.width))
        loop(start.env, start.policy, start.channel, t, end, start.contexts, start.coins, totals, points, curves)
        return curves[0]

    def watch(self, loop: Any, start: Start, t: int) -> Watched | None:
        """Play round t; None where the policy has stopped."""
        before, known = self.totals[self._at], _leaves(start.policy)
        budgets = getattr(start.env, self.game.shown).copy() if self.game.follows else None
        self.totals[self.width] = 0
        with _listening(self._verbs) as heard:
            metrics = self.play(loop, start, t, t + 1, self.totals)
        if self.totals[self.width] == 0:
            return None
        row = self.totals[self.width + trace.HEAD :][: int(self.totals[self.width + 1])]
        played, answered = self._decoded(row)
        single = [value for value in played.values() if type(value) is int]
        return Watched(
            round=t,
            shown=self._shown(start, single) if budgets is None else [budgets],
            scores=heard.scores(single),
            played=played,
            answered=answered,
            heard=heard.learnt,
            learnt=_changes(known, _leaves(start.policy)),
            added=metrics[self._at] - (before if self._metrics[self._at].cumulative else 0.0),
        )

    def _decoded(self, row: np.ndarray) -> Iterator[dict[str, Any]]:
        """Yield what was played, then what was answered."""
        arrays = trace.decode([*self._columns.actions, *self._columns.rewards], row[None])
        for part in self._columns:
            pairs = itertools.islice(arrays, len(part))
            yield {column.name: _seen(column, array[0].as_py()) for column, array in pairs if column.size != 0}

    def _shown(self, start: Start, indices: list[int]) -> list[np.ndarray]:
        shown = getattr(start.env, self.game.shown)
        if shown.ndim == 1:
            return [shown.copy()] if self.game.hinted(self._policy, start.policy) else []
        if shown.shape[-1] == 0 or type(self.game.action) is not Indices:
            return []
        if shown.ndim == 3:
            shown, indices = shown[indices[0]], indices[1:]
        return [shown[i].copy() for i in indices]


class _Listener:
    """Hears what a policy's verbs do in plain Python: the numbers of `choose`, and what `learn` is given."""

    def __init__(self, verbs: dict[Any, Any]):
        self._codes = {function.__code__: stub.__name__ for stub, function in verbs.items()}
        self._last: dict[str, Any] = {}
        self._numbers: dict[tuple[str, str], dict[int, float]] = {}
        self.learnt: list[dict[str, Any]] = []

    def on_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Take a call of any function; as of `sys.settrace`."""
        name = self._codes.get(frame.f_code, "")
        if name.startswith("learn"):
            given = {key: frame.f_locals[key] for key in frame.f_code.co_varnames[1 : frame.f_code.co_argcount]}
            self.learnt.append({key: _copied(value) for key, value in given.items() if np.ndim(value) < 2})
        return self._on_line if name == "choose" else None

    def _on_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Take the state after a line of `choose`: each number that is new, by each of its whole numbers."""
        found = {key: frame.f_locals.get(key) for key in frame.f_code.co_varnames[frame.f_code.co_argcount :]}
        places = {key: int(value) for key, value in found.items() if isinstance(value, int | np.integer)}
        for key, value in found.items():
            if isinstance(value, float | np.floating) and math.isfinite(value) and value is not self._last.get(key):
                self._last[key] = value
                for index, place in places.items():
                    self._numbers.setdefault((key, index), {})[place] = float(value)
            elif event == "return" and isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f":
                self._numbers[key, ""] = dict(enumerate(value.tolist()))
        return self._on_line

    def scores(self, played: list[int]) -> tuple[str, dict[int, float]]:
        """Return the name of the number that is known of most arms, and extreme for one that was played, by arm."""
        # of two that are known of as many arms the first one: a running maximum is assigned after what it is of
        known = sorted(self._numbers.items(), key=lambda item: -len(item[1]))
        for (name, _), values in known:
            extremes = {min(values.values()), max(values.values())}
            if len(extremes) > 1 and any(values.get(arm) in extremes for arm in played):
                return name, values
        return "", {}


def _seen(column: Column, value: Any) -> Any:
    """Return the value of a column, and of a list that has gaps the numbers that were seen by their places."""
    if value is None or not column.sparse:
        return value
    return {place: number for place, number in enumerate(value) if not math.isnan(number)}


@contextlib.contextmanager
def _listening(verbs: dict[Any, Any]) -> Iterator[_Listener]:
    listener, before = _Listener(verbs), sys.gettrace()
    sys.settrace(listener.on_call)
    try:
        yield listener
    finally:
        sys.settrace(before)


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _leaves(state: Any, name: str = "") -> dict[str, np.ndarray]:
    """Return copies of all arrays and numbers of a state, by name."""
    if isinstance(state, np.ndarray | np.generic | int | float):
        array = np.array(state)
        return {name: array} if array.dtype.kind in "fiub" else {}
    parts: dict[str, Any] = {}
    if hasattr(state, "_asdict"):
        parts = state._asdict()
    elif isinstance(state, dict):
        parts = state
    elif isinstance(state, list | tuple):
        parts = dict(enumerate(state))
    found = {}
    for key, part in parts.items():
        found |= _leaves(part, f"{name}.{key}" if name else f"{key}")
    return found


def _changes(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> dict[str, dict[tuple[int, ...], Any]]:
    """Return what changed, by name and index."""
    changed = {}
    for name, array in after.items():
        old = before.get(name)
        if old is None or old.shape != array.shape:
            changed[name] = {index: value.item() for index, value in np.ndenumerate(array)}
        else:
            differ = (old != array) & ~((old != old) & (array != array))  # noqa: PLR0124 (nan)
            changed[name] = {index: array[index].item() for index in map(tuple, np.argwhere(differ).tolist())}
    return {name: places for name, places in changed.items() if places}
