"""Environments that take turns: one that is made of several, each with a state of its own.

Every part observes every round, so that its own course goes on; the one whose turn it is shows its features, answers
and is scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.errors import UserError
from banditlab.fuse import bind
from banditlab.games.game import Game, Metric
from banditlab.registry import Kind
from banditlab.types import Count, Counts, Matrix

#: Games whose loop meets an environment through verbs alone.
GAMES = ("bandit", "dueling")
#: What environments do not give when they take turns: points that stay.
TAKES = frozenset({"domain"})


@dataclass(frozen=True)
class Schedule:
    """When the next environment begins: after every so many rounds, or at these (counted from 0).

    The first one follows the last.
    """

    every: Count | None = None
    at: tuple[Count, ...] | None = None

    def __post_init__(self):
        if (self.every is None) == (self.at is None):
            raise ValueError("give either every = ROUNDS or at = [ROUND, ...]")
        if self.at is not None and (not self.at or sorted(set(self.at)) != list(self.at)):
            raise ValueError(f"at: rounds, each later than the one before; got {list(self.at)}")

    def starts(self, horizon: int) -> np.ndarray:
        """Return the rounds below the horizon in which another environment begins, increasing."""
        rounds = np.arange(self.every, horizon, self.every) if self.every else np.array(self.at)
        return rounds[rounds < horizon].astype(int)


class State(NamedTuple):
    """The states of all parts, and whose turn it is."""

    features: Matrix  #: (K, d) of the first part
    best: Counts  #: (1,) the best arm of the round
    parts: tuple
    starts: Counts  #: (S,) rounds in which another part begins
    turn: Counts  #: (2,) the part whose turn it is, and how many have begun


def start(parts: Sequence[Any], schedule: Schedule, horizon: int) -> State:
    """Return the state of environments that take turns, given those of the parts.

    Raises
    ------
    UserError
        They do not have as many arms, and features as long, as the first one.
    """
    shapes = [part.features.shape for part in parts]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise UserError(f"switch.then[{i - 1}]: {_said(shape)}, and the first environment has {_said(shapes[0])}")
    return State(parts[0].features, np.zeros(1, int), tuple(parts), schedule.starts(horizon), np.zeros(2, int))


def _said(shape: tuple[int, int]) -> str:
    arms, dim = shape
    return f"{arms} arms" + (f" with features of length {dim}" if dim else "")


def facts(state: State, said: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the facts that hold in every part, given those of each; the best arm is that of the round."""
    same = {name: value for name, value in said[0].items() if all(_equal(value, other.get(name)) for other in said[1:])}
    return {**same, "best": state.best}


def _equal(one: Any, other: Any) -> bool:
    return np.shape(one) == np.shape(other) and bool(np.all(np.asarray(one) == np.asarray(other)))


def metrics(own: Sequence[Metric]) -> tuple[Metric, ...]:
    """Return those metrics that can be added up over parts: of each round alone."""
    return tuple(metric for metric in own if metric.cumulative and not metric.of and metric.name != "static-regret")


def verbs(game: Game, kinds: Sequence[Kind]) -> dict[Callable, Callable]:
    """Return the verbs of environments of these kinds that take turns."""
    found = {}
    shared = [stub for stub in game.environment_options if all(stub in kind.options for kind in kinds) and _links(stub)]
    for stub in (*game.environment_verbs, *shared):
        if stub.__name__ == "observe":
            looking = _chained(_see, kinds, stub, _see_last)
            found[stub] = bind(_observe, {"see": looking, "best_of": _chained(_best, kinds, stub, _best_last)})
        else:
            found[stub] = _chained(_links(stub)[0], kinds, stub, _links(stub)[1])
    return found


def _chained(link: Callable, kinds: Sequence[Kind], stub: Callable, last: Callable) -> Callable:
    """Return a chain of links, one a part; the last part needs no question."""
    done = last
    for index, kind in reversed(list(enumerate(kinds))):
        template = last if index == len(kinds) - 1 else link
        done = bind(template, {"after": done, "verb": getattr(kind.cls, stub.__name__), "INDEX": index})
    return done


# --- templates, by the number of a verb's parameters -----------------------------------------------------------------

INDEX = 0


def verb(env):
    """Stand for a part's verb."""


def after(env):
    """Stand for the parts that come next."""


def see(env, t, rng):
    """Stand for the parts' `observe`."""


def best_of(env, t, rng):
    """Stand for the best arm of the part whose turn it is."""


def _observe(env, t, rng):
    turn = env.turn
    while turn[1] < env.starts.shape[0] and env.starts[turn[1]] <= t:
        turn[1] += 1
        turn[0] = turn[1] % len(env.parts)
    features = see(env, t, rng)
    env.best[0] = best_of(env, t, rng)
    return features


def _see(env, t, rng):
    features = verb(env.parts[INDEX], t, rng)
    others = after(env, t, rng)
    return features if env.turn[0] == INDEX else others


def _see_last(env, t, rng):
    return verb(env.parts[INDEX], t, rng)


def _best(env, t, rng):
    return env.parts[INDEX].best[0] if env.turn[0] == INDEX else after(env, t, rng)


def _best_last(env, t, rng):
    return env.parts[INDEX].best[0]


def _three(env, a, b, c):
    return verb(env.parts[INDEX], a, b, c) if env.turn[0] == INDEX else after(env, a, b, c)


def _three_last(env, a, b, c):
    return verb(env.parts[INDEX], a, b, c)


def _four(env, a, b, c, d):
    return verb(env.parts[INDEX], a, b, c, d) if env.turn[0] == INDEX else after(env, a, b, c, d)


def _four_last(env, a, b, c, d):
    return verb(env.parts[INDEX], a, b, c, d)


def _five(env, a, b, c, d, e):
    return verb(env.parts[INDEX], a, b, c, d, e) if env.turn[0] == INDEX else after(env, a, b, c, d, e)


def _five_last(env, a, b, c, d, e):
    return verb(env.parts[INDEX], a, b, c, d, e)


def _links(stub: Callable) -> tuple[Callable, Callable] | None:
    found = {4: (_three, _three_last), 5: (_four, _four_last), 6: (_five, _five_last)}
    return found.get(stub.__code__.co_argcount)
