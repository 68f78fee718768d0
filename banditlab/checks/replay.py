"""A run that keeps every round, and the same rounds decided by a slow transcription of the policy's paper.

A transcription is a class with `__init__(policy, problem, rng)`, `choose(t, features, rng, pick)`, `learn(t, features,
*action, outcome)` and, where the policy has them, `recommend(t)` and `stop(t)`. It is written plainly, from the paper,
and takes the same random numbers in the same order. `pick(scores)` stands for argmax: where the two best scores differ
by rounding alone, it follows what the policy took. Where an action is a point or a set, it is one argument of `learn`;
two points are the same if they differ by at most `TIE`, relative to the larger of 1 and their largest coordinate; for a
set it is `pick(items, worth)`, with the function of a set that is maximised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from banditlab import fuse, registry, seeding
from banditlab.games import games
from banditlab.games.game import Game, Indices, ItemList, Point, measure
from banditlab.problem import Problem
from banditlab.runs.grid import World

TIE = 1e-9  #: relative difference below which two scores count as equal


class Run(NamedTuple):
    """A run of T rounds, fewer where the policy stopped; both states are the last ones."""

    features: np.ndarray  #: (T, ...) what each round showed: (T, K, d), or (T, contexts, K, d), or budgets (T, m)
    best: np.ndarray  #: (T, 1) the best arm of each round, as the environment has it; (T, contexts) of each context
    actions: np.ndarray  #: (T, n) indices, a column for each of which an action consists; points (T, d); items (T, n)
    outcomes: np.ndarray  #: (T,) rewards, or whether the first arm won; (T, n) where an outcome is several numbers
    totals: np.ndarray  #: (T, M) what each round added to the metrics
    recommended: np.ndarray  #: (T, 1) or (T, contexts) arms recommended after each round; empty without that verb
    env: Any
    state: Any
    facts: dict[str, Any]  #: what policies may be told


def start_env(environment: Any, horizon: int, seed: int) -> Any:
    """Return the state of an environment on streams of its own."""
    return fuse.settle(
        environment.start(seeding.stream(seed, "instance"), seeding.key(seed, "noise"), horizon),
    )


def start_policy(policy: Any, problem: Problem, seed: int) -> tuple[Any, np.random.Generator]:
    """Return the state of a policy, and its stream."""
    coins = seeding.stream(seed, "policy")
    return fuse.settle(policy.start(problem, coins)), coins


def told(policy: Any, env: Any, facts: dict[str, Any]) -> Problem:
    """Return the problem as a policy is told of it, of an environment in that state."""
    kind = registry.kind_of(policy)
    return Problem(kind.name, games()[kind.game].shape(env), facts, kind.told)


NOBODY = np.zeros(0, int)


def best_of(env: Any) -> np.ndarray:
    """Return the best arm as an environment has it; nothing where it has none."""
    return getattr(env, "best", NOBODY)


def note(round, row):
    """Stand for the game's function that writes what was played and seen."""


WIDTH = 0


def keep(env, policy, round, last, totals):
    """Write the round behind the running totals."""
    note(round, totals[WIDTH:])


class Pair(NamedTuple):
    """An environment and a policy that have started, with what their loop of rounds takes."""

    game: Game
    verbs: dict[Callable, Callable]  #: of both, by their stubs
    env: Any
    state: Any
    contexts: np.random.Generator
    coins: np.random.Generator
    facts: dict[str, Any]  #: what policies may be told

    def arguments(self, start: int, end: int, totals: np.ndarray) -> tuple:
        """Return what the loop takes to play rounds start .. end - 1."""
        return self.env, self.state, (), start, end, self.contexts, self.coins, totals


def start(
    environment: Any, policy: Any, horizon: int, seed: int = 0, *, env: Any = None, coins_seed: int | None = None
) -> Pair:
    """Start both sides of a pair; the parameters are those of `run`."""
    world, player = registry.kind_of(environment), registry.kind_of(policy)
    env = start_env(environment, horizon, seed) if env is None else env
    facts = World(world.name, world, environment).facts(env, horizon)
    state, coins = start_policy(policy, told(policy, env, facts), seed if coins_seed is None else coins_seed)
    contexts = seeding.stream(seed, "contexts")
    return Pair(games()[player.game], world.verbs | player.verbs, env, state, contexts, coins, facts)


def keeping(pair: Pair) -> tuple[dict[Callable, Callable], np.ndarray]:
    """Return a pair's verbs with one that keeps each round, and the row of totals behind which it is written."""
    game = pair.game
    width = len(game.metrics)
    measures = {measure: fuse.bind(keep, {"note": game.note, "WIDTH": width})}
    return pair.verbs | measures, np.zeros(width + game.noted(game.shape(pair.env)))


def run(
    environment: Any,
    policy: Any,
    horizon: int,
    seed: int = 0,
    *,
    env: Any = None,
    compiled: bool = True,
    coins_seed: int | None = None,
) -> Run:
    """Play a pair round by round.

    Parameters
    ----------
    environment, policy : instances of registered classes
    horizon : int
        T.
    seed : int
        Of all streams.
    env : NamedTuple, optional
        A state that stands for the environment's own.
    compiled : bool
        False plays in plain Python.
    coins_seed : int, optional
        Of the policy's stream, where it is to differ.
    """
    pair = start(environment, policy, horizon, seed, env=env, coins_seed=coins_seed)
    verbs, row = keeping(pair)
    if compiled:
        loop, _ = fuse.prepare(pair.game.rounds, verbs, pair.arguments(0, 0, row))
    else:
        loop = fuse.plain(pair.game.rounds, verbs)
    return _tabulated(pair, _rounds(pair, policy, loop, horizon, row), len(row))


class _Round(NamedTuple):
    """What is kept of a round; the names are those of `Run`."""

    features: np.ndarray
    best: np.ndarray
    row: np.ndarray  #: what it added to the metrics, then what was played and seen
    recommended: np.ndarray | None


def _rounds(pair: Pair, policy: Any, loop: Callable, horizon: int, row: np.ndarray) -> list[_Round]:
    """Play the rounds one by one until the policy stops."""
    game, env, state, rounds = pair.game, pair.env, pair.state, []
    width, recommend = len(game.metrics), getattr(policy, "recommend", None)
    total, runs_on = np.zeros(width), hasattr(policy, "repeats")  # its metrics are written once for several rounds
    for t in range(horizon):
        row[:width], row[width:] = total if runs_on else 0.0, np.nan
        before = getattr(env, game.shown).copy()
        loop(*pair.arguments(t, t + 1, row))
        if np.isnan(row[width]):
            break
        if runs_on:
            total, row[:width] = row[:width].copy(), row[:width] - total
        features = before if game.follows else getattr(env, game.shown).copy()
        recommended = None if recommend is None else np.array(recommend(state, t + 1), ndmin=1)
        rounds.append(_Round(features, best_of(env).copy(), row.copy(), recommended))
    return rounds


def _tabulated(pair: Pair, rounds: list[_Round], columns: int) -> Run:
    """Return a run of these rounds, in each of which so many numbers were kept."""
    game, env = pair.game, pair.env
    width, size, single = len(game.metrics), game.action.size(game.shape(env)), type(game.action) is Indices
    table = np.array([kept.row for kept in rounds]).reshape(-1, columns)
    noted = table[:, width:][:, ~np.isnan(table[:, width:]).all(0)]
    actions, outcomes = noted[:, :size], noted[:, size:]
    return Run(
        features=np.array([kept.features for kept in rounds]).reshape(len(rounds), *getattr(env, game.shown).shape),
        best=np.array([kept.best for kept in rounds], int).reshape(len(rounds), len(best_of(env))),
        actions=actions if isinstance(game.action, Point) else actions.astype(int),
        outcomes=outcomes[:, 0] if outcomes.shape[1] == 1 and single else outcomes,
        totals=table[:, :width],
        recommended=np.array([kept.recommended for kept in rounds if kept.recommended is not None]),
        env=env,
        state=pair.state,
        facts=pair.facts,
    )


class Following:
    """Picks the arms that were played, one after the other, where their score is the largest but for rounding."""

    def __init__(self, action: int | tuple[int, ...]):
        self.left = list(action) if isinstance(action, tuple) else [action]
        self.ties = 0

    def __call__(self, scores: Any) -> Any:
        """Return the index of the largest of an array of scores; a tuple of indices for a table."""
        own = first_largest(scores)
        width = len(own) if isinstance(own, tuple) else 1
        played = tuple(self.left[:width]) if isinstance(own, tuple) else self.left[0]
        self.left = self.left[width:]
        best, taken = scores[own], scores[played]
        if played == own or best - taken > TIE * max(abs(best), abs(taken)):
            return own
        self.ties += 1
        return played


class FollowingSet:
    """Takes the set that was played where it is worth as much as the transcription's own, but for rounding."""

    def __init__(self, played: np.ndarray):
        self.played, self.ties = played, 0

    def __call__(self, own: Any, worth: Callable[[Any], float]) -> Any:
        """Return a set; `worth` is what the transcription maximises, a function of the set."""
        if np.array_equal(own, self.played):
            return own
        best, taken = worth(own), worth(self.played)
        if best - taken > TIE * max(abs(best), abs(taken)):
            return own
        self.ties += 1
        return self.played


def first_largest(scores: Any) -> Any:
    """Return the index of the largest score, the lowest among equals; a tuple for a table of scores."""
    at = np.unravel_index(np.argmax(scores), np.shape(scores))
    return int(at[0]) if len(at) == 1 else tuple(int(i) for i in at)


def follow(done: Run, transcription: type, policy: Any, seed: int = 0) -> tuple[list[tuple[int, Any, Any]], int]:
    """Let a transcription decide the rounds of a run on the same coins, until they part.

    Returns
    -------
    mismatches : list of (t, what the transcription says, what the policy did)
        Those of the first round in which the two differ; empty where there is none.
    ties : int
        Decisions in which two scores were equal to within `TIE`, and the transcription took the one that was played.
    """
    best, game = np.zeros(done.best.shape[1], int), games()[registry.kind_of(policy).game]
    coins = seeding.stream(seed, "policy")
    twin = transcription(policy, told(policy, done.env, {**done.facts, "best": best}), coins)
    stops, ties = hasattr(policy, "stop"), 0
    for t, row in enumerate(done.actions):
        if stops and twin.stop(t):
            return [(t, "stop", "go on")], ties
        if game.skips is not None and game.skips(done.features[t]):
            continue
        played = game.action.read(row)
        best[:] = done.best[t]
        pick = FollowingSet(played) if isinstance(game.action, ItemList) else Following(played)
        chosen = twin.choose(t, done.features[t], coins, pick)
        ties += pick.ties
        if not game.action.same(chosen, played, TIE):
            return [(t, chosen, played)], ties
        twin.learn(t, done.features[t], *game.action.arguments(played), done.outcomes[t])
        if len(done.recommended):
            own, theirs = np.array(twin.recommend(t + 1), ndmin=1), done.recommended[t]
            if not np.array_equal(own, theirs):
                return [(t, f"recommend {own.tolist()}", f"recommend {theirs.tolist()}")], ties
    rounds = len(done.actions)
    if rounds < done.facts["rounds"] and not twin.stop(rounds):
        return [(rounds, "go on", "stop")], ties
    return [], ties
