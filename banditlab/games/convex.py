"""The convex game: choose a point of a convex domain, see a gradient of the round's loss there.

A round t = 0, 1, ... of a pair (environment, policy):

0. the environment may show a hint, a guess of the gradient to come, to a policy that takes one;
1. the policy chooses a point x_t of the domain, d numbers;
2. the environment answers with the gradient of the loss f_t at x_t, which is drawn at random: F_t is its expectation;
3. the environment adds to the metrics;
4. the policy learns from copies of point and gradient; it may ask for the gradient of f_t at a second point of the
   domain.

Regret is by expected losses but in the one metric that says otherwise. `static-regret` is the sum of F_t(x_t) - F_t(u)
for the point u of the least sum of F_t over all T rounds, also where it is read before they are over; but an
environment that answers to what was played knows no such point beforehand, and after t rounds u is the best point of
these t. `realised-static-regret` is the sum of f_t(x_t) - f_t(v) for the point v of the least sum of f_t over all T
rounds; both can be negative, far below zero where losses drift. `dynamic-regret` is the sum of F_t(x_t) - min F_t.
`adaptive-regret` is the largest static regret, each to the best point of its own rounds, over the intervals k 2^j ..
(k + 1) 2^j - 1 that are over; any interval of n >= 2 rounds consists of at most 2 log2 n such. `path-length` is the
sum of the distances between one round's minimiser and the next one's. `duality-gap` is of games of two players, by
their averages.

The functions below without a body are the verbs: the environment's are `contains`, `reveal`, `score`, of one that
shows hints `foretell`, and of a game of two players `duality_gap`; the policy's are `choose` and `learn`, of one that
takes hints `takes_hint` and `foresee`, and of one that asks for a second gradient `looks_twice`, `second` and
`learn_second`. They are bound to a pair by `banditlab.fuse`. The environment's state has room for the round: `hint`
(d,), 0 at the start; `point` (d,); and `gradients` (4, d), at the point and at the second one, and what the policy is
given of both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from banditlab.games.game import Column, Columns, Game, Metric, Point, measure, vector
from banditlab.games.letters import Item, Letters, carry
from banditlab.types import Vector


class Round(NamedTuple):
    """What happened in a round, as metrics see it."""

    t: int  #: 0, 1, ...
    point: Vector  #: (d,)
    gradient: Vector  #: (d,) at the point
    second: Vector  #: (d,) at the second point
    twice: bool  #: whether the policy saw the second one


def contains(env, point) -> bool:
    """Environment: whether a point (d,) lies in the domain, but for rounding."""
    raise NotImplementedError


def reveal(env, t, point, gradient) -> None:
    """Environment: write the gradient of the loss of round t at a point (d,) into `gradient` (d,)."""
    raise NotImplementedError


def score(env, t, point, totals) -> None:
    """Environment: add to the running totals of its metrics, in the order of this module's constants."""
    raise NotImplementedError


def foretell(env, t, hint) -> None:
    """Environment, optional: write a guess of the gradient of round t into `hint` (d,), whatever was played before."""


def duality_gap(env) -> float:
    """Environment, optional: by how much both players' averages so far miss the value of their game, together."""
    return 0.0


def choose(policy, t, rng) -> Vector:
    """Policy: a point (d,), an array of its state, given the policy's own stream."""
    raise NotImplementedError


def learn(policy, t, point, gradient) -> None:
    """Policy: update the state by the gradient (d,) at the point."""
    raise NotImplementedError


def takes_hint(policy) -> bool:
    """Policy, optional: whether it is shown the hint of each round; it must then need `"hints"`."""
    return False


def foresee(policy, t, hint) -> None:
    """Policy, optional: take note of the hint (d,) of round t; called before `choose`."""


def looks_twice(policy) -> bool:
    """Policy, optional: whether it asks for a second gradient of each round's loss."""
    return False


def second(policy, t, point) -> Vector:
    """Policy, optional: where it asks for it, (d,), an array of its state; called after `learn`."""
    return point


def learn_second(policy, t, gradient) -> None:
    """Policy, optional: update the state by the second gradient (d,)."""


STATIC, REALISED, DYNAMIC, ADAPTIVE, PATH, GAP = range(6)


def rounds(env, policy, channel, start, end, contexts, coins, totals):
    """Play rounds start .. end - 1."""
    hinted, twice, point, gradient = takes_hint(policy), looks_twice(policy), env.point, env.gradients[0]
    other, at, given = env.gradients[1], env.gradients[2], env.gradients[3]
    for t in range(start, end):
        if hinted:
            foretell(env, t, env.hint)
            copy_into(env.hint, given)
            foresee(policy, t, given)
        take(env, choose(policy, t, coins), point)
        reveal(env, t, point, gradient)
        score(env, t, point, totals)
        copy_into(point, at)
        copy_into(gradient, given)
        hear(channel, env, policy, t, at, given)
        if twice:
            copy_into(point, given)
            take(env, second(policy, t, given), at)
            reveal(env, t, at, other)
            copy_into(other, given)
            learn_second(policy, t, given)
        measure(env, policy, Round(t, point, gradient, other, twice), t + 1 == end, totals)


def conclude(env, policy, t, totals):
    """Read the duality gap after t rounds."""
    totals[GAP] = duality_gap(env)


def take(env, chosen, point):
    """Copy a point that the policy chose, so that it can go on with its own array while the round lasts."""
    if chosen.shape[0] != point.shape[0]:
        raise ValueError("the policy chose a point with another number of coordinates")
    copy_into(chosen, point)
    if not contains(env, point):
        raise ValueError("the policy chose a point outside the domain")


def copy_into(x, out):
    """Copy x (d,) into out (d,)."""
    for i in range(out.shape[0]):
        out[i] = x[i]


def hear(channel, env, policy, t, point, gradient):
    """Let the policy learn from its round."""
    learn(policy, t, point, gradient)


def send(channel, env, policy, t, point, gradient):
    """Stand for `hear` where there are wrappers."""
    carry(channel, env, policy, t, ((point,), (gradient,)))


def receive(channel, env, policy, t, letter):
    """Let the policy learn from a letter."""
    learn(policy, t, letter[0][0], letter[1][0])


def which(what):
    """Return a number of the action in the first part of a letter: one for all points."""
    return 0


def past(policy, state):
    """Say why a policy in that state learns past letters."""
    twice = hasattr(policy, "looks_twice") and policy.looks_twice(state)
    return "learns from a second gradient" if twice else ""


def ask(policy, t, features, rng):
    """Ask the policy alone, in a user's own loop; features (d,) are the hint."""
    if takes_hint(policy):
        foresee(policy, t, features)
    return choose(policy, t, rng)


def tell(policy, t, features, action, outcome):
    """Tell the policy alone, in a user's own loop."""
    learn(policy, t, action, outcome)


def note(round, row):
    """Write what was played and seen."""
    dim = round.point.shape[0]
    for i in range(dim):
        row[i], row[dim + i] = round.point[i], round.gradient[i]
        if round.twice:
            row[2 * dim + i] = round.second[i]


def read_gradient(value: Any, shape: dict[str, int]) -> np.ndarray:
    """Read what a user tells of a round: a gradient."""
    return vector(value, shape["dim"], "a gradient, ")


def alone(policy: Any, state: Any) -> str:
    """Say why a policy cannot be played in a user's own loop; empty where it can."""
    if hasattr(policy, "looks_twice") and policy.looks_twice(state):
        return "asks for the gradient at a second point, for which an agent has no place"
    return ""


def hinted(policy: Any, state: Any) -> bool:
    """Tell whether a policy in that state must be shown hints."""
    return hasattr(policy, "takes_hint") and policy.takes_hint(state)


def lengths(env: Any) -> tuple[int, ...]:
    """Return the number of coordinates."""
    return env.point.shape


GAME = Game(
    name="convex",
    summary="choose a point of a convex domain, see a gradient of the round's loss there",
    rounds=rounds,
    conclude=conclude,
    ask=ask,
    tell=tell,
    note=note,
    columns=lambda shape: Columns(
        actions=(Column("point", float, shape["dim"]),),
        rewards=(Column("gradient", float, shape["dim"]), Column("second", float, shape["dim"])),
    ),
    outcome=read_gradient,
    environment_verbs=(contains, reveal, score),
    policy_verbs=(choose, learn),
    metrics=(
        Metric("static-regret", "Regret to the best fixed point", signed=True),
        Metric("realised-static-regret", "Realised regret to the best fixed point", signed=True),
        Metric("dynamic-regret", "Regret to each round's best point"),
        Metric("adaptive-regret", "Largest regret over a dyadic interval", cumulative=False),
        Metric("path-length", "Path length of the best points", better=None),
        Metric("duality-gap", "Duality gap of the averages", cumulative=False, of=("duality_gap",)),
    ),
    environment_options=(foretell, duality_gap),
    policy_options=(takes_hint, foresee, looks_twice, second, learn_second),
    axes={"dim": 1},
    lengths=lengths,
    shown="hint",
    still=True,
    hinted=hinted,
    action=Point(),
    alone=alone,
    noted=lambda shape: 3 * shape["dim"],
    assumed={},
    letters=Letters(
        hear=hear,
        send=send,
        receive=receive,
        what=(Item(float, lambda shape: (shape["dim"],)),),
        outcome=(Item(float, lambda shape: (shape["dim"],)),),
        which=which,
        past=past,
    ),
)
