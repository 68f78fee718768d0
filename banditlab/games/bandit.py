"""The bandit game: see features or none, play an arm, see its reward.

A round t = 0, 1, ... of a pair (environment, policy):

1. the environment shows `features`, one row an arm, shape (K, d); d = 0 where there is no context;
2. the policy chooses an arm in 0 .. K-1;
3. the environment answers with a reward;
4. the policy learns from it;
5. the environment adds to the regrets, from its true means.

The functions below without a body are the verbs: the environment's are `observe`, `pull`, `regret`; the policy's are
`choose` and `learn`. They are bound to a pair by `banditlab.fuse`.

For pure exploration there are optional verbs: a policy's `recommend` names an arm, which is scored at the record points
by the environment's `shortfall`; once its `stop` is true nothing more is played, and the rounds until then are its
sample complexity.

For logged data there are two more: a policy's `probability` says how likely its choice was, which a log keeps; and an
environment that knows the outcomes of some rounds only says by `heard` how many these are so far. The policy hears of
no others, and its own clock stands still in them.
"""

from __future__ import annotations

from typing import NamedTuple

from banditlab.fuse import kernel
from banditlab.games.game import Column, Columns, Game, Metric, measure, number
from banditlab.games.letters import Item, Letters, carry
from banditlab.types import Matrix


class Round(NamedTuple):
    """What happened in a round, as metrics see it."""

    t: int  #: 0, 1, ...
    features: Matrix  #: (K, d)
    arm: int
    reward: float  #: NaN where it is not known


def observe(env, t, rng) -> Matrix:
    """Environment: draw the features of round t, shape (K, d), from the stream of contexts."""
    raise NotImplementedError


def pull(env, t, features, arm) -> float:
    """Environment: the reward of an arm in round t."""
    raise NotImplementedError


def regret(env, t, features, arm, reward, totals) -> None:
    """Environment: add to the running totals of its metrics, in the order REGRET, REALISED, STATIC."""
    raise NotImplementedError


def choose(policy, t, features, rng) -> int:
    """Policy: an arm, given the features and the policy's own stream."""
    raise NotImplementedError


def learn(policy, t, features, arm, reward) -> None:
    """Policy: update the state."""
    raise NotImplementedError


def recommend(policy, t) -> int:
    """Policy, optional: the arm that it takes for the best after t rounds, or after those that it played."""
    return -1


def stop(policy, t) -> bool:
    """Policy, optional: whether it has seen enough after t rounds; once true it stays so."""
    return False


def probability(policy, t, features, arm) -> float:
    """Policy, optional: with which probability it chose that arm in round t, asked before it learns the outcome."""
    raise NotImplementedError


def shortfall(env, t, arm) -> float:
    """Environment, optional: by how much the mean of an arm is below the best arm's, after t rounds."""
    return 0.0


def heard(env, t) -> int:
    """Environment, optional: of how many of the first t rounds the outcome is known; the policy counts only these."""
    return t


REGRET, REALISED, STATIC, SIMPLE, ERROR, SAMPLES = range(6)
REPLAY, IPS, SNIPS, DOUBLY_ROBUST = range(6, 10)
REPLAY_SE, IPS_SE, SNIPS_SE, DOUBLY_ROBUST_SE, REPLAYED = range(10, 15)

#: Metrics of environments whose means stay.
PLAIN_METRICS = ("regret", "realised-regret", "simple-regret", "error-rate", "sample-complexity")


@kernel
def score(totals, gap, loss):
    """Add a round to the totals: gap >= 0 of the arm's mean to the best, and best mean minus realised reward."""
    totals[REGRET] += gap
    totals[REALISED] += loss


def rounds(env, policy, channel, start, end, contexts, coins, totals):
    """Play rounds start .. end - 1, or until the policy stops."""
    played = 0
    for t in range(start, end):
        now = heard(env, t)
        if stop(policy, now):
            break
        played += 1
        features = observe(env, t, contexts)
        arm = choose(policy, now, features, coins)
        if not 0 <= arm < features.shape[0]:
            raise IndexError("the policy chose an arm outside 0 .. K-1")
        reward = pull(env, t, features, arm)
        if heard(env, t + 1) > now:
            hear(channel, env, policy, now, features, arm, reward)
        regret(env, t, features, arm, reward, totals)
        measure(env, policy, Round(t, features, arm, reward), t + 1 == end, totals)
    totals[SAMPLES] += played


def conclude(env, policy, t, totals):
    """Score the arm that the policy recommends after t rounds."""
    arm = recommend(policy, heard(env, t))
    if arm >= 0:
        totals[SIMPLE] = shortfall(env, t, arm)
        totals[ERROR] = 1.0 if totals[SIMPLE] > 0.0 else 0.0


def hear(channel, env, policy, t, features, arm, reward):
    """Let the policy learn from its round."""
    learn(policy, t, features, arm, reward)


def send(channel, env, policy, t, features, arm, reward):
    """Stand for `hear` where there are wrappers."""
    carry(channel, env, policy, t, ((features, arm), (reward,)))


def receive(channel, env, policy, t, letter):
    """Let the policy learn from a letter."""
    learn(policy, t, letter[0][0], letter[0][1], letter[1][0])


def which(what):
    """Return the number of the action in the first part of a letter."""
    return what[1]


def ask(policy, t, features, rng):
    """Ask the policy alone, in a user's own loop."""
    return choose(policy, t, features, rng)


def tell(policy, t, features, action, outcome):
    """Tell the policy alone, in a user's own loop."""
    learn(policy, t, features, action, outcome)


def note(round, row):
    """Write what was played and seen."""
    row[0] = round.arm
    row[1] = round.reward


#: Estimates of the value of a policy from logged data: in this order the metrics from REPLAY, and from REPLAY_SE.
VALUES = (
    ("replay-value", "by replay"),
    ("ips", "by inverse propensities"),
    ("snips", "by self-normalised ones"),
    ("doubly-robust", "doubly robust"),
)

GAME = Game(
    name="bandit",
    summary="see features or none, play an arm, see its reward",
    rounds=rounds,
    ask=ask,
    tell=tell,
    note=note,
    columns=lambda shape: Columns(actions=(Column("arm"),), rewards=(Column("reward", float),)),
    outcome=number,
    environment_verbs=(observe, pull, regret),
    policy_verbs=(choose, learn),
    metrics=(
        Metric("regret", "Regret"),
        Metric("realised-regret", "Realised regret", signed=True),
        Metric("static-regret", "Regret to the best fixed arm", signed=True),
        Metric("simple-regret", "Simple regret", cumulative=False, early=True, of=("recommend", "shortfall")),
        Metric("error-rate", "Error rate", cumulative=False, early=True, of=("recommend", "shortfall")),
        Metric("sample-complexity", "Sample complexity", cumulative=False, early=True, of=("stop",)),
        *(
            Metric(name, f"Mean reward, {label}", signed=True, cumulative=False, of=("heard",))
            for name, label in VALUES
        ),
        *(
            Metric(f"{name}-se", f"Its standard error, {label}", cumulative=False, of=("heard",))
            for name, label in VALUES
        ),
        Metric("replayed", "Rounds replayed", of=("heard",)),
    ),
    environment_options=(shortfall, heard),
    policy_options=(recommend, stop, probability),
    conclude=conclude,
    letters=Letters(
        hear=hear,
        send=send,
        receive=receive,
        what=(Item(float, lambda shape: (shape["arms"], shape["dim"])), Item(int)),
        outcome=(Item(float),),
        which=which,
    ),
)
