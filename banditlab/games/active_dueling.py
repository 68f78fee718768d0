"""The active dueling game: choose a context and a pair of arms, see which one won, recommend an arm for each context.

A round t = 0, 1, ... of a pair (environment, policy):

1. the environment shows `features`, one row for each arm in each context, shape (C, K, d); d = 0 where there are none;
2. the policy chooses a context in 0 .. C-1 and a pair (i, j) of arms in 0 .. K-1, which may be one and the same;
3. the environment answers with one bit, whether i won in that context;
4. the policy learns from it.

Nothing is charged for a round: at the record points the policy recommends an arm for each context, and the metrics are
by how much these fall short of the best arms, in the worst context and on average over all contexts; in utility, and in
Borda value (the mean probability to beat an arm drawn uniformly from all K, itself among them).

The functions below without a body are the verbs: the environment's are `observe`, `duel`, `shortfall`; the policy's are
`choose`, `learn`, `recommend`. They are bound to a pair by `banditlab.fuse`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from banditlab.games.game import Column, Columns, Game, Indices, Metric, measure, truth_value
from banditlab.games.letters import Item, Letters, carry
from banditlab.types import Counts, Matrix


class Round(NamedTuple):
    """What happened in a round, as metrics see it."""

    t: int  #: 0, 1, ...
    features: Matrix  #: (C, K, d)
    context: int
    first: int
    second: int
    won: bool  #: whether the first arm won


def observe(env, t, rng) -> Matrix:
    """Environment: the features of round t, shape (C, K, d)."""
    raise NotImplementedError


def duel(env, t, features, context, first, second) -> bool:
    """Environment: whether the first arm wins in a context."""
    raise NotImplementedError


def shortfall(env, context, arm) -> tuple[float, float]:
    """Environment: by how much an arm is below the best one of a context, in utility and in Borda value."""
    raise NotImplementedError


def chance(env, t, features, context, first, second) -> float:
    """Environment, optional: the probability that the first arm wins in round t."""
    raise NotImplementedError


def choose(policy, t, features, rng) -> tuple[int, int, int]:
    """Policy: a context and a pair of arms, given the features and the policy's own stream."""
    raise NotImplementedError


def learn(policy, t, features, context, first, second, won) -> None:
    """Policy: update the state."""
    raise NotImplementedError


def recommend(policy, t) -> Counts:
    """Policy: an array (C,) of its state that holds an arm for each context, the best as it seems after t rounds."""
    raise NotImplementedError


WORST, MEAN, WORST_BORDA, MEAN_BORDA = range(4)

#: Metrics of environments that know utilities, and of all.
UTILITY_METRICS = ("worst", "mean")
BORDA_METRICS = ("worst-borda", "mean-borda")


def rounds(env, policy, channel, start, end, contexts, coins, totals):
    """Play rounds start .. end - 1."""
    for t in range(start, end):
        features = observe(env, t, contexts)
        context, first, second = choose(policy, t, features, coins)
        if not 0 <= context < features.shape[0]:
            raise IndexError("the policy chose a context outside 0 .. C-1")
        if not (0 <= first < features.shape[1] and 0 <= second < features.shape[1]):
            raise IndexError("the policy chose an arm outside 0 .. K-1")
        won = duel(env, t, features, context, first, second)
        hear(channel, env, policy, t, features, context, first, second, won)
        measure(env, policy, Round(t, features, context, first, second, won), t + 1 == end, totals)


def conclude(env, policy, t, totals):
    """Score the arms that the policy recommends after t rounds."""
    arms = recommend(policy, t)
    totals[WORST] = totals[WORST_BORDA] = -math.inf
    totals[MEAN] = totals[MEAN_BORDA] = 0.0
    if arms.shape[0] != env.features.shape[0]:
        raise IndexError("the policy recommends something else than an arm for each context")
    for context in range(arms.shape[0]):
        if not 0 <= arms[context] < env.features.shape[1]:
            raise IndexError("the policy recommended an arm outside 0 .. K-1")
        utility, borda = shortfall(env, context, arms[context])
        totals[WORST] = max(totals[WORST], utility)
        totals[MEAN] += utility / arms.shape[0]
        totals[WORST_BORDA] = max(totals[WORST_BORDA], borda)
        totals[MEAN_BORDA] += borda / arms.shape[0]


def hear(channel, env, policy, t, features, context, first, second, won):
    """Let the policy learn from its round."""
    learn(policy, t, features, context, first, second, won)


def send(channel, env, policy, t, features, context, first, second, won):
    """Stand for `hear` where there are wrappers."""
    carry(channel, env, policy, t, ((features, context, first, second), (won,)))


def receive(channel, env, policy, t, letter):
    """Let the policy learn from a letter."""
    learn(policy, t, letter[0][0], letter[0][1], letter[0][2], letter[0][3], letter[1][0])


def which(what):
    """Return a number of context and pair in the first part of a letter."""
    arms = what[0].shape[1]
    return (what[1] * arms + what[2]) * arms + what[3]


def likelihood(env, t, what):
    """Return the probability that the first arm wins, of the present round."""
    return chance(env, t, what[0], what[1], what[2], what[3])


def ask(policy, t, features, rng):
    """Ask the policy alone, in a user's own loop."""
    return choose(policy, t, features, rng)


def tell(policy, t, features, action, outcome):
    """Tell the policy alone, in a user's own loop."""
    context, first, second = action
    learn(policy, t, features, context, first, second, outcome)


def note(round, row):
    """Write what was played and seen."""
    row[0] = round.context
    row[1] = round.first
    row[2] = round.second
    row[3] = 1.0 if round.won else 0.0


GAME = Game(
    name="active-dueling",
    summary="choose a context and a pair of arms, see which one won, recommend an arm for each context",
    rounds=rounds,
    ask=ask,
    tell=tell,
    note=note,
    columns=lambda shape: Columns(
        actions=(Column("context"), Column("first"), Column("second")), rewards=(Column("won", bool),)
    ),
    outcome=truth_value,
    environment_verbs=(observe, duel, shortfall),
    environment_options=(chance,),
    policy_verbs=(choose, learn, recommend),
    metrics=(
        Metric("worst", "Worst sub-optimality", cumulative=False, early=True),
        Metric("mean", "Mean sub-optimality", cumulative=False, early=True),
        Metric("worst-borda", "Worst sub-optimality (Borda)", cumulative=False, early=True),
        Metric("mean-borda", "Mean sub-optimality (Borda)", cumulative=False, early=True),
    ),
    conclude=conclude,
    axes={"contexts": 1, "arms": 2, "dim": 0},
    action=Indices(3),
    duels=True,
    letters=Letters(
        hear=hear,
        send=send,
        receive=receive,
        what=(
            Item(float, lambda shape: (shape["contexts"], shape["arms"], shape["dim"])),
            Item(int),
            Item(int),
            Item(int),
        ),
        outcome=(Item(bool),),
        which=which,
        likelihood=likelihood,
    ),
)
