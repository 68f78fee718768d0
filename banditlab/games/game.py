"""What a game is: a loop with free verbs, and the metrics that its environments can keep."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from banditlab.fuse import bind
from banditlab.games.letters import Letters


@dataclass(frozen=True)
class Metric:
    """A number that is followed over the rounds.

    Attributes
    ----------
    name : str
        As in TOML, results and figures.
    label : str
        As on an axis.
    signed : bool
        Whether it can be negative. Contracts and log axes read this.
    cumulative : bool
        Whether it adds up over the rounds; otherwise it is read at the record points.
    early : bool
        Whether it changes most in the first rounds, so that a logarithmic axis of rounds suits it.
    of : tuple of str
        Optional verbs that it is read from: it is kept where the environment and the policy have them.
    better : str or None
        Whether "lower" or "higher" is better; None where neither is.
    """

    name: str
    label: str
    signed: bool = False
    cumulative: bool = True
    early: bool = False
    of: tuple[str, ...] = ()
    better: Literal["lower", "higher"] | None = "lower"


def names_in(metrics: str | None) -> list[str]:
    """Return the names of metrics that are written with commas between; none for None."""
    return list(dict.fromkeys(name.strip() for name in metrics.split(","))) if metrics is not None else []


def shown(asked: str | None, kept: Sequence[str]) -> list[str]:
    """Return which of the metrics that a cell keeps are shown where none is asked for: the grid's, or the first."""
    return [name for name in names_in(asked) if name in kept] or [kept[0]]


def features_shape(env: Any) -> tuple[int, ...]:
    """Return the shape of the features of an environment's state."""
    return env.features.shape


def number(value: Any, shape: dict[str, int]) -> float:
    """Read an outcome that is a number."""
    return _same(value, float, "a finite number")


def truth_value(value: Any, shape: dict[str, int]) -> bool:
    """Read an outcome that is true or false."""
    return _same(value, bool, "True or False")


def vector(value: Any, size: int, what: str) -> np.ndarray:
    """Read an outcome, or a part of one, that is so many numbers (size,); `what` they are, for messages."""
    try:
        found = np.array(value, float)
    except (TypeError, ValueError):
        found = np.zeros(())
    if found.shape != (size,) or not np.isfinite(found).all():
        raise ValueError(f"should be {what}{size} finite numbers, got {' '.join(repr(value).split())}")
    return found


@dataclass(frozen=True)
class Indices:
    """What an action is: so many indices."""

    count: int = 1

    def size(self, shape: dict[str, int]) -> int:
        """Return how many numbers `note` writes for it."""
        return self.count

    def read(self, row: np.ndarray) -> Any:
        """Return the action of these numbers."""
        found = tuple(row.astype(int).tolist())
        return found[0] if self.count == 1 else found

    def arguments(self, action: Any) -> tuple:
        """Return it as a twin's `learn` takes it."""
        return (action,) if self.count == 1 else action

    def same(self, one: Any, other: Any, rounding: float) -> bool:
        """Return whether two are the same."""
        return one == other

    def kept(self, action: Any) -> Any:
        """Return it such that the policy's next round does not change it."""
        return action


class Array(Indices):
    """What an action is: one array, which the policy may write over in its next round."""

    def arguments(self, action: np.ndarray) -> tuple:
        return (action,)

    def kept(self, action: np.ndarray) -> np.ndarray:
        return action.copy()


class Point(Array):
    """What an action is: a point, with so many coordinates as the axis `dim` says."""

    def size(self, shape: dict[str, int]) -> int:
        return shape["dim"]

    def read(self, row: np.ndarray) -> np.ndarray:
        return row.copy()

    def same(self, one: Any, other: np.ndarray, rounding: float) -> bool:
        one = np.array(one)
        return one.shape == other.shape and bool(np.abs(one - other).max() <= rounding * max(1.0, np.abs(other).max()))


class ItemList(Array):
    """What an action is: up to as many items as the axis `items` says, in some order; `note` writes -1 after them."""

    def size(self, shape: dict[str, int]) -> int:
        return shape["items"]

    def read(self, row: np.ndarray) -> np.ndarray:
        return row[row >= 0].astype(int)

    def same(self, one: Any, other: np.ndarray, rounding: float) -> bool:
        return np.array_equal(one, other)


@dataclass(frozen=True)
class Column:
    """What some of the numbers are that `log` writes.

    Attributes
    ----------
    name : str
        In a trace.
    kind : type
        int, float or bool.
    size : int, optional
        Of a list, how many numbers at most; of integers -1 stands for none.
    sparse : bool
        Of a list, whether some of its numbers may not have been seen, which are nan.
    """

    name: str
    kind: type = int
    size: int | None = None
    sparse: bool = False


class Columns(NamedTuple):
    """What a trace has of each round, behind its number."""

    actions: tuple[Column, ...]  #: what was played
    rewards: tuple[Column, ...]  #: what the environment answered


def _same(value: Any, kind: type, wanted: str) -> Any:
    try:
        found = kind(value)
        if found == value and math.isfinite(found):
            return found
    except (TypeError, ValueError):
        pass
    raise ValueError(f"should be {wanted}, got {value!r}")


@dataclass(frozen=True)
class Game:
    """An interaction protocol: its loop, its verbs and its metrics.

    Attributes
    ----------
    name, summary : str
    rounds : function
        The loop; the verbs are free names in it.
    ask, tell : function
        The policy's half of a round, for a user's own loop.
    note : function
        Writes what was played and seen in a round into an array.
    columns : function
        What `log` writes behind the number of a round, as `Columns`, given the numbers that `axes` names.
    log : function, optional
        Writes a round into an array, for a trace; by default its number, and what `note` writes. If the next round has
        the same number, it stands in place of this one.
    outcome : function
        Reads what a policy is told after a round, given by a user, and the lengths of the axes; a ValueError says what
        it should be.
    environment_verbs, policy_verbs : tuple of function
        The stubs that document who provides which verb, with which parameters.
    metrics : tuple of Metric
        In the order of the running totals.
    letters : Letters
        How what a policy learns passes through wrappers.
    environment_options, policy_options : tuple of function
        Further stubs, which say what holds where a class has no such verb.
    conclude : function
        Reads at a record point what is no sum over rounds.
    axes : dict of str to int
        What an instance has so many of, and the least that makes sense; policies are told the numbers by these names.
    lengths : function
        Returns these numbers, of an environment's state; by default the shape of its features.
    shown : str
        The field of the environment's state that is shown to the policy at the start of a round.
    shown_axes : tuple of str, optional
        The axes of what is shown; by default all.
    still : bool
        Whether it never changes, and policies do not ask for it.
    hinted : function
        Whether a policy in that state asks for it after all; a user's own loop must then show it.
    follows : bool
        Whether what is shown depends on what was played.
    skips : function, optional
        Whether a round is played without the policy, given what is shown; its action is then 0.
    action : Indices, Point or ItemList
        What an action is.
    duels : bool
        Whether an action ends with a pair of arms, whose exchange exchanges the outcome.
    yields : bool
        Whether a name that another game has too stands for the other one's kind, where nothing else decides.
    noted : function
        How many numbers `note` writes at most, given the numbers that `axes` names.
    broken : function
        Says which rule of the game a run breaks, given actions (T, n), outcomes (T,) or (T, n) and what was shown (T,
        ...); empty for none.
    alone : function
        Says why a policy in that state cannot be played in a user's own loop; empty where it can.
    assumed : dict
        Facts that hold in a user's own loop, unless the user tells otherwise.
    """

    name: str
    summary: str
    rounds: Callable
    ask: Callable
    tell: Callable
    note: Callable
    columns: Callable[[dict[str, int]], Columns]
    outcome: Callable
    environment_verbs: tuple[Callable, ...]
    policy_verbs: tuple[Callable, ...]
    metrics: tuple[Metric, ...]
    letters: Letters
    environment_options: tuple[Callable, ...] = ()
    policy_options: tuple[Callable, ...] = ()
    conclude: Callable | None = None
    axes: dict[str, int] = field(default_factory=lambda: {"arms": 1, "dim": 0})
    lengths: Callable = features_shape
    shown: str = "features"
    shown_axes: tuple[str, ...] | None = None
    still: bool = False
    hinted: Callable = lambda policy, state: False
    follows: bool = False
    skips: Callable | None = None
    log: Callable | None = None
    action: Indices = Indices()
    duels: bool = False
    yields: bool = False
    noted: Callable = lambda shape: 4
    alone: Callable = lambda policy, state: ""
    broken: Callable = lambda actions, outcomes, shown: ""
    assumed: dict[str, Any] = field(default_factory=lambda: {"arm_features": True})

    @property
    def folder(self) -> str:
        """The name of the folders that hold what is built in."""
        return self.name.replace("-", "_")

    @property
    def loop(self) -> dict[Callable, Callable]:
        """The game's own functions, by their stubs in `play`."""
        return {rounds: self.rounds, conclude: self.conclude or conclude}

    @property
    def logs(self) -> Callable:
        """What writes a round for a trace."""
        return self.log or bind(log, {"note": self.note})

    def shape(self, env: Any) -> dict[str, int]:
        """Return the numbers that `axes` names, of an environment's state."""
        return dict(zip(self.axes, self.lengths(env), strict=True))

    def shown_shape(self, shape: dict[str, int]) -> dict[str, int]:
        """Return the lengths of the axes of what is shown, by their names."""
        return {axis: shape[axis] for axis in self.shown_axes or self.axes}


def rounds(env, policy, channel, start, end, contexts, coins, totals) -> None:
    """Game: play rounds start .. end - 1."""
    raise NotImplementedError


def conclude(env, policy, t, totals) -> None:
    """Game: after t rounds, at a record point, write the metrics that are no sums over rounds."""


def play(env, policy, channel, start, end, contexts, coins, totals, points, curves) -> None:
    """Play rounds start .. end - 1 and copy the totals into `curves` at the record points.

    channel : states of the wrappers between the environment and the policy, from the environment on; usually none
    totals : float64 (M,), running totals of the metrics; what stands behind them is no matter of this function
    points : int64 (P,), numbers of rounds at which to record, increasing
    curves : float64 (P, M)
    """
    t = start
    for p in range(points.shape[0]):
        if t < points[p] and t < end:
            until = min(points[p], end)
            rounds(env, policy, channel, t, until, contexts, coins, totals)
            t = until
            if t == points[p]:
                conclude(env, policy, t, totals)
                for m in range(curves.shape[1]):
                    curves[p, m] = totals[m]


def measure(env, policy, round, last, totals) -> None:
    """Users' metrics: add to their running totals after a round; `last` before a record point."""


def note(round, row) -> None:
    """Game: write what was played and seen."""
    raise NotImplementedError


def log(env, round, row) -> None:
    """Write the number of a round, and what was played and seen."""
    row[0] = round.t
    note(round, row[1:])
