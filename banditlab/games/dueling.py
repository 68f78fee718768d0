"""The dueling game: see features or none, play a pair of arms, see which one won.

A round t = 0, 1, ... of a pair (environment, policy):

1. the environment shows `features`, one row an arm, shape (K, d); d = 0 where there is no context;
2. the policy chooses a pair (i, j) of arms in 0 .. K-1, which may be one and the same;
3. the environment answers with one bit, whether i won;
4. the policy learns from it;
5. the environment adds to the regrets, from its true utilities or preferences.

With the gap of an arm to the round's best in utility, or in preference P(best beats arm) - 1/2, the regret of a pair is
the smaller gap (weak), the larger (strong) or their mean (average). The best is the Condorcet winner, which beats every
other arm; where there is none, a gap is to the highest Copeland score (share of the other arms that an arm beats) or
Borda score (mean probability to beat another arm), and the regret of a pair is the mean of its two.

The functions below without a body are the verbs: the environment's are `observe`, `duel`, `regret`; the policy's are
`choose` and `learn`. They are bound to a pair by `banditlab.fuse`.
"""

from __future__ import annotations

from typing import NamedTuple

from banditlab.fuse import kernel
from banditlab.games.game import Column, Columns, Game, Indices, Metric, measure, truth_value
from banditlab.games.letters import Item, Letters, carry
from banditlab.types import Matrix


class Round(NamedTuple):
    """What happened in a round, as metrics see it."""

    t: int  #: 0, 1, ...
    features: Matrix  #: (K, d)
    first: int
    second: int
    won: bool  #: whether the first arm won


def observe(env, t, rng) -> Matrix:
    """Environment: draw the features of round t, shape (K, d), from the stream of contexts."""
    raise NotImplementedError


def duel(env, t, features, first, second) -> bool:
    """Environment: whether the first arm wins."""
    raise NotImplementedError


def regret(env, t, features, first, second, totals) -> None:
    """Environment: add to the running totals, by `score_utility` and `score_preference`."""
    raise NotImplementedError


def chance(env, t, features, first, second) -> float:
    """Environment, optional: the probability that the first arm wins in round t."""
    raise NotImplementedError


def choose(policy, t, features, rng) -> tuple[int, int]:
    """Policy: a pair of arms, given the features and the policy's own stream."""
    raise NotImplementedError


def learn(policy, t, features, first, second, won) -> None:
    """Policy: update the state."""
    raise NotImplementedError


AVERAGE, STRONG, WEAK, AVERAGE_PREFERENCE, STRONG_PREFERENCE, WEAK_PREFERENCE, COPELAND, BORDA = range(8)


#: Metrics of environments that know utilities, that have a Condorcet winner, and whose preferences stay.
UTILITY_METRICS = ("average", "strong", "weak")
PREFERENCE_METRICS = ("average-preference", "strong-preference", "weak-preference")
TOURNAMENT_METRICS = ("copeland", "borda")


@kernel
def score_utility(totals, one, other):
    """Add a pair's gaps in utility, each >= 0, to the totals."""
    totals[AVERAGE] += 0.5 * (one + other)
    totals[STRONG] += max(one, other)
    totals[WEAK] += min(one, other)


@kernel
def score_preference(totals, one, other):
    """Add a pair's gaps in preference, each in [0, 1/2], to the totals."""
    totals[AVERAGE_PREFERENCE] += 0.5 * (one + other)
    totals[STRONG_PREFERENCE] += max(one, other)
    totals[WEAK_PREFERENCE] += min(one, other)


@kernel
def score_tournament(totals, copeland, borda, first, second):
    """Add a pair's mean gaps in Copeland and Borda score, from the gaps (K,) of all arms, each in [0, 1]."""
    totals[COPELAND] += 0.5 * (copeland[first] + copeland[second])
    totals[BORDA] += 0.5 * (borda[first] + borda[second])


def rounds(env, policy, channel, start, end, contexts, coins, totals):
    """Play rounds start .. end - 1."""
    for t in range(start, end):
        features = observe(env, t, contexts)
        first, second = choose(policy, t, features, coins)
        if not (0 <= first < features.shape[0] and 0 <= second < features.shape[0]):
            raise IndexError("the policy chose an arm outside 0 .. K-1")
        won = duel(env, t, features, first, second)
        hear(channel, env, policy, t, features, first, second, won)
        regret(env, t, features, first, second, totals)
        measure(env, policy, Round(t, features, first, second, won), t + 1 == end, totals)


def hear(channel, env, policy, t, features, first, second, won):
    """Let the policy learn from its round."""
    learn(policy, t, features, first, second, won)


def send(channel, env, policy, t, features, first, second, won):
    """Stand for `hear` where there are wrappers."""
    carry(channel, env, policy, t, ((features, first, second), (won,)))


def receive(channel, env, policy, t, letter):
    """Let the policy learn from a letter."""
    learn(policy, t, letter[0][0], letter[0][1], letter[0][2], letter[1][0])


def which(what):
    """Return a number of the pair in the first part of a letter."""
    return what[1] * what[0].shape[0] + what[2]


def likelihood(env, t, what):
    """Return the probability that the first arm wins, of the present round."""
    return chance(env, t, what[0], what[1], what[2])


def ask(policy, t, features, rng):
    """Ask the policy alone, in a user's own loop."""
    return choose(policy, t, features, rng)


def tell(policy, t, features, action, outcome):
    """Tell the policy alone, in a user's own loop."""
    first, second = action
    learn(policy, t, features, first, second, outcome)


def note(round, row):
    """Write what was played and seen."""
    row[0] = round.first
    row[1] = round.second
    row[2] = 1.0 if round.won else 0.0


GAME = Game(
    name="dueling",
    summary="see features or none, play a pair of arms, see which one won",
    rounds=rounds,
    ask=ask,
    tell=tell,
    note=note,
    columns=lambda shape: Columns(actions=(Column("first"), Column("second")), rewards=(Column("won", bool),)),
    outcome=truth_value,
    environment_verbs=(observe, duel, regret),
    environment_options=(chance,),
    policy_verbs=(choose, learn),
    metrics=(
        Metric("average", "Average regret"),
        Metric("strong", "Strong regret"),
        Metric("weak", "Weak regret"),
        Metric("average-preference", "Average regret (preference)"),
        Metric("strong-preference", "Strong regret (preference)"),
        Metric("weak-preference", "Weak regret (preference)"),
        Metric("copeland", "Copeland regret"),
        Metric("borda", "Borda regret"),
    ),
    axes={"arms": 2, "dim": 0},
    action=Indices(2),
    duels=True,
    letters=Letters(
        hear=hear,
        send=send,
        receive=receive,
        what=(Item(float, lambda shape: (shape["arms"], shape["dim"])), Item(int), Item(int)),
        outcome=(Item(bool),),
        which=which,
        likelihood=likelihood,
    ),
)
