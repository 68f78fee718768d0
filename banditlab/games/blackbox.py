"""The black-box game: choose a point of a finite domain, see noisy values of an objective and of its constraints.

A round t = 0, 1, ... of a pair (environment, policy):

1. the policy chooses a point in 0 .. G-1 of the domain, which it may be told;
2. the environment answers with 1 + N noisy values: the objective f, which is to be small, and constraints g_1 .. g_N,
   which hold where they are at most 0;
3. the policy learns from them;
4. the environment adds to the metrics, from the values without noise.

With x* the feasible point of the least f: `regret` is the sum of f(x_t) - f(x*), which can be negative,
`positive-regret` that of its positive part, `violation` the sum of the positive parts of all constraints, and
`violation-1` to `violation-4` those of single ones. `simple-regret` is the least of [f(x_t) - f(x*)]^+ + sum_i
[g_i(x_t)]^+ so far, and `best-feasible` the least f(x_t) - f(x*) of a feasible point so far; before there is one, that
of the worst feasible point. Where no point is feasible, x* is the one of the least sum of violations.

The functions below without a body are the verbs: the environment's are `query` and `score`; the policy's are `choose`
and `learn`. They are bound to a pair by `banditlab.fuse`.

A policy with the optional verb `declares` says that no point is feasible: metrics tell whether it did so, and after how
many rounds. Once its `stop` is true nothing more is played.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from banditlab.games.game import Column, Columns, Game, Metric, measure, vector
from banditlab.games.letters import Item, Letters, carry
from banditlab.types import Vector


class Round(NamedTuple):
    """What happened in a round, as metrics see it."""

    t: int  #: 0, 1, ...
    point: int
    values: Vector  #: (1 + N,) observed: objective, constraints


def query(env, t, point) -> Vector:
    """Environment: noisy values of objective and constraints, (1 + N,), at a point in round t."""
    raise NotImplementedError


def score(env, t, point, totals) -> None:
    """Environment: add to the running totals of its metrics, in the order of this module's constants."""
    raise NotImplementedError


def choose(policy, t, rng) -> int:
    """Policy: a point, given the policy's own stream."""
    raise NotImplementedError


def learn(policy, t, point, values) -> None:
    """Policy: update the state."""
    raise NotImplementedError


def declares(policy, t) -> bool:
    """Policy, optional: whether it takes the problem for infeasible, before it plays round t; once true it stays so."""
    return False


def stop(policy, t) -> bool:
    """Policy, optional: whether it has seen enough after t rounds; once true it stays so."""
    return False


REGRET, POSITIVE, VIOLATION, SIMPLE, BEST, DECLARED, UNTIL, FIRST = range(8)
SINGLE = 4  #: constraints that have a metric each

#: Metrics of an environment with N constraints.
SHARED_METRICS = ("regret", "positive-regret", "violation", "simple-regret", "best-feasible", "declared", "undeclared")


def metrics_of(constraints: int) -> tuple[str, ...]:
    """Return the metrics that an environment with so many constraints keeps."""
    return (*SHARED_METRICS, *(f"violation-{i}" for i in range(1, min(constraints, SINGLE) + 1)))


def rounds(env, policy, channel, start, end, contexts, coins, totals):
    """Play rounds start .. end - 1, or until the policy stops."""
    for t in range(start, end):
        if declares(policy, t):
            totals[DECLARED] = 1.0
        else:
            totals[UNTIL] += 1.0
        if stop(policy, t):
            break
        point = choose(policy, t, coins)
        if not 0 <= point < env.features.shape[0]:
            raise IndexError("the policy chose a point outside 0 .. G-1")
        values = query(env, t, point)
        hear(channel, env, policy, t, point, values)
        score(env, t, point, totals)
        measure(env, policy, Round(t, point, values), t + 1 == end, totals)


def hear(channel, env, policy, t, point, values):
    """Let the policy learn from its round."""
    learn(policy, t, point, values)


def send(channel, env, policy, t, point, values):
    """Stand for `hear` where there are wrappers."""
    carry(channel, env, policy, t, ((point,), (values,)))


def receive(channel, env, policy, t, letter):
    """Let the policy learn from a letter."""
    learn(policy, t, letter[0][0], letter[1][0])


def which(what):
    """Return the number of the action in the first part of a letter."""
    return what[0]


def ask(policy, t, features, rng):
    """Ask the policy alone, in a user's own loop."""
    return choose(policy, t, rng)


def tell(policy, t, features, action, outcome):
    """Tell the policy alone, in a user's own loop."""
    learn(policy, t, action, outcome)


def note(round, row):
    """Write what was played and seen."""
    row[0] = round.point
    for i in range(round.values.shape[0]):
        row[1 + i] = round.values[i]


def read_values(value: Any, shape: dict[str, int]) -> np.ndarray:
    """Read what a user tells of a round: values of objective and constraints."""
    return vector(value, 1 + shape["constraints"], "the objective's value and the constraints', ")


def lengths(env: Any) -> tuple[int, ...]:
    """Return the numbers of points, of their coordinates, and of constraints."""
    return (*env.features.shape, len(env.values) - 1)


GAME = Game(
    name="blackbox",
    summary="choose a point of a finite domain, see noisy values of an objective and of its constraints",
    rounds=rounds,
    ask=ask,
    tell=tell,
    note=note,
    columns=lambda shape: Columns(
        actions=(Column("point"),), rewards=(Column("values", float, 1 + shape["constraints"]),)
    ),
    outcome=read_values,
    environment_verbs=(query, score),
    policy_verbs=(choose, learn),
    metrics=(
        Metric("regret", "Regret", signed=True),
        Metric("positive-regret", "Positive regret"),
        Metric("violation", "Violation of constraints"),
        Metric("simple-regret", "Simple regret with violation", cumulative=False, early=True),
        Metric("best-feasible", "Regret of the best feasible point", cumulative=False, early=True),
        Metric("declared", "Declared infeasible", cumulative=False, of=("declares",), better=None),
        Metric("undeclared", "Rounds before infeasibility was declared", of=("declares",), better=None),
        *(Metric(f"violation-{i}", f"Violation of constraint {i}") for i in range(1, SINGLE + 1)),
    ),
    policy_options=(declares, stop),
    axes={"points": 2, "dim": 1, "constraints": 0},
    lengths=lengths,
    shown_axes=("points", "dim"),
    still=True,
    yields=True,
    noted=lambda shape: 2 + shape["constraints"],
    assumed={"initial": []},
    letters=Letters(
        hear=hear,
        send=send,
        receive=receive,
        what=(Item(int),),
        outcome=(Item(float, lambda shape: (1 + shape["constraints"],)),),
        which=which,
    ),
)
