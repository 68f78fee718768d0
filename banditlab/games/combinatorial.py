"""The combinatorial game: play a set of items, see one number, or what each of its parts was worth.

A round t = 0, 1, ... of a pair (environment, policy):

1. the policy chooses a set of items in 0 .. n-1, in some order, of the family that it may be told;
2. the environment answers with a reward for the set; under semi-bandit feedback also with the parts that were
   seen, and the value of each: the items themselves, those that a user looked at, or the edges that were tried;
3. the environment adds to the metrics;
4. the policy learns from it.

A policy may ask for several rounds of the same set at once. The environment then answers with the sum of the rewards,
and the policy is called only twice for all of them: a slow policy costs what it decides, not what it plays.

With f(S) the expected reward of a set: `regret` is the sum of f(S*) - f(S_t) for the best set S* of the family,
`alpha-regret` that of alpha f(S*) - f(S_t), where alpha is what an offline algorithm is sure to reach, and
`offline-regret` that of f(S') - f(S_t), where S' is the set that this algorithm finds when it knows f; where it draws,
f(S') is the mean of a thousand searches. All three can be negative: the last two where a policy does better, all where
it plays sets over their budget, which `violations` counts.

The functions below without a body are the verbs: the environment's are `contains`, `value`, `pull` and `draw_set`,
where there is a budget `overspends`, and where it can be done `maximise`; the policy's are `choose` and `learn`, and of
one that plays sets repeatedly `repeats` and `learn_sum`. They are bound to a pair by `banditlab.fuse`. A policy calls
`draw_set` and `maximise` with the family that it was told. The environment's state has fields `features` (n, d),
`family`, `room` (a `Room`) and `benchmarks` (3,).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from banditlab.games.game import Column, Columns, Game, ItemList, Metric, measure, number, vector
from banditlab.games.letters import Item, Letters, carry
from banditlab.types import Counts, Vector


class Room(NamedTuple):
    """What a round needs room for."""

    items: Counts  #: (n,) the set, in its first places
    block: Counts  #: (4,) of the set that is played: its size, rounds in all, rounds so far, parts seen
    worth: Vector  #: (2,) its expected reward, and the rewards so far
    before: Vector  #: (4,) the running totals when it was chosen
    parts: Counts  #: (m,) those that were seen, in the first places
    values: Vector  #: (m,) their values


SIZE, LENGTH, DONE, SEEN = range(4)
EXPECTED, EARNED = range(2)


def make_room(items: int, parts: int) -> Room:
    """Return room for sets of n items, and for values of m parts."""
    block, worth, before = np.zeros(4, int), np.zeros(2), np.zeros(4)
    return Room(np.zeros(items, int), block, worth, before, np.zeros(parts, int), np.zeros(parts))


class Round(NamedTuple):
    """What happened in a round, or in several of the same set, as metrics see it."""

    t: int  #: the first one
    rounds: int
    count: int  #: n
    items: Counts  #: (k,)
    reward: float  #: of all of them
    parts: Counts  #: (s,) those that the policy saw
    values: Vector  #: (s,)


def contains(env, items) -> bool:
    """Environment: whether a set (k,) is one of the family, but for the budget."""
    raise NotImplementedError


def overspends(env, items) -> bool:
    """Environment, optional: whether a set (k,) is over the budget; it can be played, and is counted."""
    return False


def value(env, items) -> float:
    """Environment: the expected reward of a set (k,)."""
    raise NotImplementedError


def pull(env, t, rounds, items, expected, total) -> float:
    """Environment: `total` plus the rewards of rounds t .. t + rounds - 1, in which the set is played.

    For a single round under semi-bandit feedback, `env.room` gets the parts that were seen, their values, and their
    number at `block[SEEN]`.
    """
    raise NotImplementedError


def draw_set(family, rng, items) -> int:
    """Environment: write a set of the family at random into `items` (n,) and return its size."""
    raise NotImplementedError


def maximise(family, weights, items) -> int:
    """Environment, optional: write the best set for weights (m,) of the parts into `items` (n,) and return its size."""
    raise NotImplementedError


def choose(policy, t, items, rng) -> int:
    """Policy: write a set into `items` (n,) and return its size, given the policy's own stream."""
    raise NotImplementedError


def learn(policy, t, items, reward, parts, values) -> None:
    """Policy: update the state by the reward of the set (k,), and by the values (s,) of the parts that were seen."""
    raise NotImplementedError


def repeats(policy, t) -> int:
    """Policy, optional: for how many rounds the set that it chose is played, at least 1."""
    return 1


def learn_sum(policy, t, items, rounds, total) -> None:
    """Policy, optional: update the state by the sum of the rewards of several rounds; called in place of `learn`."""


REGRET, ALPHA, OFFLINE, VIOLATIONS = range(4)


def rounds(env, policy, channel, start, end, contexts, coins, totals):
    """Play rounds start .. end - 1."""
    room, t = env.room, start
    block, worth = room.block, room.worth
    while t < end:
        if block[DONE] == block[LENGTH]:
            begin(env, policy, t, coins, totals)
        items, earned = room.items[: block[SIZE]], worth[EARNED]
        length = min(block[LENGTH] - block[DONE], end - t)
        worth[EARNED] = pull(env, t, length, items, worth[EXPECTED], earned)
        block[DONE] += length
        score(env, items, totals)
        seen = block[SEEN] if block[LENGTH] == 1 else 0  # what a single round of several shows is nobody's
        parts, values = room.parts[:seen], room.values[:seen]
        if block[LENGTH] == 1:
            hear(channel, env, policy, t, items, worth[EARNED], parts, values)
        elif block[DONE] == block[LENGTH]:
            learn_sum(policy, t, items, block[LENGTH], worth[EARNED])
        round = Round(t, length, room.items.shape[0], items, worth[EARNED] - earned, parts, values)
        t += length
        measure(env, policy, round, t == end, totals)


def begin(env, policy, t, coins, totals):
    """Let the policy choose a set, and check it."""
    room = env.room
    block, worth = room.block, room.worth
    block[SIZE] = choose(policy, t, room.items, coins)
    block[LENGTH] = repeats(policy, t)
    block[DONE] = block[SEEN] = 0
    items = room.items[: block[SIZE]]
    if not contains(env, items):
        raise ValueError("the policy chose what is no set of the family")
    if block[LENGTH] < 1:
        raise ValueError("the policy chose a set for less than one round")
    worth[EXPECTED], worth[EARNED] = value(env, items), 0.0
    for m in range(room.before.shape[0]):
        room.before[m] = totals[m]


def score(env, items, totals):
    """Set the running totals to what they were when the set was chosen, and what its rounds have added."""
    room = env.room  # adding up stretches of a set would depend on where they are cut
    done, expected = room.block[DONE], room.worth[EXPECTED]
    for metric in range(env.benchmarks.shape[0]):
        totals[metric] = room.before[metric] + done * (env.benchmarks[metric] - expected)
    if overspends(env, items):
        totals[VIOLATIONS] = room.before[VIOLATIONS] + done


def hear(channel, env, policy, t, items, reward, parts, values):
    """Let the policy learn from its round."""
    learn(policy, t, items, reward, parts, values)


def send(channel, env, policy, t, items, reward, parts, values):
    """Stand for `hear` where there are wrappers."""
    carry(channel, env, policy, t, ((items,), (reward, parts, values)))


def receive(channel, env, policy, t, letter):
    """Let the policy learn from a letter."""
    learn(policy, t, letter[0][0], letter[1][0], letter[1][1], letter[1][2])


def which(what):
    """Return a number of the set in the first part of a letter, whatever its order."""
    number = 0
    for i in range(what[0].shape[0]):
        item = (what[0][i] + 1) * 2654435761 % 2147483647  # scattered, so that no two sums are likely to be the same
        number += item * item % 2147483629
    return number


def past(policy, state):
    """Say why a policy learns past letters."""
    return "learns from several rounds at once" if hasattr(policy, "repeats") else ""


def ask(policy, t, features, rng):
    """Ask the policy alone, in a user's own loop."""
    items = np.zeros(features.shape[0], np.int64)
    return items[: choose(policy, t, items, rng)]


def tell(policy, t, features, action, outcome):
    """Tell the policy alone, in a user's own loop."""
    reward, parts, values = outcome
    learn(policy, t, action, reward, parts, values)


def note(round, row):
    """Write what was played and seen: the items, the reward, and the value of each part; -1 where there is none."""
    n, size = round.count, round.items.shape[0]
    for i in range(n):
        row[i] = round.items[i] if i < size else -1
    row[n] = round.reward
    for part in range(row.shape[0] - n - 1):
        row[n + 1 + part] = -1.0
    for i in range(round.parts.shape[0]):
        row[n + 1 + round.parts[i]] = round.values[i]


def log(env, round, row):
    """Write for a trace all rounds of the set so far, since where they are cut is no part of what happened."""
    done, n, size = env.room.block[DONE], round.count, round.items.shape[0]
    row[0], row[1] = round.t + round.rounds - done, done
    for i in range(n):
        row[2 + i] = round.items[i] if i < size else -1
    row[2 + n] = env.room.worth[EARNED]
    for i in range(round.parts.shape[0]):
        row[3 + n + round.parts[i]] = round.values[i]


def read_outcome(value: Any, shape: dict[str, int]) -> tuple[float, np.ndarray, np.ndarray]:
    """Read what a user tells of a round: a reward, or (reward, {part: value, ...}), with values in [0, 1]."""
    parts = shape["parts"]
    try:
        reward, seen = (value, {}) if np.ndim(value) == 0 else value
        places, values = np.array([*seen], int), vector([*seen.values()], len(seen), "")
        if not ((places >= 0) & (places < parts)).all():
            raise ValueError
    except (TypeError, ValueError, AttributeError):
        text = " ".join(repr(value).split())
        raise ValueError(
            f"should be a reward, or (reward, {{part: value}}) of parts in 0 .. {parts - 1}; got {text}"
        ) from None
    for place, found in zip(places, values, strict=True):
        if not 0.0 <= found <= 1.0:
            raise ValueError(f"values should be in [0, 1], got {found:g} of part {place}")
    return number(reward, shape), places, values


def lengths(env: Any) -> tuple[int, ...]:
    """Return the numbers of items, of their features, and of the parts that may be seen."""
    return (*env.features.shape, len(env.room.parts))


GAME = Game(
    name="combinatorial",
    summary="play a set of items, see one number, or what each of its parts was worth",
    rounds=rounds,
    ask=ask,
    tell=tell,
    note=note,
    columns=lambda shape: Columns(
        actions=(Column("rounds"), Column("items", int, shape["items"])),
        rewards=(Column("reward", float), Column("values", float, shape["parts"], sparse=True)),
    ),
    log=log,
    outcome=read_outcome,
    environment_verbs=(contains, value, pull, draw_set),
    policy_verbs=(choose, learn),
    metrics=(
        Metric("regret", "Regret", signed=True),
        Metric("alpha-regret", "Regret to alpha times the optimum", signed=True),
        Metric("offline-regret", "Regret to the offline algorithm", signed=True),
        Metric("violations", "Rounds over the budget"),
    ),
    environment_options=(overspends, maximise),
    policy_options=(repeats, learn_sum),
    axes={"items": 1, "dim": 0, "parts": 0},
    lengths=lengths,
    shown_axes=("items", "dim"),
    action=ItemList(),
    still=True,
    noted=lambda shape: 1 + shape["items"] + shape["parts"],
    assumed={},
    letters=Letters(
        hear=hear,
        send=send,
        receive=receive,
        what=(Item(int, lambda shape: (shape["items"],)),),
        outcome=(
            Item(float),
            Item(int, lambda shape: (shape["parts"],)),
            Item(float, lambda shape: (shape["parts"],), 0.0, 1.0),
        ),
        which=which,
        past=past,
    ),
)
