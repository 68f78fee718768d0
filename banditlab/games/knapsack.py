"""The knapsack game: play an arm or the void action, see its reward, and what budgets pay or get for it.

A round t = 0, 1, ... of a pair (environment, policy):

1. the environment shows the budgets that are left, of m resources;
2. where one of them is below 1 the void action 0 is played, and the policy has no part in the round; else it chooses an
   action in 0 .. A-1;
3. the environment answers with a reward in [0, 1] and costs in [-1, 1]^m, of which negative ones replenish; under full
   feedback with those of all actions;
4. the policy learns from it, and the budgets pay the costs.

No budget falls below zero, but for rounding: a cost is at most 1, and that of the void action at most 0. Classic
bandits with knapsacks end when a budget is exhausted; here they go on with the void action, which earns nothing.

The benchmark of a round is the value of a linear program, max f'x over mixtures x of the actions with c'x <= B / T: of
the means where rounds are drawn alike, of the means over all T rounds where they are chosen by an adversary. `regret`
is to it, `alpha-regret` to alpha times it, alpha = nu / (1 + beta) with nu = B / T + beta, for a void action that adds
at least beta to each budget; `ratio` is the reward over it,
and 1 where that is 0.

The functions below without a body are the verbs: the environment's are `observe`, `pull`, `score`; the policy's are
`choose` and `learn`, and under full feedback `sees_all` and `learn_all`. They are bound to a pair by `banditlab.fuse`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.games.game import Column, Columns, Game, Metric, measure, vector
from banditlab.games.letters import Item, Letters, carry
from banditlab.types import Matrix, Vector


class Round(NamedTuple):
    """What happened in a round, as metrics see it."""

    t: int  #: 0, 1, ...
    arm: int
    forced: bool  #: whether the void action was played because a budget was below 1
    reward: float
    rewards: Vector  #: (A,), of which those that the policy did not see are of earlier rounds
    costs: Matrix  #: (A, m), likewise
    full: bool  #: whether the policy saw those of all actions


def observe(env, t, rng) -> Vector:
    """Environment: the budgets that are left at the start of round t, (m,)."""
    raise NotImplementedError


def pull(env, t, arm) -> float:
    """Environment: the reward of an arm in round t; its costs are written into its row of `env.costs` (A, m)."""
    raise NotImplementedError


def score(env, t, arm, reward, totals) -> None:
    """Environment: add to the running totals of its metrics, in the order of this module's constants."""
    raise NotImplementedError


def choose(policy, t, budgets, rng) -> int:
    """Policy: an action, given the budgets (m,) and the policy's own stream."""
    raise NotImplementedError


def learn(policy, t, arm, reward, costs) -> None:
    """Policy: update the state by the reward and the costs (m,) of the action."""
    raise NotImplementedError


def sees_all(policy) -> bool:
    """Policy, optional: whether it learns from all actions of a round; then `learn_all` is called, and not `learn`."""
    return False


def learn_all(policy, t, arm, rewards, costs) -> None:
    """Policy, optional: update the state by rewards (A,) and costs (A, m) of all actions."""


REGRET, ALPHA, REWARD, RATIO, FORCED, LOWEST, FIRST = range(7)
SINGLE = 4  #: resources whose budgets have a metric each
SHARED_METRICS = ("regret", "alpha-regret", "reward", "ratio", "forced", "lowest-budget")


def metrics_of(resources: int) -> tuple[str, ...]:
    """Return the metrics that an environment with so many resources keeps."""
    return (*SHARED_METRICS, *(f"budget-{i}" for i in range(1, min(resources, SINGLE) + 1)))


ROUNDING = 1e-9  #: what sums of costs may be off


@kernel
def lacks(budgets):
    """Return whether a budget (m,) is below 1, by more than rounding, so that the void action must be played."""
    lowest = budgets[0]
    for i in range(1, budgets.shape[0]):
        lowest = min(lowest, budgets[i])
    return lowest < 1.0 - ROUNDING


def rounds(env, policy, channel, start, end, contexts, coins, totals):
    """Play rounds start .. end - 1."""
    for t in range(start, end):
        budgets = observe(env, t, contexts)
        forced, full = lacks(budgets), sees_all(policy)
        arm = 0 if forced else choose(policy, t, budgets, coins)
        if not 0 <= arm < env.costs.shape[0]:
            raise IndexError("the policy chose an action outside 0 .. A-1")
        reward = pull(env, t, arm)
        env.rewards[arm] = reward
        if forced:
            totals[FORCED] += 1.0
        elif full:
            reveal(env, t, arm)
            learn_all(policy, t, arm, env.rewards, env.costs)
        else:
            hear(channel, env, policy, t, arm, reward, env.costs[arm])
        pay(budgets, env.costs[arm])
        score(env, t, arm, reward, totals)
        round = Round(t, arm, forced, reward, env.rewards, env.costs, full and not forced)
        measure(env, policy, round, t + 1 == end, totals)


def reveal(env, t, arm):
    """Write rewards and costs of all other actions of round t."""
    for k in range(env.rewards.shape[0]):
        if k != arm:
            env.rewards[k] = pull(env, t, k)


@kernel
def pay(budgets, costs):
    """Subtract costs (m,) from budgets (m,)."""
    for i in range(budgets.shape[0]):
        budgets[i] -= costs[i]


def hear(channel, env, policy, t, arm, reward, costs):
    """Let the policy learn from its round."""
    learn(policy, t, arm, reward, costs)


def send(channel, env, policy, t, arm, reward, costs):
    """Stand for `hear` where there are wrappers."""
    carry(channel, env, policy, t, ((arm,), (reward, costs)))


def receive(channel, env, policy, t, letter):
    """Let the policy learn from a letter."""
    learn(policy, t, letter[0][0], letter[1][0], letter[1][1])


def which(what):
    """Return the number of the action in the first part of a letter."""
    return what[0]


def past(policy, state):
    """Say why a policy in that state learns past letters."""
    full = hasattr(policy, "sees_all") and policy.sees_all(state)
    return "learns from all actions of a round" if full else ""


def ask(policy, t, features, rng):
    """Ask the policy alone, in a user's own loop."""
    return 0 if lacks(features) else choose(policy, t, features, rng)


def tell(policy, t, features, action, outcome):
    """Tell the policy alone, in a user's own loop."""
    rewards, costs = outcome
    if lacks(features):
        return
    if not sees_all(policy):
        at = action if rewards.shape[0] > 1 else 0
        learn(policy, t, action, rewards[at], costs[at])
    elif rewards.shape[0] > 1:
        learn_all(policy, t, action, rewards, costs)
    else:
        raise ValueError("this policy learns from rewards and costs of all actions, and was told those of one")


def note(round, row):
    """Write what was played and seen."""
    row[0] = round.arm
    m = round.costs.shape[1]
    if not round.full:
        row[1] = round.reward
        for i in range(m):
            row[2 + i] = round.costs[round.arm, i]
        return
    arms = round.rewards.shape[0]
    for k in range(arms):
        row[1 + k] = round.rewards[k]
        for i in range(m):
            row[1 + arms + k * m + i] = round.costs[k, i]


def log(env, round, row):
    """Write a round for a trace: what came of the action that was played, whatever else the policy saw."""
    row[0], row[1], row[2], row[3] = round.t, round.arm, 1.0 if round.forced else 0.0, round.reward
    for i in range(round.costs.shape[1]):
        row[4 + i] = round.costs[round.arm, i]


class Outside(NamedTuple):
    """Rewards or costs of which some are not as the game has them."""

    what: str  #: "rewards" or "costs"
    allowed: str  #: the range
    values: np.ndarray
    inside: np.ndarray  #: which are in the range

    @property
    def spread(self) -> str:
        """The least and the largest value."""
        return f"{self.values.min():g} .. {self.values.max():g}"


def outside(rewards: np.ndarray, costs: np.ndarray) -> Outside | None:
    """Return the rewards, else the costs, where not all of them are in their range; arrays of any shape."""
    for what, values, low in (("rewards", rewards, 0), ("costs", costs, -1)):
        inside = (values >= low) & (values <= 1)
        if not inside.all():
            return Outside(what, f"[{low}, 1]", values, inside)
    return None


def read_outcome(value: Any, shape: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Read what a user tells of a round: (reward, costs) of the action, or (rewards, costs) of all."""
    arms, resources = shape["arms"], shape["resources"]
    wanted = f"(reward, costs), with {resources} costs; or those of all {arms} actions, ({arms},) and {arms, resources}"
    try:
        reward, costs = value
        size = np.size(reward)
        if size not in (1, arms):
            raise ValueError
        found = vector(np.ravel(reward), size, ""), vector(np.ravel(costs), size * resources, "")
    except (TypeError, ValueError):
        raise ValueError(f"should be {wanted}; got {' '.join(repr(value).split())}") from None
    rewards, costs = found
    if wrong := outside(rewards, costs):
        raise ValueError(f"{wrong.what}: in {wrong.allowed}, got {wrong.spread}")
    return rewards, costs.reshape(size, resources)


def broken(actions: np.ndarray, outcomes: np.ndarray, shown: np.ndarray) -> str:
    """Say which rule of the game a run breaks, in which the policy saw what it played."""
    rewards, costs = outcomes[:, 0], outcomes[:, 1:]
    if wrong := outside(rewards, costs):
        return f"{wrong.what} are in {wrong.allowed}, got {wrong.spread}"
    void = costs[actions[:, 0] == 0]
    if void.size and void.max() > 0.0:
        return f"costs of the void action are at most 0, got {void.max():g}"
    return f"budgets are at least 0, got {shown.min():g}" if shown.min() < -ROUNDING else ""


def lengths(env: Any) -> tuple[int, ...]:
    """Return the numbers of actions and of resources."""
    return env.costs.shape


GAME = Game(
    name="knapsack",
    summary="play an arm or the void action, see its reward, and what budgets pay or get for it",
    rounds=rounds,
    ask=ask,
    tell=tell,
    note=note,
    columns=lambda shape: Columns(
        actions=(Column("arm"), Column("forced", bool)),
        rewards=(Column("reward", float), Column("costs", float, shape["resources"])),
    ),
    log=log,
    outcome=read_outcome,
    environment_verbs=(observe, pull, score),
    policy_verbs=(choose, learn),
    metrics=(
        Metric("regret", "Regret to the linear program", signed=True),
        Metric("alpha-regret", "Regret to alpha times the linear program", signed=True),
        Metric("reward", "Reward", better="higher"),
        Metric("ratio", "Reward as a share of the linear program's", cumulative=False, better="higher"),
        Metric("forced", "Rounds in which the void action was forced", better=None),
        Metric("lowest-budget", "Lowest budget", cumulative=False, better=None),
        *(
            Metric(f"budget-{i}", f"Budget of resource {i}", cumulative=False, better=None)
            for i in range(1, SINGLE + 1)
        ),
    ),
    policy_options=(sees_all, learn_all),
    axes={"arms": 2, "resources": 1},
    lengths=lengths,
    shown="budgets",
    shown_axes=("resources",),
    follows=True,
    skips=lacks,
    broken=broken,
    yields=True,
    noted=lambda shape: 1 + shape["arms"] * (1 + shape["resources"]),
    letters=Letters(
        hear=hear,
        send=send,
        receive=receive,
        what=(Item(int),),
        outcome=(Item(float, low=0.0, high=1.0), Item(float, lambda shape: (shape["resources"],), -1.0, 1.0)),
        which=which,
        past=past,
    ),
)
